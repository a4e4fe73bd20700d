"""The claims of a pod get volumes that its node can reach, before the pod is bound.

Source: the documentation's *Storage Classes* (volume binding mode), KEP-490.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from kobune.api.core.v1 import PersistentVolumeClaim
from kobune.apimachinery.errors import ApiError
from kobune.apimachinery.volumes import SELECTED_NODE, class_of, fits_node, is_bound, size_of
from kobune.scheduler.framework import SKIP, No
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.framework.guard import Unprepared
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.plugins.allocation import RequestedToCapacityRatio
from kobune.scheduler.plugins.volume_zone import is_of
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.volumes import CLAIMS, VOLUMES, Plan, Unusable, Wanted, wanted

if TYPE_CHECKING:
    from kobune.client import Client

NAME: Final = "VolumeBinding"
SECONDS: Final = 600.0


class News:
    """Lets those who wait for claims know that something has changed about them, or the volumes kept for them."""

    def __init__(self, objects: Objects) -> None:
        self._waiting: dict[tuple[str, str], set[asyncio.Event]] = {}
        """By namespace and name of the claim."""

    def changed(self, plural: str, old: Any, new: Any) -> None:
        """Take in that an object is new, changed or gone."""
        if not self._waiting or plural not in (CLAIMS, VOLUMES):
            return
        item = new or old
        about = item.metadata if plural == CLAIMS else item.spec.claimRef
        for waiting in self._waiting.get((about.namespace, about.name), ()):
            waiting.set()

    def copy(self, objects: Objects) -> Self:
        """Return the same for a copy of the objects."""
        return type(self)(objects)

    @contextmanager
    def about(self, claims: Iterable[PersistentVolumeClaim]) -> Iterator[asyncio.Event]:
        """Give what is set when something changes about any of these claims."""
        keys, event = {(claim.metadata.namespace, claim.metadata.name) for claim in claims}, asyncio.Event()
        for key in keys:
            self._waiting.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            for key in keys:
                self._waiting[key].discard(event)
                if not self._waiting[key]:
                    del self._waiting[key]


@dataclass
class Request:
    """The claims of a pod on their way."""

    wanted: Wanted
    plan: Plan = field(default_factory=Plan)
    """What was reserved."""


@dataclass
class VolumeBinding:
    """Rules out nodes that cannot have the volumes of a pod; binds claims that wait for their pod to be scheduled."""

    bind_timeout_seconds: float = SECONDS
    """For how long the claims of a pod may take to be bound."""
    name: str = field(default=NAME, init=False)
    _client: "Client | None" = field(default=None, init=False, repr=False, compare=False)

    individual = True
    reserves_in_snapshot = True
    events = (
        "StorageClass/Add",
        "StorageClass/Update",
        "PersistentVolumeClaim/Add",
        "PersistentVolumeClaim/Update",
        "PersistentVolume/Add",
        "PersistentVolume/Update",
        "Node/Add",
        "Node/UpdateNodeLabel",
        "CSIDriver/Update",
        "CSIStorageCapacity/Add",
        "CSIStorageCapacity/Update",
    )

    def connect(self, client: "Client") -> None:
        self._client = client

    def concerns(self, pod: PodInfo) -> bool:
        return bool(pod.claims)

    def hint(self, pod: PodInfo, event: str, old: Any, new: Any) -> bool:
        return not event.startswith("PersistentVolumeClaim/") or is_of(pod, new)

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Request | Skip | No:
        if not pod.claims:
            return SKIP
        try:
            found = wanted(pod, cluster.objects)
        except Unusable as why:
            return No((str(why),), final=True)
        return Request(found) if found.asks_nodes else SKIP

    def filter(self, pod: PodInfo, node: NodeInfo, request: Request) -> No | None:
        found = request.wanted.on(node.node)
        return None if isinstance(found, Plan) else No(tuple(found), final=True)

    def reserve(self, pod: PodInfo, node: NodeInfo, request: Request | None) -> No | None:
        if request is None:
            return None
        found = request.wanted.on(node.node)
        if not isinstance(found, Plan):
            return No(tuple(found), final=True)
        request.plan = found
        request.wanted.assume(found, node.name)
        return None

    def give_back(self, pod: PodInfo, state: Any) -> None:
        if isinstance(state, Request):
            state.wanted.forget()

    def unreserve(self, pod: PodInfo, node: NodeInfo, request: Request | None) -> None:
        self.give_back(pod, request)

    async def pre_bind(self, pod: PodInfo, node: NodeInfo, request: Request | None) -> None:
        """Have the claims bound; `Unprepared` if they are not in time, or never will be."""
        if request is None or not (request.plan.static or request.plan.dynamic):
            return
        objects, written = request.wanted.objects, await self._write(request.wanted)
        claims = [*(claim for _, claim in request.plan.static), *request.plan.dynamic]
        try:
            with objects.derived(News).about(claims) as news:
                async with asyncio.timeout(self.bind_timeout_seconds):
                    while not _are_bound(request.plan, node, objects, written):
                        news.clear()
                        await news.wait()
        except TimeoutError:
            raise Unprepared(NAME, "binding volumes: context deadline exceeded") from None

    async def _write(self, wanted: Wanted) -> dict[tuple[str, str], int]:
        """Write what was assumed, and return the versions of claims and volumes, by kind and name."""
        from kobune.client import UpdateOf

        assert self._client is not None
        written = {}
        changes = [(plural, item) for plural, _, item in wanted.assumed]
        for (plural, item), result in zip(
            changes, await self._client.batch([UpdateOf(item) for _, item in changes]) if changes else (), strict=True
        ):
            if isinstance(result, ApiError):
                raise Unprepared(NAME, f"binding volumes: {result.message}")
            assert result is not None
            written[plural, item.metadata.name] = int(result.metadata.resourceVersion)
        return written


def _are_bound(plan: Plan, node: NodeInfo, objects: Objects, written: dict[tuple[str, str], int]) -> bool:
    """Whether all claims of a plan have their volumes; `Unprepared` if that will not be."""

    def current(plural: str, item: Any) -> Any:
        """Return an object as it is, or None if that is not known yet."""
        found = objects.get(plural, item.metadata.namespace, item.metadata.name)
        if found is None:
            what = "persistentvolumeclaim" if plural == CLAIMS else "persistentvolume"
            raise Unprepared(NAME, f'binding volumes: failed to check binding: {what} "{item.metadata.name}" not found')
        return (
            found if int(found.metadata.resourceVersion or 0) >= written.get((plural, item.metadata.name), 0) else None
        )

    done = True
    for volume, claim in plan.static:
        there, bound = current(VOLUMES, volume), current(CLAIMS, claim)
        if there is not None and not there.spec.claimRef.uid:
            raise Unprepared(NAME, f'binding volumes: ClaimRef got reset for pv "{volume.metadata.name}"')
        done = done and there is not None and bound is not None and is_bound(bound)
    for claim in plan.dynamic:
        bound = current(CLAIMS, claim)
        if bound is None:
            done = False
            continue
        if bound.metadata.annotations.get(SELECTED_NODE) != node.name:
            # Whoever was to make the volume could not: another node may do better.
            raise Unprepared(NAME, f'binding volumes: provisioning failed for PVC "{claim.metadata.name}"')
        made = objects.get(VOLUMES, "", bound.spec.volumeName) if bound.spec.volumeName else None
        if made is not None and not fits_node(made, node.name, node.node.metadata.labels):
            which = f'pv "{made.metadata.name}" node affinity doesn\'t match node "{node.name}"'
            raise Unprepared(NAME, f"binding volumes: {which}: no matching NodeSelectorTerms")
        done = done and made is not None and is_bound(bound)
    return done


@dataclass
class ScoringVolumeBinding(VolumeBinding):
    """Rates nodes, besides, by how full the volumes would be that the claims of a pod get there. Source: KEP-4049."""

    shape: Sequence[tuple[int, int]] = ((0, 0), (100, 10))
    """Points: how much is used, in percent, and how good that is, 0 to 10."""
    weight: int = 1

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Wanted | Skip:
        request = self.pre_filter(pod, cluster)
        return request.wanted if isinstance(request, Request) and request.wanted.waiting else SKIP

    def score(self, pod: PodInfo, node: NodeInfo, wanted: Wanted) -> float:
        plan = wanted.on(node.node)
        if not isinstance(plan, Plan):
            return 0.0
        use: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for volume, claim in plan.static:
            taken = use[class_of(volume)]
            taken[0] += int(size_of(claim))
            taken[1] += int(size_of(volume))
        for claim in plan.dynamic:
            left = max(
                (int(all_) for all_, _ in wanted.capacities(class_of(claim), node.node.metadata.labels)), default=0
            )
            if left:
                taken = use[class_of(claim)]
                taken[0], taken[1] = taken[0] + int(size_of(claim)), left
        if not use:
            return 0.0
        curve = RequestedToCapacityRatio(tuple(self.shape))
        return float(round(sum(curve.score(min(asked, there), there) for asked, there in use.values()) / len(use)))
