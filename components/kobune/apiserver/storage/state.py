"""The durable history of a store, in memory: the newest entry of every key, and every change since compaction.

Pure: no clock, no disk, no event loop. `MvccStore` applies to it what has become durable, and readers read it.

An older revision is the newest state with the changes after it undone. Readers of older revisions are pages of a
list, a few seconds behind, so that this is cheaper than a history per key that every write would have to keep.
"""

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import islice

from sortedcontainers import SortedList

from kobune.apiserver.storage.errors import Compacted, FutureRevision
from kobune.apiserver.storage.store import (
    DELETE,
    FIRST_REVISION,
    ONE_KEY,
    TO_THE_END,
    Entry,
    Event,
    RangeResult,
    within,
)


class State:
    """What a store knows. `log[i]` holds the events of revision `base + i`, and reaches up to `revision`."""

    def __init__(self) -> None:
        self.live: dict[bytes, Entry] = {}
        self.keys: SortedList[bytes] = SortedList()
        self.log: list[tuple[Event, ...]] = []
        self.revision = FIRST_REVISION
        self.compacted = 0

    @property
    def base(self) -> int:
        """The revision of the first item of the log."""
        return self.revision - len(self.log) + 1

    def apply(self, events: tuple[Event, ...]) -> None:
        """Take in the events of the next revision."""
        for event in events:
            key = event.entry.key
            if event.type is DELETE:
                del self.live[key]
                self.keys.remove(key)
            else:
                if key not in self.live:
                    self.keys.add(key)
                self.live[key] = event.entry
        self.log.append(events)
        self.revision += 1

    def get(self, key: bytes, revision: int = 0) -> Entry | None:
        if revision <= 0:
            return self.live.get(key)
        for events in self.since(self._readable(revision)):
            for event in events:
                if event.entry.key == key:
                    return event.previous
        return self.live.get(key)

    def range(
        self, key: bytes, range_end: bytes = ONE_KEY, revision: int = 0, limit: int = 0, count_only: bool = False
    ) -> RangeResult:
        undone: dict[bytes, Entry | None] = {}
        if revision > 0:
            for events in self.since(self._readable(revision)):
                for event in events:
                    if within(event.entry.key, key, range_end):
                        undone.setdefault(event.entry.key, event.previous)
        found = self.overlaid(undone, key, range_end, limit, count_only)
        return RangeResult(found.entries, found.more, found.count, revision) if revision > 0 else found

    def overlaid(
        self, changed: dict[bytes, Entry | None], key: bytes, range_end: bytes, limit: int, count_only: bool
    ) -> RangeResult:
        """Return the range as it would be with `changed`, whose keys are all in the range; None is "not there"."""
        start, stop = self._positions(key, range_end)
        replaced = sum(found in self.live for found in changed)
        added = sorted(found for found, entry in changed.items() if entry is not None)
        count = stop - start - replaced + len(added)
        shown = 0 if count_only else min(count, limit) if limit > 0 else count
        entries: list[Entry] = []
        if shown and changed:  # a page is not to cost as much as its whole range
            kept = (found for found in self.keys.islice(start, stop) if found not in changed)
            entries = [changed.get(found) or self.live[found] for found in islice(merge(kept, added), shown)]
        elif shown:
            entries = [self.live[found] for found in self.keys.islice(start, start + shown)]
        return RangeResult(entries, 0 < limit < count, count, self.revision)

    def since(self, revision: int, limit: int | None = None) -> Sequence[tuple[Event, ...]]:
        """Return the events of each revision after `revision`, at most `limit` of them."""
        start = max(revision + 1 - self.base, 0)
        return self.log[start : None if limit is None else start + limit]

    def compact(self, revision: int) -> list[tuple[Event, ...]]:
        """Forget what only readers of older revisions can see, and return the events up to `revision`.

        Those of `revision` itself stay for watches that start there, without what was before them.
        """
        kept = revision - self.base
        given_up = self.log[: kept + 1]
        del self.log[: max(kept, 0)]
        if kept >= 0:
            self.log[0] = tuple(Event(event.type, event.entry, None) for event in self.log[0])
        self.compacted = revision
        return given_up

    def load(self, live: Iterable[Entry], log: list[tuple[Event, ...]], revision: int, compacted: int) -> None:
        """Become what was read from a disk; `live` comes in key order."""
        self.live = {entry.key: entry for entry in live}
        self.keys = SortedList(self.live)
        self.log = log
        self.revision = revision
        self.compacted = compacted

    def _readable(self, revision: int) -> int:
        if revision < self.compacted:
            raise Compacted(revision, self.compacted)
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        return revision

    def _positions(self, key: bytes, range_end: bytes) -> tuple[int, int]:
        """Return where in the sorted keys a range begins and ends."""
        start = self.keys.bisect_left(key)
        if range_end == ONE_KEY:
            return start, start + (key in self.live)
        stop = len(self.keys) if range_end == TO_THE_END else self.keys.bisect_left(range_end)
        return start, max(start, stop)
