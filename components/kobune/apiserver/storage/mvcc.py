"""The store that runs in this process: decides writes on the event loop and hands them to a committer.

    put/txn ── decided against ──► State (durable) + pending (in flight)
                   │
                   └─► Committer ── durable ──► State.apply ──► subscribers ──► watches wake ──► the writer is answered

What readers and writers see is promised in `Store`. LevelDB and memory differ in the disk and the committer only.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.audience import Audience
from kobune.apiserver.storage.commit import Chore, Commit, CommitterOf, CommitThread
from kobune.apiserver.storage.disk import Disk
from kobune.apiserver.storage.draft import Draft, successor
from kobune.apiserver.storage.errors import (
    Compacted,
    FutureRevision,
    LeaseNotFound,
    RevisionConflict,
    StoreClosed,
    StoreDamaged,
    StoreError,
    StoreFailed,
)
from kobune.apiserver.storage.lease import Leases
from kobune.apiserver.storage.records import Records
from kobune.apiserver.storage.rows import Change, Loaded, Row, compacted_rows, lease_rows, obsolete_rows, record_row
from kobune.apiserver.storage.state import State
from kobune.apiserver.storage.store import (
    ANY,
    DELETE,
    ONE_KEY,
    PUT,
    Changes,
    Compare,
    Delete,
    Entry,
    Event,
    LeaseStatus,
    Operation,
    RangeResult,
    Store,
    Txn,
    TxnResult,
    tombstone,
)

logger = logging.getLogger(__name__)

LEASE_CHECK: Final = 0.5
"""Seconds between two looks for leases that ran out, as in etcd."""
GARBAGE: Final = 50_000
"""After how many compacted revisions their space on the disk is given back without anybody asking."""


class MvccStore:
    """A `Store` that keeps its keys in the memory of this process, and its values on a disk."""

    def __init__(
        self, *, clock: Clock, random: Random, disk: Disk, committer: CommitterOf = CommitThread, loaded: Loaded
    ) -> None:
        """Begin with what the disk holds."""
        self._clock = clock
        self._random = random
        self._disk = disk
        self._state = State(Records(disk, damaged=self._cannot_read), loaded)
        self._leases = Leases()
        self._pending: dict[bytes, Entry] = {}
        self._in_flight = 0
        self._decided = loaded.revision
        self._compacting = loaded.compacted
        self._reclaiming: asyncio.Future[None] | None = None
        self._garbage = 0
        self._audience = Audience(self._state)
        self._leased = asyncio.Event()
        self._failed: StoreError | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        for id, ttl in loaded.leases.items():
            self._leases.grant(id, ttl, clock.now())
        for key, lease in loaded.leased.items():
            self._leases.attach(lease, key)
        self._committer = committer(disk, self._committed, self._loop)
        if loaded.obsolete:
            self._committer.clean_up(
                Chore(iter([[(row, None)] for row in loaded.obsolete]), self._loop.create_future())
            )

    # What is there.

    @property
    def revision(self) -> int:
        return self._state.revision

    @property
    def compacted(self) -> int:
        return self._state.compacted

    @property
    def failed(self) -> StoreError | None:
        return self._failed

    @property
    def size(self) -> int:
        return 0 if self._closed else self._disk.size()

    def get(self, key: bytes, *, revision: int = 0) -> Entry | None:
        return self._state.get(key, revision)

    def range(
        self, key: bytes, range_end: bytes = ONE_KEY, *, revision: int = 0, limit: int = 0, count_only: bool = False
    ) -> RangeResult:
        return self._state.range(key, range_end, revision, limit, count_only)

    def index(self, key: bytes, range_end: bytes) -> Iterator[tuple[bytes, int]]:
        return self._state.items(key, range_end)

    # Writes: everything before the first `await` of each is the decision.

    async def put(self, key: bytes, value: bytes, *, expect: int = ANY, lease: int = 0) -> Entry:
        self._check_open()
        current = await self._expected(key, expect) if expect != ANY else self._newest(key)
        if lease and lease not in self._leases:
            await self._settle()
            raise LeaseNotFound(lease)
        entry = successor(current, key, value, self._decided + 1, lease)
        await self._commit((Event(PUT, entry, current),))
        return entry

    async def delete(self, key: bytes, *, expect: int = ANY) -> Entry | None:
        self._check_open()
        current = await self._expected(key, expect) if expect != ANY else self._newest(key)
        if current is None:
            await self._settle()
            return None
        await self._commit((Event(DELETE, tombstone(key, self._decided + 1), current),))
        return current

    async def txn(
        self, compares: Sequence[Compare], then: Sequence[Operation], otherwise: Sequence[Operation] = ()
    ) -> TxnResult:
        self._check_open()
        draft = Draft(self._state, self._pending, self._leases, self._decided + 1)
        try:
            result = draft.run(Txn(compares, then, otherwise))
        except StoreError:
            await self._settle()
            raise
        if draft.events:
            await self._commit(tuple(draft.events))
        else:
            await self._settle()
        return result

    # Changes as they happen.

    def subscribe(self, callback: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        return self._audience.subscribe(callback)

    def watch(self, key: bytes, range_end: bytes = ONE_KEY, *, after: int) -> AsyncGenerator[Changes, None]:
        return self._audience.watch(key, range_end, after)

    async def compact(self, revision: int, *, physical: bool = False) -> None:
        self._check_open()
        if revision <= self._compacting:
            raise Compacted(revision, self._compacting)
        if revision > self._state.revision:
            raise FutureRevision(revision, self._state.revision)
        self._compacting = revision
        cleaned = self._loop.create_future()

        def forget() -> None:
            given_up = self._state.compact(revision)
            self._committer.clean_up(Chore(_consume(given_up, revision), cleaned))
            self._garbage += len(given_up)

        await self._commit((), rows=compacted_rows(revision), then=forget)
        if physical or self._garbage > GARBAGE:
            await asyncio.shield(cleaned)
            await self.reclaim()

    async def reclaim(self) -> None:
        """Give the space of compacted revisions back, and return when that is done."""
        if self._reclaiming is None or self._reclaiming.done():
            self._garbage = 0
            work = asyncio.to_thread(self._disk.reclaim, record_row(self._state.compacted, b""))
            self._reclaiming = asyncio.ensure_future(work)
        await asyncio.shield(self._reclaiming)

    # Leases.

    async def grant(self, ttl: int, *, id: int = 0) -> LeaseStatus:
        self._check_open()
        while not id:
            chosen = self._random.getrandbits(62)
            id = 0 if chosen in self._leases else chosen
        lease = self._leases.grant(id, ttl, self._clock.now(), durable=False)

        def visible() -> None:
            lease.durable = True
            self._leased.set()

        await self._commit((), rows=lease_rows(id, lease.ttl), then=visible)
        return self._leases.status(lease, self._clock.now(), self._state.newest)

    async def revoke(self, id: int) -> int:
        self._check_open()
        keys = sorted(self._leases.get(id).keys)
        draft = Draft(self._state, self._pending, self._leases, self._decided + 1)
        for key in keys:
            draft.delete(Delete(key))
        self._leases.remove(id)
        revision = self._decided + bool(draft.events)
        await self._commit(tuple(draft.events), rows=lease_rows(id, None))
        return revision

    async def keep_alive(self, id: int) -> LeaseStatus:
        self._check_open()
        lease = self._leases.get(id)
        lease.expires = self._clock.now() + lease.ttl
        return self._leases.status(lease, self._clock.now(), self._state.newest)

    def time_to_live(self, id: int) -> LeaseStatus:
        return self._leases.status(self._leases.get(id), self._clock.now(), self._state.newest)

    def leases(self) -> Sequence[int]:
        return self._leases.ids()

    async def expire_leases(self) -> None:
        """Revoke leases as they run out, until cancelled or the store takes no more writes."""
        while self._failed is None and not self._closed:
            if not len(self._leases):
                self._leased.clear()
                await self._leased.wait()
            for id in self._leases.expired(self._clock.now()):
                with suppress(LeaseNotFound, StoreClosed, StoreFailed):  # somebody may have been faster
                    await self.revoke(id)
                    logger.debug("store: lease %x ran out", id)
            await self._clock.sleep(LEASE_CHECK)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with suppress(StoreFailed):
            await self._settle()
        if self._reclaiming is not None:
            await asyncio.wait([self._reclaiming])
        await asyncio.to_thread(self._committer.close)
        self._disk.close()
        self._audience.leave()

    # Inside.

    def _newest(self, key: bytes) -> Entry | None:
        """Return the entry as writers see it."""
        pending = self._pending.get(key)
        if pending is None:
            return self._state.newest(key)
        return pending if pending.version else None

    async def _expected(self, key: bytes, expect: int) -> Entry | None:
        current = self._newest(key)
        if expect != (current.mod_revision if current is not None else 0):
            await self._settle()
            raise RevisionConflict(key, expect, current)
        return current

    def _check_open(self) -> None:
        if self._failed is not None:
            raise StoreFailed(str(self._failed)) from self._failed
        if self._closed:
            raise StoreClosed("the store was closed")

    async def _settle(self) -> None:
        """Return when everything decided so far is durable."""
        if self._in_flight:
            await self._commit(())

    async def _commit(
        self, events: tuple[Event, ...], rows: Sequence[Row] = (), then: Callable[[], None] | None = None
    ) -> None:
        if events:
            self._decided += 1
            for event in events:
                self._pending[event.entry.key] = event.entry
                if event.entry.lease or (event.previous is not None and event.previous.lease):
                    self._leases.follow((event,))
        done: asyncio.Future[None] = self._loop.create_future()
        self._in_flight += 1
        self._committer.submit(Commit(events, done, rows, then))
        await done

    def _committed(self, commits: Sequence[Commit], error: BaseException | None) -> None:
        """Show what has become durable to everyone, and answer."""
        self._in_flight -= len(commits)
        if error is not None:
            self._fail(f"cannot write to the disk: {error}", error)
        else:
            try:
                self._show(commits)
            except Exception as broken:  # a bug; nobody may wait forever for its answer
                logger.exception("store: durable writes could not be shown")
                self._fail(f"durable writes could not be shown: {broken!r}", broken)
                error = broken
        for commit in commits:
            if commit.done.done():
                continue  # a writer that was cancelled waits no more
            if error is None:
                commit.done.set_result(None)
            else:
                commit.done.set_exception(StoreFailed(str(self._failed)))

    def _show(self, commits: Sequence[Commit]) -> None:
        happened: list[Event] = []
        for commit in commits:
            if commit.events:
                self._state.apply(commit.events)
                happened += commit.events
                for event in commit.events:
                    if self._pending.get(event.entry.key) is event.entry:
                        del self._pending[event.entry.key]
            if commit.then is not None:
                commit.then()
        for error in self._audience.tell(happened) if happened else ():
            self._fail(f"a subscriber lost events: {error!r}", error)

    def _cannot_read(self, error: StoreDamaged) -> StoreFailed:
        """Take no more writes: what is there may not be what was acknowledged."""
        self._fail(f"cannot read from the disk: {error}", error)
        return StoreFailed(str(self._failed))

    def _fail(self, why: str, cause: BaseException) -> None:
        if self._failed is None:
            logger.error("store: takes no more writes: %s", why)
            self._failed = StoreFailed(why)
            self._failed.__cause__ = cause


def _consume(given_up: list[tuple[Change, ...]], compacted: int) -> Iterator[Sequence[Row]]:
    """Yield the deletions that go with each revision, and let go of it: freeing 100,000 at once would take long."""
    revision = compacted - len(given_up)
    given_up.reverse()
    while given_up:
        revision += 1
        yield [(row, None) for row in obsolete_rows(given_up.pop(), revision, compacted)]


@asynccontextmanager
async def running(store: MvccStore) -> AsyncIterator[Store]:
    """Keep a started store's leases for the length of a `with`, then close it."""
    # No TaskGroup: it would wrap every error of the caller's block into a group.
    keeper = asyncio.get_running_loop().create_task(store.expire_leases(), name="store-leases")
    try:
        yield store
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])
        await store.close()
