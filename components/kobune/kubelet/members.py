"""The nodes of this process: what each is called, and where it and its pods are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from kobune.component_base.failure import CannotStart

MOST_PODS = 110


@dataclass(frozen=True)
class Member:
    """One node of ours."""

    name: str
    ip: str
    pod_cidr: str
    """Where the addresses of its pods are from."""
    uid: str = ""
    """Once it is registered."""

    def registered(self, uid: str, pod_cidr: str) -> "Member":
        """Return the node as the API has it: a range that it was given stays its own."""
        return replace(self, uid=uid, pod_cidr=pod_cidr or self.pod_cidr)

    @property
    def pods(self) -> int:
        """How many pods it takes: as many as it has addresses for, and no more than is usual."""
        return min(MOST_PODS, max(IPv4Network(self.pod_cidr).num_addresses - 2, 1))


def members(count: int, *, prefix: str, node_network: str, pod_network: str, pod_prefix: int) -> Iterator[Member]:
    """Return `count` nodes, `node-1` and on; the i-th has the i-th address and the i-th range for its pods."""
    try:
        nodes, pods = IPv4Network(node_network), IPv4Network(pod_network)
    except ValueError as error:
        raise CannotStart(f"kubelet: {error}") from None
    if not pods.prefixlen <= pod_prefix <= 30:
        raise CannotStart(f"kubelet: {pods} has no ranges of /{pod_prefix} for pods")
    ranges = 1 << (pod_prefix - pods.prefixlen)
    if count > ranges or count > nodes.num_addresses - 2:
        raise CannotStart(f"kubelet: {nodes} and {ranges} ranges of {pods} are not enough for {count} nodes")
    size = 1 << (32 - pod_prefix)
    for number in range(1, count + 1):
        first = pods.network_address + number % ranges * size
        yield Member(f"{prefix}{number}", str(nodes.network_address + number), f"{first}/{pod_prefix}")
