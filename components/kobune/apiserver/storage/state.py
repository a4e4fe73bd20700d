"""The durable history of a store: which keys there are, and every change since compaction.

Pure: no clock and no event loop. `MvccStore` applies to it what has become durable, and readers read it. It holds
revisions only; the entries themselves come from `Records`.

An older revision is the newest state with the changes after it undone. Readers of older revisions are pages of a
list, a few seconds behind, so that this is cheaper than a history per key that every write would have to keep.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Final

from sortedcontainers import SortedList

from kobune.apiserver.storage.errors import Compacted, FutureRevision
from kobune.apiserver.storage.records import Records
from kobune.apiserver.storage.rows import Change, Loaded
from kobune.apiserver.storage.store import (
    DELETE,
    ONE_KEY,
    TO_THE_END,
    Entry,
    Event,
    RangeResult,
    tombstone,
    within,
)

WARM: Final = 1000
"""The events of how many revisions are kept as they were told, at least: most watches are not further behind…"""
WEIGHT: Final = 16 * 1024 * 1024
"""…unless their values have more bytes than this."""


class State:
    """What a store knows. `log[i]` holds the changes of revision `base + i`, and reaches up to `revision`."""

    def __init__(self, records: Records, loaded: Loaded) -> None:
        self._records = records
        self.index = loaded.index
        """The revision of the newest entry of each key."""
        self.keys: SortedList[bytes] = SortedList(loaded.index)
        self.log = loaded.log
        self._warm: list[tuple[Event, ...]] = []
        """The events of the newest revisions."""
        self._weight = 0
        self.revision = loaded.revision
        self.compacted = loaded.compacted

    @property
    def base(self) -> int:
        """The revision of the first item of the log."""
        return self.revision - len(self.log) + 1

    def apply(self, events: tuple[Event, ...]) -> None:
        """Take in the events of the next revision."""
        self.revision += 1
        changes = []
        for event in events:
            entry, previous = event.entry, event.previous
            key = entry.key
            if event.type is DELETE:
                del self.index[key]
                self.keys.remove(key)
                self._records.drop(key)
            else:
                if previous is None:
                    self.keys.add(key)
                self.index[key] = self.revision
                self._records.add(entry)
                self._weight += len(entry.value)
            changes.append(Change(event.type, key, previous.mod_revision if previous is not None else 0))
        self.log.append(tuple(changes))
        self._warm.append(events)
        if len(self._warm) > 2 * WARM or self._weight > 2 * WEIGHT:
            self._cool(len(self._warm) // 2)

    def newest(self, key: bytes) -> Entry | None:
        """Return the entry of a key as it is now."""
        revision = self.index.get(key)
        return self._records.get(key, revision) if revision is not None else None

    def get(self, key: bytes, revision: int = 0) -> Entry | None:
        if revision > 0:
            for changes in self._log_after(self._readable(revision)):
                for change in changes:
                    if change.key == key:
                        return self._records.get(key, change.previous) if change.previous else None
        return self.newest(key)

    def range(
        self, key: bytes, range_end: bytes = ONE_KEY, revision: int = 0, limit: int = 0, count_only: bool = False
    ) -> RangeResult:
        undone: dict[bytes, int] = {}
        if revision > 0:
            for changes in self._log_after(self._readable(revision)):
                for change in changes:
                    if within(change.key, key, range_end):
                        undone.setdefault(change.key, change.previous)
        count, keys = self.overlaid(undone, key, range_end, limit, count_only)
        records, index = self._records, self.index
        entries = [records.get(found, undone.get(found) or index[found]) for found in keys]
        return RangeResult(entries, 0 < limit < count, count, revision if revision > 0 else self.revision)

    def items(self, key: bytes, range_end: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield the keys of a range, each with the revision of its newest entry."""
        return ((found, self.index[found]) for found in self.keys.islice(*self._positions(key, range_end)))

    def overlaid(
        self, changed: Mapping[bytes, object], key: bytes, range_end: bytes, limit: int, count_only: bool
    ) -> tuple[int, Iterable[bytes]]:
        """Return how many keys the range would have with `changed`, and which, up to `limit`.

        The keys of `changed` are all in the range; what is false there is not there.
        """
        start, stop = self._positions(key, range_end)
        replaced = sum(found in self.index for found in changed)
        added = sorted(found for found, there in changed.items() if there)
        count = stop - start - replaced + len(added)
        shown = 0 if count_only else min(count, limit) if limit > 0 else count
        if not changed:  # a page is not to cost as much as its whole range
            return count, self.keys.islice(start, start + shown)
        kept = (found for found in self.keys.islice(start, stop) if found not in changed)
        return count, islice(merge(kept, added), shown)

    def since(self, revision: int, limit: int | None = None) -> Sequence[tuple[Event, ...]]:
        """Return the events of each revision after `revision`, at most `limit` of them."""
        start = max(revision + 1, self.base)
        end = self.revision + 1 if limit is None else min(start + limit, self.revision + 1)
        warm = self.revision - len(self._warm) + 1
        told = [self._events(found) for found in range(start, min(end, warm))]
        return told + self._warm[max(start - warm, 0) : max(end - warm, 0)]

    def compact(self, revision: int) -> list[tuple[Change, ...]]:
        """Forget what only readers of older revisions can see, and return the changes up to `revision`.

        Those of `revision` itself stay for watches that start there, without what was before them.
        """
        kept = revision - self.base
        given_up = self.log[: kept + 1]
        del self.log[: max(kept, 0)]
        self._cool(max(len(self._warm) - len(self.log), 0))
        if kept >= 0:
            self.log[0] = tuple(Change(change.type, change.key, 0) for change in self.log[0])
            if len(self._warm) == len(self.log):
                self._warm[0] = tuple(Event(event.type, event.entry, None) for event in self._warm[0])
        self.compacted = revision
        return given_up

    def _cool(self, count: int) -> None:
        del self._warm[:count]
        self._weight = sum(len(event.entry.value) for events in self._warm for event in events)

    def _log_after(self, revision: int) -> Sequence[tuple[Change, ...]]:
        return self.log[max(revision + 1 - self.base, 0) :]

    def _events(self, revision: int) -> tuple[Event, ...]:
        """Return the events of a revision, made again of its changes."""
        told = []
        for type, key, previous in self.log[revision - self.base]:
            entry = tombstone(key, revision) if type is DELETE else self._records.get(key, revision)
            told.append(Event(type, entry, self._records.get(key, previous) if previous else None))
        return tuple(told)

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
            return start, start + (key in self.index)
        stop = len(self.keys) if range_end == TO_THE_END else self.keys.bisect_left(range_end)
        return start, max(start, stop)
