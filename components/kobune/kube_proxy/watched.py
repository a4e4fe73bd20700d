"""The little that a proxy keeps of pods and nodes: a cluster may have very many of them."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from kobune.api.core.v1 import Node
from kobune.api.meta.v1 import ObjectMeta, PartialObjectMetadata

PORT_MAP = "kobune.dev/port-map"
"""The annotation by which a kubelet says that ports answer elsewhere: `80=34080,443=34443`."""
ZONE = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class PodPorts:
    """A pod, and where those of its ports answer that are not where they should be."""

    metadata: ObjectMeta
    """Nothing but what identifies it."""
    ports: dict[int, int] | None


@dataclass(frozen=True, slots=True)
class NodeAddresses:
    """A node, where it can be reached, and where it and its pods are."""

    metadata: ObjectMeta
    """Nothing but what identifies it."""
    addresses: tuple[str, ...]
    zone: str = ""
    pod_networks: tuple[str, ...] = ()


def pod_ports(data: bytes) -> PodPorts:
    """Return what is kept of a pod."""
    meta = PartialObjectMetadata.FromString(data).metadata
    text = meta.annotations.get(PORT_MAP, "")
    return PodPorts(identity(meta), parse_port_map(text) if text else None)


def node_addresses(data: bytes) -> NodeAddresses:
    """Return what is kept of a node."""
    node = Node.FromString(data)
    found = [address.address for address in node.status.addresses if address.type in ("InternalIP", "ExternalIP")]
    return NodeAddresses(
        identity(node.metadata),
        tuple(sorted({address for address in found if is_ipv4(address)})),
        node.metadata.labels.get(ZONE, ""),
        tuple(node.spec.podCIDRs) or ((node.spec.podCIDR,) if node.spec.podCIDR else ()),
    )


def identity(meta: ObjectMeta) -> ObjectMeta:
    """Return what an informer needs of an object, and its annotations if a bookmark speaks through them."""
    small = ObjectMeta(
        namespace=meta.namespace or None, name=meta.name, uid=meta.uid, resourceVersion=meta.resourceVersion
    )
    if not meta.name:
        small.annotations.update(meta.annotations)
    return small


def parse_port_map(text: str) -> dict[int, int]:
    """Return the ports of an annotation; what makes no sense in it is left out."""
    pairs = (part.partition("=") for part in text.split(","))
    return {int(port): int(there) for port, _, there in pairs if port.strip().isdecimal() and there.strip().isdecimal()}


def is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
