"""Which pod is decided next. Pure: the time is an argument.

add ──► active ──pop──► (decided) ──failed──► unschedulable
          ▲                                       │ something changed that may help, or five minutes
          └──────────── back-off ◄────────────────┘
"""

import heapq
from dataclasses import dataclass

from kobune.scheduler.podinfo import PodInfo

FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 10.0
LONGEST_WAIT = 300.0
"""After this long an unschedulable pod is tried again, even if nothing seems to have changed."""


@dataclass
class Waiting:
    """A pod in the queue."""

    pod: PodInfo
    added: float
    attempts: int = 0
    failed_at: float = 0.0

    @property
    def ready_at(self) -> float:
        """When it may be tried again."""
        return self.failed_at + min(FIRST_BACKOFF * 2 ** (self.attempts - 1), LONGEST_BACKOFF) if self.attempts else 0.0


class SchedulingQueue:
    """Pods without a node: by priority, and then first come, first served."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        """All of them, by uid."""
        self._active: list[tuple[int, float, int, str]] = []
        self._backing_off: list[tuple[float, int, str]] = []
        self._unschedulable: dict[str, Waiting] = {}
        self._order = 0
        self._moved_at = float("-inf")

    def __len__(self) -> int:
        return len(self._waiting)

    def set(self, pod: PodInfo, now: float) -> None:
        """Take in a new pod, or a new version of one."""
        uid = pod.metadata.uid
        if (known := self._waiting.get(uid)) is not None:
            changed = known.pod.spec != pod.spec or known.pod.metadata.labels != pod.metadata.labels
            known.pod = pod
            if changed and uid in self._unschedulable:
                del self._unschedulable[uid]
                self._back_off(known, now)
            return
        waiting = self._waiting[uid] = Waiting(pod, now)
        self._activate(waiting)

    def remove(self, uid: str) -> None:
        """Forget a pod: it has a node, or is gone."""
        self._waiting.pop(uid, None)
        self._unschedulable.pop(uid, None)

    def pop(self, limit: int, now: float) -> list[Waiting]:
        """Take out up to `limit` pods that are to be decided now; each is given back by `failed` or `remove`."""
        self._wake(now)
        taken: list[Waiting] = []
        while self._active and len(taken) < limit:
            *_, uid = heapq.heappop(self._active)
            if (waiting := self._waiting.get(uid)) is not None:
                waiting.attempts += 1
                taken.append(waiting)
        return taken

    def failed(self, waiting: Waiting, now: float, since: float) -> None:
        """Give back a pod for which there was no node. `since` is when its decision began."""
        uid = waiting.pod.metadata.uid
        if uid not in self._waiting:
            return
        waiting.failed_at = now
        if self._moved_at >= since:
            self._back_off(waiting, now)  # what it waits for may have happened while it was decided
        else:
            self._unschedulable[uid] = waiting

    def retry(self, waiting: Waiting, now: float) -> None:
        """Give back a pod whose binding went wrong."""
        if waiting.pod.metadata.uid in self._waiting:
            waiting.failed_at = now
            self._back_off(waiting, now)

    def something_changed(self, now: float) -> None:
        """Let every unschedulable pod be tried again, after its back-off."""
        self._moved_at = now
        waiting, self._unschedulable = self._unschedulable, {}
        for pod in waiting.values():
            self._back_off(pod, now)

    def next_wake(self) -> float | None:
        """Return when there will be something to do, None if only a change can bring it."""
        if self._active:
            return 0.0
        times = [self._backing_off[0][0]] if self._backing_off else []
        times += [waiting.failed_at + LONGEST_WAIT for waiting in self._unschedulable.values()][:1]
        return min(times, default=None)

    def _wake(self, now: float) -> None:
        while self._backing_off and self._backing_off[0][0] <= now:
            _, _, uid = heapq.heappop(self._backing_off)
            if (waiting := self._waiting.get(uid)) is not None:
                self._activate(waiting)
        for uid, waiting in list(self._unschedulable.items()):
            if now - waiting.failed_at < LONGEST_WAIT:
                break  # the others failed later
            del self._unschedulable[uid]
            self._activate(waiting)

    def _activate(self, waiting: Waiting) -> None:
        self._order += 1
        pod = waiting.pod
        heapq.heappush(self._active, (-pod.spec.priority, waiting.added, self._order, pod.metadata.uid))

    def _back_off(self, waiting: Waiting, now: float) -> None:
        if waiting.ready_at <= now:
            self._activate(waiting)
            return
        self._order += 1
        heapq.heappush(self._backing_off, (waiting.ready_at, self._order, waiting.pod.metadata.uid))
