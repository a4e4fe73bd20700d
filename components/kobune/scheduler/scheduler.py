"""The loop: take pods from the queue, decide, bind them all in one call, and say what came of it."""

import asyncio
import logging
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.codec.scalars import format_time
from kobune.apimachinery.errors import ApiError, ServiceUnavailable
from kobune.client import BindOf, Client, DeleteOf, EventRecorder, PatchOf, PatchType, Write
from kobune.scheduler.framework import Decision, Nominated, Placed, Profile, Unschedulable, decide
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import SchedulingQueue, Waiting
from kobune.scheduler.snapshot import ENDED, Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.columnar import Columnar

log = logging.getLogger(__name__)

AT_ONCE = 500
"""How many pods are decided before their bindings are sent."""
IDLE = 60.0
MANY = 50
"""From so many nodes on the engine decides."""


@dataclass(frozen=True)
class Chosen:
    """A pod and the node that was found for it."""

    waiting: Waiting
    node: str


class Scheduler:
    """Schedules the pods whose `spec.schedulerName` is its name."""

    def __init__(self, profile: Profile, client: Client, recorder: EventRecorder, clock: Clock, random: Random) -> None:
        self.name = profile.name
        self.queue = SchedulingQueue()
        self.snapshot = Snapshot()
        self._engine: Columnar | None = None
        self._profile = profile
        self._client = client
        self._recorder = recorder
        self._clock = clock
        self._random = random
        self._something_to_do = asyncio.Event()

    def pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        """Follow a change of a pod."""
        pod = new or old
        assert pod is not None
        uid = pod.metadata.uid
        if new is None or new.status.phase in ENDED:
            self.queue.remove(uid)
            self.snapshot.remove(uid)
            self.snapshot.withdraw(uid)
            if pod.spec.nodeName:
                self._changed()
        elif new.spec.nodeName:
            self.queue.remove(uid)
            self.snapshot.withdraw(uid)
            self.snapshot.place(PodInfo(new), new.spec.nodeName)
        elif self._is_ours(new):
            info = PodInfo(new)
            if new.status.nominatedNodeName:
                self.snapshot.nominate(info, new.status.nominatedNodeName)
            self.queue.set(info, self._clock.now())
            self._something_to_do.set()
        else:
            self.queue.remove(uid)

    def node_changed(self, old: Node | None, new: Node | None) -> None:
        """Follow a change of a node. What it reports about its health makes nothing schedulable."""
        if new is None:
            assert old is not None
            self.snapshot.remove_node(old.metadata.name)
            return
        if old is None or _offer(old) != _offer(new):
            self.snapshot.set_node(new)
            self._changed()

    def object_changed(self, plural: str, old: Any, new: Any) -> None:
        """Follow a change of an object of another kind that decisions look at."""
        if new is None:
            self.snapshot.objects.remove(plural, old)
        else:
            self.snapshot.objects.set(plural, new)

    async def run(self) -> None:
        """Schedule until cancelled."""
        while True:
            self._something_to_do.clear()
            waiting = self.queue.pop(AT_ONCE, self._clock.now())
            if waiting:
                await self._schedule(waiting)
            else:
                await self._rest()

    def _is_ours(self, pod: Pod) -> bool:
        return (
            pod.spec.schedulerName == self.name
            and not pod.spec.schedulingGates
            and not pod.metadata.HasField("deletionTimestamp")
        )

    def _changed(self) -> None:
        self.queue.something_changed(self._clock.now())
        self._something_to_do.set()

    async def _rest(self) -> None:
        wake = self.queue.next_wake()
        seconds = IDLE if wake is None else max(wake - self._clock.now(), 0)
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        told = asyncio.ensure_future(self._something_to_do.wait())
        try:
            await asyncio.wait([sleeping, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            told.cancel()

    async def _schedule(self, pods: list[Waiting]) -> None:
        began = self._clock.now()
        chosen: list[Chosen] = []
        failed: list[tuple[Waiting, Unschedulable]] = []
        for waiting in pods:
            match self._decide(waiting.pod):
                case Placed(node):
                    self.snapshot.withdraw(waiting.pod.metadata.uid)
                    self.snapshot.place(waiting.pod, node)
                    chosen.append(Chosen(waiting, node))
                case Unschedulable() as why:
                    failed.append((waiting, why))
        try:
            await self._bind(chosen)
            await self._explain(failed, began)
        except ServiceUnavailable:
            # Whether they were bound is not known; if so, the informer will tell.
            for choice in chosen:
                self.snapshot.remove(choice.waiting.pod.metadata.uid)
            for waiting in pods:
                self.queue.retry(waiting, self._clock.now())

    def _decide(self, pod: PodInfo) -> Decision:
        if self._engine is None:
            if self.snapshot.node_count < MANY:
                return decide(self._profile, pod, self.snapshot, self._random)
            from kobune.scheduler.engine.columnar import Columnar  # brings NumPy, which few nodes do not pay for

            self._engine = Columnar(self.snapshot)
        return self._engine.decide(self._profile, pod, self._random)

    async def _bind(self, chosen: list[Chosen]) -> None:
        writes = [
            BindOf(pod.metadata.namespace, pod.metadata.name, choice.node, pod.metadata.uid)
            for choice in chosen
            if (pod := choice.waiting.pod)
        ]
        for choice, result in zip(chosen, await self._client.batch(writes) if writes else (), strict=True):
            pod, node = choice.waiting.pod, choice.node
            if isinstance(result, ApiError):
                log.warning("cannot bind %s to %s: %s", pod.key, node, result.message)
                self.snapshot.remove(pod.metadata.uid)
                self.queue.retry(choice.waiting, self._clock.now())
                continue
            self.queue.remove(pod.metadata.uid)
            log.info("bound %s to %s", pod.key, node)
            self._recorder.event(pod.pod, "Normal", "Scheduled", f"Successfully assigned {pod.key} to {node}")

    async def _explain(self, failed: list[tuple[Waiting, Unschedulable]], began: float) -> None:
        now = self._clock.now()
        writes: list[Write] = []
        for waiting, why in failed:
            pod = waiting.pod
            self.queue.failed(waiting, now, began)
            if why.nominated is not None:
                writes += self._make_room(pod, why.nominated, now)
            self._recorder.event(pod.pod, "Warning", "FailedScheduling", why.message)
            known = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
            if known is None or known.message != why.message:
                log.info("no node for %s: %s", pod.key, why.message)
                writes.append(_condition(pod, why.message, now))
        if writes:
            await self._client.batch(writes)

    def _make_room(self, pod: PodInfo, made: Nominated, now: float) -> list[Write]:
        """Evict the pods that are in the way, and remember for whom."""
        self.snapshot.nominate(pod, made.node)
        writes: list[Write] = [_nomination(pod, made.node)]
        for victim in made.victims:
            meta = victim.metadata
            log.info("evicting %s from %s to make room for %s", victim.key, made.node, pod.key)
            writes.append(_disruption(victim, self.name, now))
            writes.append(DeleteOf(Pod, meta.name, meta.namespace, meta.uid))
            why = f"Preempted by pod {pod.metadata.uid} on node {made.node}"
            self._recorder.event(victim.pod, "Normal", "Preempted", why)
        return writes


def _offer(node: Node) -> tuple[object, ...]:
    """What of a node decides who can run there."""
    return (
        dict(node.metadata.labels),
        [(t.key, t.value, t.effect) for t in node.spec.taints],
        node.spec.unschedulable,
        {name: value.string for name, value in node.status.allocatable.items()},
        [(tuple(image.names), image.sizeBytes) for image in node.status.images],
    )


def _condition(pod: PodInfo, message: str, now: float) -> PatchOf:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": format_time(int(now)),
    }
    return _status(pod, {"conditions": [condition]})


def _disruption(victim: PodInfo, scheduler: str, now: float) -> PatchOf:
    return _status(
        victim,
        {
            "conditions": [
                {
                    "type": "DisruptionTarget",
                    "status": "True",
                    "reason": "PreemptionByScheduler",
                    "message": f"{scheduler}: preempting to accommodate a higher priority pod",
                    "lastTransitionTime": format_time(int(now)),
                }
            ]
        },
    )


def _nomination(pod: PodInfo, node: str) -> PatchOf:
    return _status(pod, {"nominatedNodeName": node})


def _status(pod: PodInfo, status: Any) -> PatchOf:
    return PatchOf(
        Pod,
        pod.metadata.name,
        pod.metadata.namespace,
        {"status": status},
        type=PatchType.STRATEGIC,
        subresource="status",
    )
