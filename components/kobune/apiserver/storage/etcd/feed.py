"""What happens to the keys that watches look at: found out once, encoded once, and read by each at its own pace.

    store ──► Hub ──► Feed (one for all watches of the same keys with the same options) ◄── watches, each at a revision

A watch that is further behind than its feed reaches takes a `Tail` of its own from the store first.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from kobune.apiserver.storage.etcd.wire import event_field
from kobune.apiserver.storage.store import ONE_KEY, PUT, Event, Store, within
from kobune.vendor.etcd import rpc_pb2

CHUNK: Final = 1 << 20
"""About the most bytes in one message, unless a single revision has more."""
MOST: Final = 2000
"""The most events in one message, unless a single revision has more."""
KEPT: Final = 16 << 20
"""How many bytes a slow watch may be behind before it has to read them from the store."""
OFTEN: Final = 1000
"""After how many events it is looked for some that every watch has had."""
CROWD: Final = 50
"""From so many watches on, changes that follow each other closely are gathered…"""
PAUSE: Final = 0.0002
"""…for so many seconds per watch since they were last told, about twice what it takes to write to one…"""
LONGEST_PAUSE: Final = 0.1
"""…and no longer than this."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events a watch wants, and how."""

    key: bytes
    range_end: bytes = ONE_KEY
    with_previous: bool = False
    puts: bool = True
    deletions: bool = True

    @classmethod
    def of(cls, request: rpc_pb2.WatchCreateRequest) -> "Selection":
        """Return what a request asks for."""
        filters = request.filters
        return cls(
            request.key or b"\0",
            request.range_end,
            request.prev_kv,
            puts=request.NOPUT not in filters,
            deletions=request.NODELETE not in filters,
        )

    def wants(self, happened: Event) -> bool:
        """Whether an event of these keys is of a wanted sort."""
        return self.puts if happened.type is PUT else self.deletions


@dataclass(frozen=True, slots=True)
class Batch:
    """Encoded events that follow each other; none is missing up to `revision`."""

    events: Sequence[bytes]
    body: bytes
    """All of them together."""
    revision: int


@dataclass(slots=True, eq=False)
class Tail:
    """Encoded events of one selection after `start`, complete up to `revision`."""

    start: int
    revision: int
    events: list[bytes] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)
    size: int = 0
    _made: dict[int, Batch] = field(default_factory=dict)

    def add(self, revision: int, event: bytes) -> None:
        """Take in an event of the newest revision."""
        self.events.append(event)
        self.revisions.append(revision)
        self.size += len(event)
        self._made.clear()

    def after(self, revision: int) -> Batch | None:
        """Return what comes first after a revision, not too much of it; None for nothing."""
        first = bisect_right(self.revisions, revision)
        if first == len(self.events):
            return None
        made = self._made.get(first)
        if made is None:
            made = self._made[first] = self._batch(first)
        return made

    def drop(self, count: int) -> None:
        """Forget the oldest events, and the rest of the revision of the last one of them."""
        if count <= 0:
            return
        self.start = self.revisions[count - 1]
        count = bisect_right(self.revisions, self.start)
        self.size -= sum(map(len, self.events[:count]))
        del self.events[:count], self.revisions[:count]
        self._made.clear()

    def _batch(self, first: int) -> Batch:
        end = size = 0
        for end in range(first, len(self.events)):
            if (size > CHUNK or end - first >= MOST) and self.revisions[end] != self.revisions[end - 1]:
                break
            size += len(self.events[end])
        else:
            end = len(self.events)
        events = self.events[first:end]
        # What comes next is of a later revision, so that nothing is missing up to just before that.
        revision = self.revision if end == len(self.events) else self.revisions[end - 1]
        return Batch(events, b"".join(events), revision)


class Watcher(Protocol):
    """What a feed knows of a watch."""

    sent: int
    """Everything up to this revision was written to it."""

    def wake(self) -> None:
        """Learn that there is more."""


class Feed:
    """The latest events of a selection, and everybody who watches it."""

    def __init__(self, selection: Selection, revision: int) -> None:
        self.selection = selection
        self.tail = Tail(revision, revision)
        self.watchers: set[Watcher] = set()
        self._look = OFTEN

    def add(self, revision: int, event: bytes) -> None:
        """Take in an event of the newest revision."""
        tail = self.tail
        tail.add(revision, event)
        if len(tail.events) >= self._look:
            slowest = min((watcher.sent for watcher in self.watchers), default=revision)
            tail.drop(bisect_right(tail.revisions, slowest))
            self._look = OFTEN + len(tail.events)
        if tail.size > KEPT:
            tail.drop(len(tail.events) // 2)


class Hub:
    """Follows the store for all watches, as long as there are any."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_keys: dict[bytes, list[Feed]] = {}
        self._of_ranges: list[Feed] = []
        self._feeds: dict[Selection, Feed] = {}
        self._stop: Callable[[], None] | None = None
        self._touched: set[Feed] = set()
        self._told = 0.0
        """When a crowd was last told, by the event loop's clock."""
        self._alarm: asyncio.TimerHandle | None = None
        self.revision = store.revision
        """Feeds are complete up to here."""

    def join(self, selection: Selection, watcher: Watcher) -> Feed:
        """Return the feed of a selection, which wakes the watcher from now on."""
        if self._stop is None:
            self._stop = self._store.subscribe(self._follow)
            self.revision = self._store.revision
        feed = self._feeds.get(selection)
        if feed is None:
            feed = self._feeds[selection] = Feed(selection, self.revision)
            self._siblings(selection).append(feed)
        feed.watchers.add(watcher)
        return feed

    def leave(self, feed: Feed, watcher: Watcher) -> None:
        """Let a watcher go, and the feed with the last one."""
        feed.watchers.discard(watcher)
        if feed.watchers or self._feeds.get(feed.selection) is not feed:
            return
        del self._feeds[feed.selection]
        self._touched.discard(feed)
        siblings = self._siblings(feed.selection)
        siblings.remove(feed)
        if not siblings:
            self._of_keys.pop(feed.selection.key, None)
        if not self._feeds and self._stop is not None:
            self._stop()
            self._stop = None

    def _siblings(self, selection: Selection) -> list[Feed]:
        return self._of_keys.setdefault(selection.key, []) if selection.range_end == ONE_KEY else self._of_ranges

    def _follow(self, events: Sequence[Event]) -> None:
        """Sort the store's events into the feeds: called by the store, in order."""
        for happened in events:
            entry = happened.entry
            forms: list[bytes | None] = [None, None]
            for feed in self._of(entry.key):
                selection = feed.selection
                if selection.wants(happened):
                    form = forms[selection.with_previous]
                    if form is None:
                        form = forms[selection.with_previous] = event_field(
                            happened, with_previous=selection.with_previous
                        )
                    feed.add(entry.mod_revision, form)
                    self._touched.add(feed)
        self.revision = self._store.revision
        for feed in self._touched:
            feed.tail.revision = self.revision
        if self._touched and self._alarm is None:
            self._tell_soon()

    def _of(self, key: bytes) -> Iterable[Feed]:
        yield from self._of_keys.get(key, ())
        for feed in self._of_ranges:
            if within(key, feed.selection.key, feed.selection.range_end):
                yield feed

    def _tell_soon(self) -> None:
        crowd = sum(len(feed.watchers) for feed in self._touched)
        if crowd < CROWD:
            self._tell()
            return
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_at(max(self._told + min(PAUSE * crowd, LONGEST_PAUSE), loop.time()), self._tell_crowd)

    def _tell_crowd(self) -> None:
        self._alarm = None
        self._told = asyncio.get_running_loop().time()
        self._tell()

    def _tell(self) -> None:
        touched, self._touched = self._touched, set()
        for feed in touched:
            for watcher in feed.watchers:
                watcher.wake()


def encode(selection: Selection, tail: Tail, events: Iterable[Event]) -> None:
    """Add what a selection wants of its keys' events to a tail."""
    for happened in events:
        if selection.wants(happened):
            tail.add(happened.entry.mod_revision, event_field(happened, with_previous=selection.with_previous))
