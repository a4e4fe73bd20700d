"""What etcd holds, kept in this process: fed with etcd's events in order, and read instead of etcd.

It begins with what there was at some revision, and has every change since.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Final

from kobune.apiserver.storage.errors import Compacted, StoreClosed, StoreError, StoreFailed
from kobune.apiserver.storage.records import Records
from kobune.apiserver.storage.remote.messages import by_revision, event_of
from kobune.apiserver.storage.rows import Change, Loaded
from kobune.apiserver.storage.state import State
from kobune.apiserver.storage.store import (
    DELETE,
    FIRST_REVISION,
    PUT,
    Changes,
    Entry,
    Event,
    tombstone,
    within,
)
from kobune.vendor.etcd import mvcc_pb2

log = logging.getLogger(__name__)

WATCH_STEP: Final = 1000
"""How many revisions a watch takes in at once."""

Subscriber = Callable[[Sequence[Event]], None]


class LeftOut(Exception):
    """A change is missing: whoever went on without it would have a hole."""


class HeldRecords(Records):
    """Entries that are all in memory, until compaction gives them up."""

    def __init__(self) -> None:
        self._held: dict[tuple[bytes, int], Entry] = {}

    def get(self, key: bytes, revision: int) -> Entry:
        return self._held[key, revision]

    def add(self, entry: Entry) -> None:
        self._held[entry.key, entry.mod_revision] = entry

    def drop(self, key: bytes) -> None:
        """Deleted entries can still be read as they were."""

    def give_up(self, changes: Iterable[Change]) -> None:
        """Keep no longer what these changes have replaced."""
        for change in changes:
            if change.previous:
                self._held.pop((change.key, change.previous), None)


class Mirror:
    """The state of the store, who is told of its changes, and who waits for them."""

    def __init__(self, entries: Sequence[Entry], revision: int, compacted: int) -> None:
        """Begin with the entries of a revision, in the order of their keys; what was before it is not known."""
        self._records = HeldRecords()
        for entry in entries:
            self._records.add(entry)
        index = {entry.key: entry.mod_revision for entry in entries}
        self.state = State(self._records, Loaded(revision, compacted, index))
        self._oldest = revision if revision > FIRST_REVISION else 0
        """Changes after this revision are known."""
        self._by_lease: dict[int, set[bytes]] = {}
        for entry in entries:
            self._attach(entry)
        self._subscribers: list[Subscriber] = []
        self._changed = asyncio.Event()
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._is_closed = False
        self.failed: StoreError | None = None
        """Why what is here is no longer what etcd has, if so."""

    # Taking in.

    def take(self, events: Iterable[mvcc_pb2.Event]) -> None:
        """Take in what etcd tells: whole revisions, in order. What is known already is skipped.

        Raises `LeftOut`, having taken in what is before it, where a revision is missing.
        """
        state = self.state
        happened: list[Event] = []
        for revision, told in by_revision(events):
            if revision <= state.revision:
                continue
            if revision != state.revision + 1:
                self._show(happened)
                raise LeftOut(f"etcd has left out revision {state.revision + 1}")
            steps = tuple(event_of(event, state.newest(event.kv.key)) for event in told)
            happened += self._apply(revision, steps)
        self._show(happened)

    def replace(self, entries: Sequence[Entry], revision: int) -> None:
        """Become what etcd has at a revision, though the changes between are gone: tell what they come to.

        Whoever reads or follows what was before finds that it is compacted.
        """
        happened: list[Event] = []
        for at, events in differences(self._entries(), entries, revision):
            happened += self._apply(at, events)
        if self.state.revision < revision:
            self._apply(revision, ())
        self.compact(revision)
        self._show(happened)

    def compact(self, revision: int) -> None:
        """Forget what only readers of older revisions can see."""
        if self.state.compacted < revision <= self.state.revision:
            for changes in self.state.compact(revision):
                self._records.give_up(changes)
            self._wake()

    def fail(self, why: str) -> None:
        """Note that the mirror is wrong from now on."""
        if self.failed is None:
            log.error("store: takes no more writes: %s", why)
            self.failed = StoreFailed(why)
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_exception(StoreFailed(why))

    def close(self) -> None:
        """End the watches, once they have shown everything."""
        self._is_closed = True
        self._wake()

    # Reading.

    def keys_of(self, lease: int) -> Sequence[bytes]:
        return sorted(self._by_lease.get(lease, ()))

    def after(self, key: bytes, revision: int, since: int) -> Event | None:
        """Return the change of a key past revision `since` that found it at `revision`, 0 for absent."""
        for events in self.state.since(max(since, self._oldest)):
            for event in events:
                found = event.previous.mod_revision if event.previous is not None else 0
                if event.entry.key == key and found == revision:
                    return event
        return None

    async def reach(self, revision: int) -> None:
        """Return when everything up to a revision is here; `StoreFailed` if that will never be."""
        if self.state.revision >= revision:
            return
        if self.failed is not None:
            raise StoreFailed(str(self.failed))
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = revision
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    async def watch(self, key: bytes, range_end: bytes, after: int) -> AsyncGenerator[Changes, None]:
        state = self.state
        while True:
            if after + 1 < state.compacted or after < self._oldest:
                raise Compacted(after + 1, max(state.compacted, self._oldest + 1))
            steps = state.since(after, WATCH_STEP) if after < state.revision else ()
            if steps:
                after += len(steps)
                found = [event for events in steps for event in events if within(event.entry.key, key, range_end)]
                yield Changes(after, found)
            elif self._is_closed:
                raise StoreClosed("the store was closed")
            else:
                await self._changed.wait()

    # Inside.

    def _entries(self) -> Sequence[Entry]:
        return [self._records.get(key, revision) for key, revision in self.state.index.items()]

    def _apply(self, revision: int, events: tuple[Event, ...]) -> tuple[Event, ...]:
        state = self.state
        while state.revision < revision - 1:  # those that did not leave anything
            state.apply(())
        state.apply(events)
        for event in events:
            if event.previous is not None and event.previous.lease:
                self._by_lease[event.previous.lease].discard(event.entry.key)
                if not self._by_lease[event.previous.lease]:
                    del self._by_lease[event.previous.lease]
            self._attach(event.entry)
        return events

    def _attach(self, entry: Entry) -> None:
        if entry.lease:
            self._by_lease.setdefault(entry.lease, set()).add(entry.key)

    def _show(self, happened: Sequence[Event]) -> None:
        """Tell everyone: subscribers first, then writers and watches."""
        if happened:
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(happened)
                except Exception as error:
                    log.exception("store: a subscriber lost events")
                    self.fail(f"a subscriber lost events: {error!r}")
        for waiter, revision in tuple(self._waiting.items()):
            if revision <= self.state.revision and not waiter.done():
                waiter.set_result(None)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed.clear()


def differences(before: Iterable[Entry], after: Iterable[Entry], revision: int) -> list[tuple[int, tuple[Event, ...]]]:
    """Return what leads from one set of entries to a later one, by revision, in order.

    Each entry comes at the revision that wrote it. When the others went is not known: they go last, at `revision`.
    """
    known = {entry.key: entry for entry in before}
    found: dict[int, list[Event]] = {}
    for entry in after:
        previous = known.pop(entry.key, None)
        if previous is not None and previous.create_revision != entry.create_revision:
            before_it = entry.create_revision - 1
            found.setdefault(before_it, []).append(Event(DELETE, tombstone(entry.key, before_it), previous))
            previous = None
        if previous is None or previous.mod_revision != entry.mod_revision:
            found.setdefault(entry.mod_revision, []).append(Event(PUT, entry, previous))
    for gone in known.values():
        found.setdefault(revision, []).append(Event(DELETE, tombstone(gone.key, revision), gone))
    return [(at, tuple(found[at])) for at in sorted(found)]
