"""What the parts of the scheduler share: the pods that wait, the cluster, and what has happened to it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from kobune.apimachinery.clock import Clock
from kobune.scheduler.asking import Asker
from kobune.scheduler.framework import Profile
from kobune.scheduler.framework.happenings import Happening
from kobune.scheduler.lab.journal import Journal
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import SchedulingQueue, Waiting
from kobune.scheduler.snapshot import Snapshot


@dataclass
class State:
    """Whoever changes the snapshot does so by way of `when_idle`, or in the loop itself, which asks plugins."""

    profiles: dict[str, Profile]
    """By name, which is that of the scheduler that pods name."""
    queue: SchedulingQueue
    snapshot: Snapshot
    journal: Journal
    asker: Asker
    clock: Clock
    news: list[Happening] = field(default_factory=list)
    """What has happened that pods in the queue have not been told."""
    something_to_do: asyncio.Event = field(default_factory=asyncio.Event)

    def profile_of(self, pod: PodInfo) -> Profile:
        """Return the profile that decides for a pod."""
        return self.profiles[pod.spec.schedulerName]

    def happened(self, what: Happening) -> None:
        """Note what may help pods that wait."""
        self.news.append(what)
        self.something_to_do.set()

    def when_idle(self, change: Callable[[], None]) -> None:
        """Change the snapshot: now, or as soon as no plugin is looking at it."""
        self.asker.when_idle(change)

    def count(self, pod: PodInfo, node: str) -> None:
        """Count a pod on the node that was found for it."""
        self.snapshot.withdraw(pod.uid)
        self.snapshot.place(pod, node)

    def release(self, waiting: Waiting) -> None:
        """Count a pod on no node any more, unless the informer has said meanwhile where it is."""
        if waiting in self.queue:
            self.when_idle(partial(self.snapshot.remove, waiting.pod.uid))
            self.happened(Happening("Pod", ("Delete",), waiting.pod.pod, is_ours=True))
