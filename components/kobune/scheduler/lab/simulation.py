"""A cluster on simulated time: pods come, are decided, run for as long as they do, and leave.

Everything follows from the arrivals, the nodes, the profile and the seed; nothing else is looked at, no clock either.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import numpy as np

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Placed, Profile, Unschedulable
from kobune.scheduler.framework.happenings import Happening
from kobune.scheduler.lab.overcommit import place
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import Backoff, SchedulingQueue, Waiting
from kobune.scheduler.snapshot import Snapshot

AT_ONCE: Final = 1000


@dataclass(frozen=True)
class Arrival:
    """A pod that somebody creates at a time, in seconds; it runs for `duration` seconds, for ever if that is None."""

    time: float
    pod: Pod
    duration: float | None = None


@dataclass
class Stay:
    """What became of a pod. Times are in seconds, None for what never happened."""

    name: str
    arrived: float
    placed: float | None = None
    node: str = ""
    left: float | None = None
    attempts: int = 0
    evictions: int = 0

    @property
    def wait(self) -> float | None:
        """How long it waited for its (last) node."""
        return None if self.placed is None else self.placed - self.arrived


@dataclass(frozen=True)
class Sample:
    """The cluster at a time, when everything that could be decided was."""

    time: float
    running: int
    pending: int
    used: tuple[float, ...]
    """The share of each resource that is taken, 0 to 1, in the order of `Outcome.resources`."""
    fragmented: float
    """The share of what is free of the scarcest resource that lies on nodes where no average pod fits."""


@dataclass(frozen=True)
class Outcome:
    """All that came of a simulation."""

    resources: tuple[str, ...]
    stays: Sequence[Stay]
    samples: Sequence[Sample]
    ended: float


@dataclass(order=True)
class _Event:
    time: float
    order: int
    arrival: Arrival | None = field(default=None, compare=False)
    leaving: str = field(default="", compare=False)
    """The uid of a pod that is done…"""
    placed: float = field(default=0.0, compare=False)
    """…if it was placed then, and was not evicted since."""


def simulate(
    profile: Profile, nodes: Iterable[Node], arrivals: Sequence[Arrival], *, seed: int, until: float | None = None
) -> Outcome:
    """Return what becomes of the arrivals, up to the last event or a time; `Overcommitted` if a profile allows that."""
    return _Simulation(profile, nodes, arrivals, seed).run(until)


LEFT: Final = Happening("Pod", ("Delete",))
"""A pod is not on its node any more."""


class _Simulation:
    def __init__(self, profile: Profile, nodes: Iterable[Node], arrivals: Sequence[Arrival], seed: int) -> None:
        self._profile = profile
        self._random = Random(seed)
        self._cluster = Snapshot()
        for node in nodes:
            self._cluster.set_node(node)
        self._engine = Columnar(self._cluster)
        self._queue = SchedulingQueue()
        self._events: list[_Event] = []
        self._order = 0
        self._durations: dict[str, float | None] = {}
        self._stays: dict[str, Stay] = {}
        self._samples: list[Sample] = []
        infos = [PodInfo(arrival.pod) for arrival in arrivals]
        for arrival in arrivals:
            self._push(_Event(arrival.time, 0, arrival))
        asked = {name for info in infos for name, amount in info.requests.items() if amount}
        self._resources = tuple(sorted(asked))
        self._average = {
            name: sum(info.requests.get(name, 0) for info in infos) / max(len(infos), 1) for name in self._resources
        }

    def run(self, until: float | None) -> Outcome:
        now = 0.0
        while self._events and (until is None or self._events[0].time <= until):
            now = self._events[0].time
            while self._events and self._events[0].time == now:
                self._happen(heapq.heappop(self._events), now)
            self._schedule(now)
            self._samples.append(self._sample(now))
        return Outcome(self._resources, list(self._stays.values()), self._samples, now)

    def _push(self, event: _Event) -> None:
        self._order += 1
        event.order = self._order
        heapq.heappush(self._events, event)

    def _happen(self, event: _Event, now: float) -> None:
        if event.arrival is not None:
            info = PodInfo(event.arrival.pod)
            uid = info.metadata.uid
            self._durations[uid] = event.arrival.duration
            self._stays[uid] = Stay(info.metadata.name, now)
            self._queue.set(info, now)
        elif event.leaving and self._stays[event.leaving].placed == event.placed:
            self._cluster.remove(event.leaving)
            self._stays[event.leaving].left = now
            self._queue.wake(LEFT, now)

    def _schedule(self, now: float) -> None:
        while waiting := self._queue.pop(AT_ONCE, now):
            for one in waiting:
                self._decide(one, now)
        wake = self._queue.next_wake()
        if wake is not None and wake - now <= Backoff().longest:  # a pod that only time could help waits for ever
            self._push(_Event(max(wake, now + 1e-3), 0))

    def _decide(self, waiting: Waiting, now: float) -> None:
        pod = waiting.pod
        uid = pod.metadata.uid
        self._stays[uid].attempts += 1
        match self._engine.decide(self._profile, pod, self._random):
            case Placed(node):
                self._place(pod, node, now)
            case Unschedulable(nominated=made):
                # What changed before this decision was seen by it: only what comes later can help.
                self._queue.failed(waiting, now, saw_all=True)
                if made is not None:
                    for victim in made.victims:
                        self._evict(victim, now)
                    self._cluster.nominate(pod, made.node)
                    pod.pod.status.nominatedNodeName = made.node
                    self._queue.wake(LEFT, now)

    def _place(self, pod: PodInfo, node: str, now: float) -> None:
        uid = pod.metadata.uid
        self._queue.remove(uid)
        self._cluster.withdraw(uid)
        place(self._profile, pod, node, self._cluster)
        stay = self._stays[uid]
        stay.placed, stay.node = now, node
        duration = self._durations[uid]
        if duration is not None:
            self._push(_Event(now + duration, 0, leaving=uid, placed=now))

    def _evict(self, pod: PodInfo, now: float) -> None:
        """Take a pod off its node; it is made again, and has to run from the start."""
        uid = pod.metadata.uid
        self._cluster.remove(uid)
        stay = self._stays[uid]
        stay.placed, stay.node, stay.evictions = None, "", stay.evictions + 1
        pod.pod.status.nominatedNodeName = ""
        self._queue.set(pod, now)

    def _sample(self, now: float) -> Sample:
        table = self._engine.table
        columns = np.array([table.column_of(name) for name in self._resources], np.int64)
        there = table.allocatable[: len(table)][:, columns]
        free = there - table.requested[: len(table)][:, columns]
        total = there.sum(axis=0)
        used = [float(1 - left / all_) if all_ else 0.0 for left, all_ in zip(free.sum(axis=0), total, strict=True)]
        average = np.array([self._average[name] for name in self._resources])
        fits = (free >= average).all(axis=1)
        scarcest = used.index(max(used)) if used else 0
        left = float(free[:, scarcest].sum()) if used else 0.0
        fragmented = float(free[~fits, scarcest].sum()) / left if left else 0.0
        running = int(table.pod_counts[: len(table)].sum())
        return Sample(now, running, len(self._queue), tuple(used), fragmented)
