"""From ResourceSlices to devices: which pools there are, whether all of each is known, and what a node can reach."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kobune.api.core.v1 import Node, NodeSelector
from kobune.api.resource.v1 import Device, DeviceAttribute, ResourceSlice
from kobune.apimachinery import node_selectors

NOT_SUPPORTED: Final = {
    "consumesCounters": "devices that consume counters are not supported",
    "allowMultipleAllocations": "devices that allow multiple allocations are not supported",
    "bindingConditions": "devices with binding conditions are not supported",
    "nodeAllocatableResourceMappings": "devices that take of the node's own resources are not supported",
}
"""What of a device has to be honoured by whoever gives it away, and is not here: such devices are left alone."""


class Id(NamedTuple):
    """What tells a device from all others."""

    driver: str
    pool: str
    device: str


class PoolId(NamedTuple):
    """What tells a pool from all others."""

    driver: str
    name: str


@dataclass(frozen=True, eq=False)
class Offered:
    """A device, and where it can be used."""

    id: Id
    device: Device
    node_name: str
    """The only node that can use it; empty if others can, too."""
    selector: NodeSelector | None
    """Which nodes can use it, if neither one nor all."""
    unsupported: str
    """Why it is given to nobody."""
    verdicts: dict[str, bool | str] = field(default_factory=dict)
    """By expression: whether it selects the device, or why it cannot be evaluated."""

    def is_near(self, node: Node) -> bool:
        """Whether a node can use it."""
        if self.node_name:
            return self.node_name == node.metadata.name
        if self.selector is None:
            return True
        meta = node.metadata
        return node_selectors.matches_any(self.selector.nodeSelectorTerms, meta.name, meta.labels)

    def attribute(self, name: str) -> DeviceAttribute | None:
        """Return an attribute by its full name, `domain/name`."""
        attributes = self.device.attributes
        if name in attributes:
            return attributes[name]
        domain, _, short = name.rpartition("/")
        return attributes[short] if domain == self.id.driver and short in attributes else None


@dataclass(frozen=True, eq=False)
class Pool:
    """The devices of one pool, of its newest generation."""

    id: PoolId
    devices: Sequence[Offered]
    is_complete: bool
    """Whether all of its slices are known."""
    is_valid: bool
    """Whether each name is that of one device."""
    local_to: str
    """The only node that can use any of it; empty if others can, too."""


def pool_of(id: PoolId, slices: Iterable[ResourceSlice]) -> Pool:
    """Return what the slices of one pool say together: those of an older generation say nothing."""
    known = list(slices)
    newest = max(item.spec.pool.generation for item in known)
    current = sorted(
        (item for item in known if item.spec.pool.generation == newest), key=lambda item: item.metadata.name
    )
    devices = [_offered(item, device) for item in current for device in item.spec.devices]
    names = Counter(offered.id.device for offered in devices)
    nodes = {offered.node_name for offered in devices}
    return Pool(
        id,
        devices,
        is_complete=all(item.spec.pool.resourceSliceCount == len(current) for item in current),
        is_valid=all(count == 1 for count in names.values()),
        local_to=nodes.pop() if len(nodes) == 1 else "",
    )


def _offered(item: ResourceSlice, device: Device) -> Offered:
    place = device if item.spec.perDeviceNodeSelection else item.spec
    unsupported = next((why for name, why in NOT_SUPPORTED.items() if _has(device, name)), "")
    return Offered(
        Id(item.spec.driver, item.spec.pool.name, device.name),
        device,
        place.nodeName,
        None if place.allNodes or place.nodeName else place.nodeSelector,
        unsupported,
    )


def _has(device: Device, name: str) -> bool:
    return bool(getattr(device, name))
