"""What devices there are and which are taken: by claims as they are written, and by those that are being written.

A claim that a pod in flight was promised devices for counts as allocated until the claim itself says so, or the pod
has given them back. Several pods can share such a promise.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from kobune.api.core.v1 import Node
from kobune.api.resource.v1 import AllocationResult, ResourceClaim, ResourceSlice
from kobune.scheduler.devices.pools import Id, Pool, PoolId, pool_of
from kobune.scheduler.objects import Objects

CLAIMS: Final = "resourceclaims"
SLICES: Final = "resourceslices"
CLASSES: Final = "deviceclasses"


@dataclass
class Promise:
    """What pods in flight count on."""

    allocation: AllocationResult
    pods: dict[str, int] = field(default_factory=dict)
    """By uid: the version of the claim that says that it is reserved for the pod; 0 while none does."""


class Inventory:
    """Follows the slices and claims of a snapshot."""

    def __init__(self, objects: Objects) -> None:
        self._slices: dict[PoolId, dict[str, ResourceSlice]] = {}
        self._pools: dict[PoolId, Pool] = {}
        self._stale: set[PoolId] = set()
        """Pools whose slices have changed since they were put together."""
        self._local: dict[str, set[PoolId]] = {}
        """By node: the pools that no other node can use…"""
        self._shared: set[PoolId] = set()
        """…and all other pools."""
        self._promises: dict[str, Promise] = {}
        """By the uid of the claim, as the next two."""
        self._claims: dict[str, ResourceClaim] = {}
        self._held: dict[str, list[Id]] = {}
        self._taken: Counter[Id] = Counter()
        self._changes = 0
        """How often something changed that more than one node can use…"""
        self._changes_on: Counter[str] = Counter()
        """…and something that only one can, by its name."""
        for item in objects.list(SLICES):
            self.changed(SLICES, None, item)
        for claim in objects.list(CLAIMS):
            self.changed(CLAIMS, None, claim)

    # Following what happens.

    def changed(self, plural: str, old: Any, new: Any) -> None:
        """Take in that an object is new, changed or gone."""
        if plural == SLICES:
            for item, is_gone in ((old, True), (new, False)):
                if item is not None:
                    self._place(item, is_gone)
        elif plural == CLAIMS:
            if old is not None and (new is None or new.metadata.uid != old.metadata.uid):
                self._forget(old.metadata.uid)
            if new is not None:
                self._follow(new)

    def copy(self, objects: Objects) -> Self:
        """Return the same for a copy of the objects, to change."""
        copy = type(self)(Objects())
        copy._slices = {id: dict(slices) for id, slices in self._slices.items()}
        copy._pools, copy._stale = dict(self._pools), set(self._stale)
        copy._local = {node: set(pools) for node, pools in self._local.items()}
        copy._shared = set(self._shared)
        copy._promises = {uid: Promise(one.allocation, dict(one.pods)) for uid, one in self._promises.items()}
        copy._changes, copy._changes_on = self._changes, self._changes_on.copy()
        copy._claims, copy._held, copy._taken = dict(self._claims), dict(self._held), self._taken.copy()
        return copy

    def _place(self, item: ResourceSlice, is_gone: bool) -> None:
        id = PoolId(item.spec.driver, item.spec.pool.name)
        slices = self._slices.setdefault(id, {})
        if is_gone:
            slices.pop(item.metadata.name, None)
        else:
            slices[item.metadata.name] = item
        pool, node = self._pools.get(id), item.spec.nodeName
        if node and (pool is None or pool.local_to == node):
            self._changes_on[node] += 1
        else:
            self._changes += 1
        self._stale.add(id)

    def _follow(self, claim: ResourceClaim) -> None:
        uid = claim.metadata.uid
        self._claims[uid] = claim
        version = _version(claim)
        if (promise := self._promises.get(uid)) is not None:
            promise.pods = {pod: said for pod, said in promise.pods.items() if not said or said > version}
            if not promise.pods:
                del self._promises[uid]
        self._count(uid)

    def _forget(self, uid: str) -> None:
        self._promises.pop(uid, None)
        self._claims.pop(uid, None)
        self._count(uid)

    def _count(self, uid: str) -> None:
        promise, claim = self._promises.get(uid), self._claims.get(uid)
        allocation = promise.allocation if promise is not None else _written(claim)
        results = allocation.devices.results if allocation is not None else ()
        held = [Id(one.driver, one.pool, one.device) for one in results if not one.adminAccess]
        before = self._held.pop(uid, [])
        if held:
            self._held[uid] = held
        if held != before:
            self._taken.subtract(before)
            self._taken.update(held)
            for device in (*before, *held):
                self._note(device)

    def _note(self, device: Id) -> None:
        """Note that a device is taken or free, for whoever remembers what there was."""
        id = PoolId(device.driver, device.pool)
        pool = self._pools.get(id)
        if pool is None or id in self._stale or not pool.local_to:
            self._changes += 1
        else:
            self._changes_on[pool.local_to] += 1

    # What there is.

    def near(self, node: Node) -> Sequence[Pool]:
        """Return the pools that have something for a node, in order."""
        for id in self._stale:
            self._put_together(id)
        self._stale.clear()
        found = self._shared | self._local.get(node.metadata.name, set())
        return [self._pools[id] for id in sorted(found)]

    def stamp(self, node: str) -> tuple[int, int]:
        """Return what differs once something has changed that a node can use."""
        return self._changes, self._changes_on[node]

    def is_taken(self, device: Id) -> bool:
        """Whether somebody has a device, or is about to."""
        return self._taken[device] > 0

    def taken(self) -> Iterable[tuple[Id, int]]:
        """Return every device that somebody has, and how many do: more than one should not be."""
        return ((device, count) for device, count in self._taken.items() if count > 0)

    def _put_together(self, id: PoolId) -> None:
        known = self._pools.pop(id, None)
        if known is not None:
            self._shared.discard(id)
            self._local.get(known.local_to, set()).discard(id)
        if not (slices := self._slices.get(id)):
            self._slices.pop(id, None)
            return
        pool = self._pools[id] = pool_of(id, slices.values())
        (self._local.setdefault(pool.local_to, set()) if pool.local_to else self._shared).add(id)

    # What pods in flight count on.

    def allocation_of(self, claim: ResourceClaim) -> AllocationResult | None:
        """Return which devices a claim has, or is about to have."""
        if (promise := self._promises.get(claim.metadata.uid)) is not None:
            return promise.allocation
        return _written(claim)

    def users_of(self, claim: ResourceClaim) -> frozenset[str]:
        """Return the uids of those that a claim is reserved for, or is about to be."""
        users = frozenset(user.uid for user in claim.status.reservedFor)
        promise = self._promises.get(claim.metadata.uid)
        return users if promise is None else users | promise.pods.keys()

    def promise(self, claim: ResourceClaim, allocation: AllocationResult, pod: str) -> None:
        """Let a pod count on devices."""
        uid = claim.metadata.uid
        self._promises.setdefault(uid, Promise(allocation)).pods.setdefault(pod, 0)
        self._count(uid)

    def written(self, claim: ResourceClaim, pod: str) -> None:
        """Note that a claim, as it was written, says that it is reserved for a pod."""
        promise = self._promises.get(claim.metadata.uid)
        if promise is not None and pod in promise.pods:
            promise.pods[pod] = _version(claim)
            if (known := self._claims.get(claim.metadata.uid)) is not None and _version(known) >= _version(claim):
                self._follow(known)  # what was written has come back already

    def give_back(self, claim: ResourceClaim, pod: str) -> bool:
        """Let a pod count on nothing any more. Whether the claim had been written for it."""
        uid = claim.metadata.uid
        if (promise := self._promises.get(uid)) is None:
            return False
        was_written = bool(promise.pods.pop(pod, 0))
        if not promise.pods:
            del self._promises[uid]
            self._count(uid)
        return was_written


def _written(claim: ResourceClaim | None) -> AllocationResult | None:
    return claim.status.allocation if claim is not None and claim.status.HasField("allocation") else None


def _version(claim: ResourceClaim) -> int:
    return int(claim.metadata.resourceVersion or 0)
