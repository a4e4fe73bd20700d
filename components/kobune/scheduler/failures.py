"""Pods that are not bound: back to the queue, and say why in an event and in their status."""

import logging
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from kobune.api.core.v1 import Pod
from kobune.apimachinery.errors import ApiError, NotFound, ServiceUnavailable
from kobune.client import Client, DeleteOf, EventRecorder, Write
from kobune.scheduler.framework import No, Nominated, PluginFailed, Unschedulable
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import Waiting
from kobune.scheduler.rounds import Failure, Held
from kobune.scheduler.state import State
from kobune.scheduler.statuses import disruption, nomination, not_scheduled

log = logging.getLogger(__name__)


class FailureHandler:
    """Handles what keeps pods from being bound: refusals, failures, and plugins that hold them back."""

    def __init__(self, state: State, client: Client, recorders: Mapping[str, EventRecorder]) -> None:
        self._state = state
        self._client = client
        self._recorders = recorders

    def event(self, pod: PodInfo, type: str, reason: str, message: str, *, scheduler: str = "") -> None:
        """Record an event about a pod, in the name of its scheduler or of another."""
        self._recorders[scheduler or pod.spec.schedulerName].event(pod.pod, type, reason, message)

    def hold(self, waiting: Waiting, held: Held) -> None:
        """Put a pod aside until something happens that may change a plugin's mind."""
        self._state.queue.hold(waiting, held.plugin)
        no = No((held.why,), plugin=held.plugin)
        refused = Unschedulable(self._state.snapshot.node_count, at_once=no, said=held.why)
        self._state.journal.decided(waiting.pod, refused)
        if held.plugin in self._state.profile_of(waiting.pod).foreign:
            why = f"plugin {held.plugin} holds the pod back: {held.why}"
            self.event(waiting.pod, "Warning", "FailedScheduling", why)

    async def refused(self, refusals: Iterable[tuple[Waiting, Unschedulable]]) -> None:
        """Say why pods have no node; they wait for something to happen that may help."""
        now = self._state.clock.now()
        writes: list[Write] = []
        for waiting, why in refusals:
            if waiting not in self._state.queue:
                continue
            self._state.queue.failed(waiting, now, why.plugins)
            writes += why.writes
            if why.nominated is not None:
                writes += self._make_room(waiting.pod, why.nominated, now)
            if (write := self._told(waiting.pod, "Unschedulable", why.message, now)) is not None:
                log.info("no node for %s: %s", waiting.pod.key, why.message)
                writes.append(write)
        if writes:
            await self._client.batch(writes, brief=True)

    async def failed(self, failures: Iterable[Failure]) -> None:
        """Say that pods came to no decision; they are tried again after their back-off."""
        now = self._state.clock.now()
        writes: list[Write] = []
        for failure in failures:
            if failure.waiting not in self._state.queue:
                continue
            self._state.queue.retry(failure.waiting, now)
            if (write := self._told(failure.waiting.pod, "SchedulerError", failure.why, now)) is not None:
                log.warning("cannot schedule %s: %s", failure.waiting.pod.key, failure.why)
                writes.append(write)
        if writes:
            await self._client.batch(writes, brief=True)

    async def not_bound(self, waiting: Waiting, error: PluginFailed | ApiError) -> None:
        """Say why a pod could not be bound, and try again later; whoever has a node or is gone needs neither."""
        message = str(error) if isinstance(error, PluginFailed) else error.message
        log.warning("cannot bind %s: %s", waiting.pod.key, message)
        if isinstance(error, NotFound):
            self._state.queue.retry(waiting, self._state.clock.now())
            return
        await self.failed([Failure(waiting, f"binding rejected: {message}")])

    async def quietly(self, work: Coroutine[Any, Any, None]) -> None:
        """Write what can be written: while the apiserver is away, the pod is tried again all the same."""
        try:
            await work
        except ServiceUnavailable as error:
            log.warning("cannot say what became of a pod: %s", error.message)

    def _told(self, pod: PodInfo, reason: str, message: str, now: float) -> Write | None:
        """Record why a pod has no node; return what makes its status say so, if it does not yet."""
        self.event(pod, "Warning", "FailedScheduling", message)
        return not_scheduled(pod, reason, message, now)

    def _make_room(self, pod: PodInfo, made: Nominated, now: float) -> list[Write]:
        """Evict the pods that are in the way, and say for whom."""
        scheduler = pod.spec.schedulerName
        writes: list[Write] = [nomination(pod, made.node)]
        for victim in made.victims:
            meta = victim.metadata
            log.info("evicting %s from %s to make room for %s", victim.key, made.node, pod.key)
            writes.append(disruption(victim, scheduler, now))
            writes.append(DeleteOf(Pod, meta.name, meta.namespace, meta.uid))
            why = f"Preempted by pod {pod.uid} on node {made.node}"
            self.event(victim, "Normal", "Preempted", why, scheduler=scheduler)
        return writes
