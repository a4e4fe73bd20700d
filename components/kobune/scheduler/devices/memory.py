"""What nodes could give to claims like these, remembered as long as nothing changes that they can use.

Pods of one template have claims that ask for the same: only the node that the last one went to has to be looked at
again.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self, TypeAlias

from kobune.api.core.v1 import Node
from kobune.scheduler.devices.allocator import IMPOSSIBLE, Failure, Given, allocate
from kobune.scheduler.devices.demand import Demand
from kobune.scheduler.devices.inventory import Inventory
from kobune.scheduler.objects import Objects

KINDS: Final = 32
"""For how many kinds of claims it is remembered: those asked for last."""
Found: TypeAlias = Sequence[Sequence[Given]] | Failure


class _Known(NamedTuple):
    stamp: tuple[int, int]
    node: Node
    found: Found


class Memory:
    """Follows nothing itself: the inventory says whether what it knows still holds."""

    def __init__(self, objects: Objects) -> None:
        self._known: dict[bytes, dict[str, _Known]] = {}

    def changed(self, plural: str, old: Any, new: Any) -> None:
        """Nothing to do."""

    def copy(self, objects: Objects) -> Self:
        """Return one that remembers nothing."""
        return type(self)(objects)

    def of(self, demands: Sequence[Demand]) -> dict[str, _Known]:
        """Return what is known for claims like these, by node."""
        key = b"|".join(demand.signature for demand in demands)
        known = self._known.pop(key, {})
        if len(self._known) >= KINDS:
            del self._known[next(iter(self._known))]
        self._known[key] = known
        return known


def on_node(demands: Sequence[Demand], inventory: Inventory, known: dict[str, _Known], node: Node) -> Found:
    """Return what a node can give to claims, from what is known of it if that still holds."""
    name = node.metadata.name
    stamp = inventory.stamp(name)
    if (before := known.get(name)) is not None and before.stamp == stamp and before.node is node:
        return before.found
    found = allocate(demands, inventory, node)
    # Other failures name the claim, which is not the same for all.
    if not isinstance(found, Failure) or found.reasons[0] == IMPOSSIBLE:
        known[name] = _Known(stamp, node, found)
    return found
