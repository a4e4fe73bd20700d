"""Which devices the claims of a pod get on a node: a search, which takes the first that fit, in order.

Pools go by driver and name, slices by name, devices as they are listed; of the alternatives of a request the first that
leaves something for all others. So the same claims get the same devices, whoever asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kobune.api.core.v1 import Node
from kobune.api.resource.v1 import DeviceAttribute
from kobune.apimachinery.tolerations import tolerates
from kobune.scheduler.devices.demand import MOST_DEVICES, Constraint, Demand, Impossible, Wish
from kobune.scheduler.devices.inventory import Inventory
from kobune.scheduler.devices.pools import Id, Offered
from kobune.scheduler.devices.selecting import selects

STEPS: Final = 10_000
"""After so many attempts on one node the search is given up."""
IMPOSSIBLE: Final = "cannot allocate all claims"
TOO_LONG: Final = "timed out trying to allocate devices"


class Given(NamedTuple):
    """A device for a wish."""

    wish: Wish
    offered: Offered


@dataclass(frozen=True)
class Failure:
    """No devices, and why."""

    reasons: tuple[str, ...]


def allocate(demands: Sequence[Demand], inventory: Inventory, node: Node) -> Sequence[Sequence[Given]] | Failure:
    """Return which devices each claim gets on a node."""
    search = _Search(demands, inventory, node)
    try:
        if not search.find():
            return Failure((IMPOSSIBLE, *sorted(search.unsupported)))
    except Impossible as error:
        return Failure((str(error),))
    except RecursionError:
        return Failure((TOO_LONG,))
    return search.given


class _Search:
    """One search. Whatever it has given so far is at the end of `given`, and is taken back on the way back."""

    def __init__(self, demands: Sequence[Demand], inventory: Inventory, node: Node) -> None:
        self._inventory = inventory
        self._pools = [
            (pool, [offered for offered in pool.devices if offered.is_near(node)]) for pool in inventory.near(node)
        ]
        self._usable = [
            offered for pool, devices in self._pools if pool.is_complete and pool.is_valid for offered in devices
        ]
        self._todo = [(at, wishes) for at, demand in enumerate(demands) for wishes in demand.requests]
        self._demands = demands
        self._used: set[Id] = set()
        """Devices that are given to somebody who needs them alone."""
        self._steps = 0
        self.given: list[list[Given]] = [[] for _ in demands]
        self.unsupported: set[str] = set()
        """Why devices that would have done were left alone."""

    def find(self, at: int = 0) -> bool:
        """Whether there is something for every request from one on."""
        if at == len(self._todo):
            return True
        claim, wishes = self._todo[at]
        for wish in wishes:
            near = self._near(claim, wish)
            if wish.count is None:
                wanted = [offered for offered in near if self._suits(claim, wish, offered)]
                if wanted and self._give_all(claim, wish, wanted, lambda: self.find(at + 1)):
                    return True
            elif self._give(claim, wish, near, 0, wish.count, lambda: self.find(at + 1)):
                return True
        return False

    def _give(
        self, claim: int, wish: Wish, candidates: Sequence[Offered], start: int, count: int, then: Callable[[], bool]
    ) -> bool:
        """Whether so many of the candidates can be given that the rest works out, too."""
        if not count:
            return then()
        for index in range(start, len(candidates) - count + 1):
            # What comes later is not even looked at: an expression that fails there does no harm.
            if not self._suits(claim, wish, candidates[index]) or not self._take(claim, Given(wish, candidates[index])):
                continue
            if self._give(claim, wish, candidates, index + 1, count - 1, then):
                return True
            self._put_back(claim)
        return False

    def _give_all(self, claim: int, wish: Wish, candidates: Sequence[Offered], then: Callable[[], bool]) -> bool:
        taken = 0
        for offered in candidates:
            if not self._take(claim, Given(wish, offered)):
                break
            taken += 1
        if taken == len(candidates) and then():
            return True
        for _ in range(taken):
            self._put_back(claim)
        return False

    def _take(self, claim: int, one: Given) -> bool:
        """Give a device, if it is free and fits those that the claim has."""
        self._steps += 1
        if self._steps > STEPS:
            raise Impossible(TOO_LONG)
        id, mine = one.offered.id, self.given[claim]
        if len(mine) >= MOST_DEVICES or any(other.offered.id == id for other in mine):
            return False
        if not one.wish.is_admin and (id in self._used or self._inventory.is_taken(id)):
            return False
        if not all(_holds(constraint, one, mine) for constraint in self._demands[claim].constraints):
            return False
        mine.append(one)
        if not one.wish.is_admin:
            self._used.add(id)
        return True

    def _put_back(self, claim: int) -> None:
        one = self.given[claim].pop()
        if not one.wish.is_admin:
            self._used.remove(one.offered.id)

    def _near(self, claim: int, wish: Wish) -> Sequence[Offered]:
        """Return the devices that the node can use, of pools that can be relied on."""
        if wish.count is not None:
            return self._usable
        for pool, devices in self._pools:
            if devices and not (pool.is_complete and pool.is_valid):
                state = "currently invalid" if pool.is_complete else "currently being updated"
                why = f"asks for all devices, but resource pool {pool.id.driver}/{pool.id.name} is {state}"
                raise Impossible(f"claim {self._demands[claim].key}, request {wish.name}: {why}")
        return self._usable

    def _suits(self, claim: int, wish: Wish, offered: Offered) -> bool:
        """Whether a device is what a wish is about, taken or not."""
        if not _selected(offered, wish) or not _is_tolerated(offered, wish):
            return False
        if offered.unsupported:
            self.unsupported.add(offered.unsupported)
            if wish.count is None:
                raise Impossible(f"claim {self._demands[claim].key}, request {wish.name}: {offered.unsupported}")
            return False
        return True


def _selected(offered: Offered, wish: Wish) -> bool:
    for selector in wish.selectors:
        verdict = selects(selector.expression, offered)
        if isinstance(verdict, str):
            raise Impossible(f"{selector.where}: {verdict}")
        if not verdict:
            return False
    return True


def _is_tolerated(offered: Offered, wish: Wish) -> bool:
    tolerations: Any = wish.tolerations  # of the same fields as those of pods
    return all(
        taint.effect not in ("NoSchedule", "NoExecute") or tolerates(tolerations, taint.key, taint.value, taint.effect)
        for taint in offered.device.taints
    )


def _holds(constraint: Constraint, one: Given, others: Sequence[Given]) -> bool:
    """Whether a constraint still holds with one more device."""
    if not constraint.concerns(one.wish):
        return True
    value = _value(one.offered.attribute(constraint.attribute))
    if value is None:
        return False
    values = (
        _value(other.offered.attribute(constraint.attribute)) for other in others if constraint.concerns(other.wish)
    )
    if constraint.is_distinct:
        return all(value != other for other in values)
    return all(value == other for other in values)


def _value(attribute: DeviceAttribute | None) -> tuple[str, Any] | None:
    """Return what is compared: the value with its type. Lists are not compared."""
    for name in ("int", "bool", "string", "version") if attribute is not None else ():
        if attribute is not None and attribute.HasField(name):
            return name, getattr(attribute, name)
    return None
