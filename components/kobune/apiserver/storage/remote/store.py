"""A `Store` that is a real etcd cluster.

    put/txn ──► lanes ──► etcd ──► watch ──► Mirror ──► subscribers ──► watches wake ──► the writer is answered
                                               └── reads

Several processes may work on one cluster: see `SharedStore`.
"""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final, TypeVar

import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import (
    CannotOpen,
    Compacted,
    FutureRevision,
    StoreClosed,
    StoreError,
    StoreFailed,
    StoreUnavailable,
)
from kobune.apiserver.storage.remote import feed
from kobune.apiserver.storage.remote.client import Client, connected
from kobune.apiserver.storage.remote.endpoints import Endpoints
from kobune.apiserver.storage.remote.failures import refusal, words_of
from kobune.apiserver.storage.remote.lanes import Lanes
from kobune.apiserver.storage.remote.leases import Leases
from kobune.apiserver.storage.remote.messages import touched
from kobune.apiserver.storage.remote.mirror import Mirror
from kobune.apiserver.storage.remote.writes import Writes
from kobune.apiserver.storage.store import (
    ANY,
    ONE_KEY,
    Changes,
    Compare,
    Entry,
    Event,
    LeaseStatus,
    Operation,
    RangeResult,
    Txn,
    TxnResult,
)
from kobune.vendor.etcd import rpc_pb2

START: Final = 5.0
"""Seconds that etcd has to answer when the store is opened."""
LONGEST_COMPACTION: Final = 60.0
"""Seconds that etcd has to clean up its disk, for whoever waits for that."""

T = TypeVar("T")


@asynccontextmanager
async def open_store(endpoints: Endpoints, *, clock: Clock, random: Random) -> AsyncIterator["EtcdStore"]:
    """Serve what an etcd cluster holds for the length of the `with`; `CannotOpen` says why not."""
    async with connected(endpoints, clock=clock, random=random) as client:
        try:
            mirror = await feed.load(client, START)
        except CannotOpen:
            raise
        except StoreError as error:
            raise StoreUnavailable(f"the store cannot be opened: {error}") from None
        except grpc.aio.AioRpcError as error:
            raise StoreUnavailable(f"etcd at {endpoints} turns us away: {words_of(error)}") from None
        store = EtcdStore(client, mirror, clock=clock, random=random)
        # No TaskGroup: it would wrap every error of the caller's block into a group.
        loop = asyncio.get_running_loop()
        tasks = [
            loop.create_task(store.feed.run(), name="etcd-feed"),
            loop.create_task(store.feed.watch_over(clock.sleep), name="etcd-watch-over"),
        ]
        try:
            await store.fresh()
            yield store
        finally:
            await store.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


class EtcdStore:
    """The `SharedStore` over an etcd cluster, while its feed runs."""

    def __init__(self, client: Client, mirror: Mirror, *, clock: Clock, random: Random) -> None:
        self._client = client
        self._mirror = mirror
        self._writes = Writes(client, mirror)
        self._leases = Leases(client, mirror, clock.now, lambda: random.getrandbits(62) + 1)
        self._lanes = Lanes()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._reading: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self.feed = feed.Feed(client, mirror, asyncio.get_running_loop().time)

    # What is there.

    @property
    def revision(self) -> int:
        return self._mirror.state.revision

    @property
    def compacted(self) -> int:
        return self._mirror.state.compacted

    @property
    def failed(self) -> StoreError | None:
        return self.feed.failed

    @property
    def size(self) -> int:
        return self.feed.size

    def get(self, key: bytes, *, revision: int = 0) -> Entry | None:
        return self._mirror.state.get(key, revision)

    def range(
        self, key: bytes, range_end: bytes = ONE_KEY, *, revision: int = 0, limit: int = 0, count_only: bool = False
    ) -> RangeResult:
        return self._mirror.state.range(key, range_end, revision, limit, count_only)

    def index(self, key: bytes, range_end: bytes) -> Iterator[tuple[bytes, int]]:
        return self._mirror.state.items(key, range_end)

    async def fresh(self) -> None:
        """Return when readers see everything that was acknowledged to anybody before the call."""
        # A reading that is under way may have begun too early; the one after it serves all who come meanwhile.
        if self._next is None:
            self._next = self._task(self._freshen(self._reading))
        await asyncio.shield(self._next)

    async def _freshen(self, before: asyncio.Task[None] | None) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._reading, self._next = self._next, None
        await self.feed.freshen()

    # Writes.

    async def put(self, key: bytes, value: bytes, *, expect: int = ANY, lease: int = 0) -> Entry:
        return await self._in_turn((key,), (), lambda: self._writes.put(key, value, expect, lease))

    async def delete(self, key: bytes, *, expect: int = ANY) -> Entry | None:
        return await self._in_turn((key,), (), lambda: self._writes.delete(key, expect))

    async def txn(
        self, compares: Sequence[Compare], then: Sequence[Operation], otherwise: Sequence[Operation] = ()
    ) -> TxnResult:
        txn = Txn(compares, then, otherwise)
        return await self._in_turn(*touched(txn), lambda: self._writes.txn(txn))

    # Changes as they happen.

    def subscribe(self, callback: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        return self._mirror.subscribe(callback)

    def watch(self, key: bytes, range_end: bytes = ONE_KEY, *, after: int) -> AsyncGenerator[Changes, None]:
        return self._mirror.watch(key, range_end, after)

    async def compact(self, revision: int, *, physical: bool = False) -> None:
        self._check_open()
        if revision <= self.compacted:
            raise Compacted(revision, self.compacted)
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        request = rpc_pb2.CompactionRequest(revision=revision, physical=physical)
        try:
            if physical:
                await self._client.attempt(lambda at: at.kv.Compact, request, LONGEST_COMPACTION)
            else:
                await self._client.read(lambda at: at.kv.Compact, request)  # to do it twice does no harm, either
        except grpc.aio.AioRpcError as error:
            if "compacted" not in words_of(error):  # somebody else was faster
                raise refusal(error) from None
        self._mirror.compact(revision)

    def forget(self, revision: int) -> None:
        self._mirror.compact(revision)

    # Leases.

    async def grant(self, ttl: int, *, id: int = 0) -> LeaseStatus:
        self._check_open()
        return await self._leases.grant(ttl, id)

    async def revoke(self, id: int) -> int:
        self._check_open()
        revision = await self._leases.revoke(id)
        await self._mirror.reach(revision)
        return revision

    async def keep_alive(self, id: int) -> LeaseStatus:
        self._check_open()
        return await self._leases.keep_alive(id)

    def time_to_live(self, id: int) -> LeaseStatus:
        return self._leases.time_to_live(id)

    def leases(self) -> Sequence[int]:
        return self._leases.ids()

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._mirror.close()
        await asyncio.to_thread(lambda: None)  # those who wrote get their answers before the store is gone

    # Inside.

    def _check_open(self) -> None:
        if self._mirror.failed is not None:
            raise StoreFailed(str(self._mirror.failed)) from self._mirror.failed
        if self._is_closed:
            raise StoreClosed("the store was closed")

    async def _in_turn(
        self, keys: Collection[bytes], ranges: Sequence[tuple[bytes, bytes]], write: Callable[[], Awaitable[T]]
    ) -> T:
        """Carry out a write after those before it, to its end: whoever asked for it may be cancelled meanwhile."""
        self._check_open()
        lane, before = self._lanes.enter(keys, ranges)

        async def carry_out() -> T:
            try:
                if before:
                    await asyncio.wait(before)
                return await write()
            finally:
                self._lanes.leave(lane)

        return await asyncio.shield(self._task(carry_out()))

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waits; where nobody does, nobody is to be told
