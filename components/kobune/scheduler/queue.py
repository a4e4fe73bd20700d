"""Which pod is decided next. Pure: the time is an argument.

add ──► active ──pop──► (decided) ──failed──► unschedulable ◄─held─ (pre_enqueue said no)
          ▲                                       │ something happened that may help, or five minutes
          └──────────── back-off ◄────────────────┘
"""

import heapq
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kobune.scheduler.framework.happenings import Happening, Interest
from kobune.scheduler.podinfo import PodInfo

log = logging.getLogger(__name__)

LONGEST_WAIT: Final = 300.0
"""After this long an unschedulable pod is tried again, even if nothing seems to have happened."""
REMEMBERED: Final = 1000
"""How much of what happened is remembered for pods that are being decided."""


@dataclass
class Waiting:
    """A pod in the queue."""

    pod: PodInfo
    added: float
    attempts: int = 0
    failed_at: float = 0.0
    refused_by: frozenset[str] = frozenset()
    """The plugins that said no the last time; empty if nobody can be named."""
    held: bool = False
    """Whether it may not be decided yet at all."""
    seen: int = 0
    """How much had happened when it was taken out."""


Sort = Callable[[Waiting], Any]


@dataclass(frozen=True)
class Backoff:
    """How long a pod waits after it could not be placed: twice as long each time."""

    initial: float = 1.0
    longest: float = 10.0

    def ready_at(self, waiting: Waiting) -> float:
        """Return when it may be tried again."""
        if not waiting.attempts or waiting.held:
            return 0.0
        return waiting.failed_at + min(self.initial * 2.0 ** min(waiting.attempts - 1, 32), self.longest)


def by_priority(waiting: Waiting) -> tuple[int, float]:
    """Return what sorts the more important pod first, and of equals the one that has waited longer."""
    return -waiting.pod.spec.priority, waiting.added


class SchedulingQueue:
    """Pods without a node, sorted."""

    def __init__(
        self,
        interests: Mapping[str, Mapping[str, Interest]] | None = None,
        *,
        sort: Sort = by_priority,
        backoff: Backoff | None = None,
    ) -> None:
        """`interests` say, by scheduler and plugin, what may help; whatever happens may, if they do not say."""
        self._interests = interests or {}
        self._sort = sort
        self._backoff = backoff or Backoff()
        self._waiting: dict[str, Waiting] = {}
        """All of them, by uid."""
        self._active: list[tuple[Any, int, str]] = []
        self._backing_off: list[tuple[float, int, str]] = []
        self._unschedulable: dict[str, Waiting] = {}
        self._held: dict[str, Waiting] = {}
        self._refused: dict[tuple[str, frozenset[str]], dict[str, Waiting]] = {}
        """The last two, by scheduler and by who said no."""
        self._taken: set[str] = set()
        """Those that are being decided or bound."""
        self._order = 0
        self._happened: deque[Happening] = deque(maxlen=REMEMBERED)
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, waiting: Waiting) -> bool:
        return self._waiting.get(waiting.pod.uid) is waiting

    def knows(self, uid: str) -> bool:
        """Whether a pod is still to be bound."""
        return uid in self._waiting

    def set(self, pod: PodInfo, now: float) -> None:
        """Take in a new pod, or a new version of one."""
        uid = pod.uid
        if (known := self._waiting.get(uid)) is not None:
            changed = (
                known.pod.spec != pod.spec
                or known.pod.metadata.labels != pod.metadata.labels
                or known.pod.status.resourceClaimStatuses != pod.status.resourceClaimStatuses
            )
            known.pod = pod
            if changed and self._take_back(uid):
                self._back_off(known, now)
            return
        waiting = self._waiting[uid] = Waiting(pod, now)
        self._activate(waiting)

    def remove(self, uid: str) -> None:
        """Forget a pod: it has a node, or is gone."""
        self._take_back(uid)
        self._taken.discard(uid)
        self._waiting.pop(uid, None)

    @property
    def is_idle(self) -> bool:
        """Whether no pod waits to be decided now."""
        return not self._active

    def pop(self, limit: int, now: float) -> list[Waiting]:
        """Take out up to `limit` pods that are to be decided now; each is given back, or removed."""
        self._wake_in_time(now)
        taken: list[Waiting] = []
        while self._active and len(taken) < limit:
            try:
                *_, uid = heapq.heappop(self._active)
            except Exception:
                self._sort_anew()
                continue
            if (waiting := self._waiting.get(uid)) is not None and self._is_about(uid):
                self._take_out(waiting)
                taken.append(waiting)
        return taken

    def take(self, uid: str) -> Waiting | None:
        """Take out a pod before its turn, because those that it belongs to are decided; None if it is out already."""
        waiting = self._waiting.get(uid)
        if waiting is None or uid in self._taken:
            return None
        self._take_back(uid)
        self._take_out(waiting)
        return waiting

    def _take_out(self, waiting: Waiting) -> None:
        waiting.attempts += 1
        waiting.seen = self._count
        self._taken.add(waiting.pod.metadata.uid)

    def _is_about(self, uid: str) -> bool:
        """Whether a pod is where it was left: one that was taken before its turn is not."""
        return uid not in self._taken and uid not in self._unschedulable and uid not in self._held

    def failed(self, waiting: Waiting, now: float, refused_by: Collection[str] = (), *, saw_all: bool = False) -> None:
        """Give back a pod for which there was no node, because of these plugins.

        What happened since it was taken out may help it, unless the decision `saw_all` of that.
        """
        if not self._is_back(waiting):
            return
        waiting.failed_at = now
        waiting.refused_by = frozenset(refused_by)
        if not saw_all and any(self._concerns(waiting, what) for what in self._missed(waiting)):
            self._back_off(waiting, now)  # what it waits for may have happened while it was decided
            return
        self._unschedulable[waiting.pod.uid] = waiting
        self._group(waiting)[waiting.pod.uid] = waiting

    def hold(self, waiting: Waiting, plugin: str) -> None:
        """Give back a pod that may not be decided yet, because a plugin said so."""
        if not self._is_back(waiting):
            return
        waiting.attempts -= 1
        waiting.held = True
        waiting.refused_by = frozenset({plugin})
        self._held[waiting.pod.uid] = waiting
        self._group(waiting)[waiting.pod.uid] = waiting

    def retry(self, waiting: Waiting, now: float) -> None:
        """Give back a pod that something went wrong with, if it was not given back yet."""
        if self._is_back(waiting):
            waiting.failed_at = now
            self._back_off(waiting, now)

    def put_back(self, waiting: Waiting) -> None:
        """Give back a pod that was not looked at."""
        if self._is_back(waiting):
            waiting.attempts -= 1
            self._activate(waiting)

    def happened(self, what: Happening) -> list[Waiting]:
        """Return the pods that this may help, as far as its kind says; `help` is to be called with those it does."""
        self._count += 1
        self._happened.append(what)
        found: list[Waiting] = []
        for group in self._refused.values():
            first = next(iter(group.values()))
            if self._concerns(first, what):
                found += group.values()
        return found

    def interested(self, waiting: Waiting, what: Happening) -> Iterator[Interest]:
        """Return what those who refused a pod say about something that happened."""
        known = self._interests.get(waiting.pod.spec.schedulerName, {})
        for plugin in waiting.refused_by:
            if (interest := known.get(plugin)) is not None and interest.concerns(what):
                yield interest

    def wake(self, what: Happening, now: float) -> None:
        """Let every pod be tried again, after its back-off, that something may help, as far as its kind says."""
        self.help(self.happened(what), now)

    def help(self, found: Collection[Waiting], now: float, *, hurry: bool = False) -> None:
        """Let pods be tried again that something may help, after their back-off.

        In a `hurry` the first gang in line goes at once. New pods have no back-off: whenever there is room for the
        gang they would be there before it. It is one gang only, so that many of them cost no more than one.
        """
        first = min((one for one in found if one.pod.group is not None), key=by_priority, default=None)
        for waiting in found:
            if not self._take_back(waiting.pod.uid):
                continue
            if hurry and first is not None and waiting.pod.group == first.pod.group:
                self._activate(waiting)
            else:
                self._back_off(waiting, now)

    def next_wake(self) -> float | None:
        """Return when there will be something to do, None if only a change can bring it."""
        if self._active:
            return 0.0
        times = [self._backing_off[0][0]] if self._backing_off else []
        times += [waiting.failed_at + LONGEST_WAIT for waiting in self._unschedulable.values()][:1]
        return min(times, default=None)

    def _is_back(self, waiting: Waiting) -> bool:
        """Take note that a pod is given back; False if it was not out, or is forgotten."""
        uid = waiting.pod.uid
        if uid not in self._taken or waiting not in self:
            return False
        self._taken.remove(uid)
        return True

    def _concerns(self, waiting: Waiting, what: Happening) -> bool:
        known = self._interests.get(waiting.pod.spec.schedulerName, {})
        if not waiting.refused_by or not waiting.refused_by <= known.keys():
            return True
        return any(known[plugin].concerns(what) for plugin in waiting.refused_by)

    def _missed(self, waiting: Waiting) -> Iterator[Happening]:
        """Return what has happened since a pod was taken out, as far as it is remembered."""
        for back in range(1, min(self._count - waiting.seen, len(self._happened)) + 1):
            yield self._happened[-back]

    def _group(self, waiting: Waiting) -> dict[str, Waiting]:
        return self._refused.setdefault((waiting.pod.spec.schedulerName, waiting.refused_by), {})

    def _take_back(self, uid: str) -> bool:
        """Take a pod out of those that wait for something to happen; False if it is not among them."""
        waiting = self._unschedulable.pop(uid, None) or self._held.pop(uid, None)
        if waiting is None:
            return False
        key = (waiting.pod.spec.schedulerName, waiting.refused_by)
        group = self._refused[key]
        del group[uid]
        if not group:
            del self._refused[key]
        return True

    def _wake_in_time(self, now: float) -> None:
        while self._backing_off and self._backing_off[0][0] <= now:
            *_, uid = heapq.heappop(self._backing_off)
            if (waiting := self._waiting.get(uid)) is not None and self._is_about(uid):
                self._activate(waiting)
        for uid, waiting in list(self._unschedulable.items()):
            if now - waiting.failed_at < LONGEST_WAIT:
                break  # the others failed later
            self._take_back(uid)
            self._activate(waiting)

    def _activate(self, waiting: Waiting) -> None:
        waiting.held = False
        self._order += 1
        try:
            heapq.heappush(self._active, (self._sort(waiting), self._order, waiting.pod.uid))
        except Exception:
            self._active.append((None, self._order, waiting.pod.uid))
            self._sort_anew()

    def _sort_anew(self) -> None:
        """Do without a plugin whose keys cannot be made, or not be compared."""
        log.exception("the queue cannot be sorted as configured: from now on it goes by priority")
        self._sort = by_priority
        waiting = {(order, uid): one for _, order, uid in self._active if (one := self._waiting.get(uid)) is not None}
        self._active = [(by_priority(one), order, uid) for (order, uid), one in waiting.items()]
        heapq.heapify(self._active)

    def _back_off(self, waiting: Waiting, now: float) -> None:
        ready_at = self._backoff.ready_at(waiting)
        if ready_at <= now:
            self._activate(waiting)
            return
        self._order += 1
        heapq.heappush(self._backing_off, (ready_at, self._order, waiting.pod.uid))
