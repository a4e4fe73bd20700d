"""Keeps the mirror fed: one watch of everything, begun again wherever it breaks off.

load ──► follow ──(connection lost, no leader, stuck)──► follow at another member, from where it was
           └──(history is compacted)──► load again, and tell what has changed
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import grpc.aio

from kobune.apiserver.storage.errors import Compacted, StoreError, StoreFailed, Unreachable
from kobune.apiserver.storage.remote.client import LEADER, Client, Member
from kobune.apiserver.storage.remote.failures import refusal, words_of
from kobune.apiserver.storage.remote.messages import entry_of
from kobune.apiserver.storage.remote.mirror import LeftOut, Mirror
from kobune.apiserver.storage.store import FIRST_REVISION, Entry
from kobune.vendor.etcd import rpc_pb2

log = logging.getLogger(__name__)

PAGE: Final = 2000
"""How many entries are loaded at once."""
HISTORY: Final = 100_000
"""How many changes are taken over at the start: what is older counts as compacted."""
STUCK: Final = 3.0
"""Seconds that the watch may be behind what etcd says it has, before another one is tried."""
CHECK: Final = 5.0
"""Seconds between two looks whether it is."""
TOLD_AFTER: Final = 2.0
"""Seconds without a watch after which the store says that it is not well."""
EVERYTHING: Final = b"\0"


class Lost(Exception):
    """The watch has ended."""


async def load(client: Client, patience: float) -> Mirror:
    """Return a mirror of what etcd holds and remembers, to be brought up to date by the feed."""
    while True:
        newest = await client.revision(patience=patience)
        oldest = await _oldest(client, max(newest - HISTORY, FIRST_REVISION), newest)
        if oldest == FIRST_REVISION:
            return Mirror((), oldest, 0)
        try:
            entries, _ = await _entries(client, oldest)
        except Compacted:
            continue
        return Mirror(entries, oldest, oldest)


class Feed:
    """The task that keeps a mirror up to date."""

    def __init__(self, client: Client, mirror: Mirror, now: Callable[[], float]) -> None:
        self._client = client
        self._mirror = mirror
        self._now = now
        self._call: grpc.aio.StreamStreamCall[rpc_pb2.WatchRequest, rpc_pb2.WatchResponse] | None = None
        self._lost: tuple[float, str] | None = None
        """Since when there is no watch, and why."""
        self.size = 0
        """Of etcd's database, in bytes."""

    @property
    def failed(self) -> StoreError | None:
        """Why the mirror is behind, if it is."""
        if self._mirror.failed is not None or self._lost is None:
            return self._mirror.failed
        since, why = self._lost
        if self._now() - since < TOLD_AFTER:
            return None
        return Unreachable(f"etcd at {self._client.endpoints} cannot be reached: {why}")

    async def run(self) -> None:
        """Follow until cancelled, or until the mirror can never be right again."""
        trying = self._client.patience()
        while self._mirror.failed is None:
            member, before = self._client.member, self._mirror.state.revision
            why = ""
            try:
                await self._follow(member)
            except StoreFailed as error:
                self._mirror.fail(str(error))
            except (Lost, LeftOut, StoreError) as error:
                why = str(error)
            except grpc.aio.AioRpcError as error:
                why = words_of(error)
            if self._lost is None:
                log.info("store: the watch at %s has ended: %s", member.address, why)
                self._lost = (self._now(), why)
            self._client.avoid(member)
            if self._mirror.state.revision > before:
                trying = self._client.patience()
            await trying.pause()

    async def watch_over(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Begin the watch anew whenever it is stuck, until cancelled."""
        while True:
            await sleep(CHECK)
            with suppress(StoreError, grpc.aio.AioRpcError):
                await self.freshen()
                status = await self._client.attempt(lambda at: at.maintenance.Status, rpc_pb2.StatusRequest())
                self.size = status.dbSize

    async def freshen(self) -> None:
        """Return when the mirror has everything that etcd had acknowledged to anybody before the call."""
        seen = self._mirror.state.revision
        revision = await self._client.revision()
        if revision < seen:
            # Nobody may take for lost what somebody was told is kept.
            self._mirror.fail(f"etcd went back to revision {revision} after {seen}: was it restored from a snapshot?")
        while True:
            try:
                async with asyncio.timeout(STUCK):
                    await self._mirror.reach(revision)
                    return
            except TimeoutError:
                log.warning("store: the watch is behind revision %d", revision)
                self.begin_anew()

    def begin_anew(self) -> None:
        """Give up the watch: another one follows."""
        if self._call is not None:
            self._call.cancel()

    async def _follow(self, member: Member) -> None:
        mirror = self._mirror
        call = self._call = member.watch.Watch(metadata=LEADER)
        try:
            wanted = rpc_pb2.WatchCreateRequest(
                key=EVERYTHING,
                range_end=EVERYTHING,
                start_revision=mirror.state.revision + 1,
                progress_notify=True,
            )
            await call.write(rpc_pb2.WatchRequest(create_request=wanted))
            async for response in call:
                if response.created:
                    self._client.check(member, response.header)
                    self._lost = None
                if response.compact_revision:
                    await self._catch_up()
                    return
                if response.canceled:
                    raise Lost(response.cancel_reason or "etcd has ended it")
                mirror.take(response.events)
        except asyncio.CancelledError:
            if not call.cancelled() or (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise Lost("it was stuck") from None
        finally:
            call.cancel()
        raise Lost("etcd has ended it")

    async def _catch_up(self) -> None:
        """Bring the mirror up to date where the changes are gone."""
        log.warning("store: etcd has compacted what was not seen yet, after revision %d", self._mirror.state.revision)
        entries, revision = await _entries(self._client, 0)
        self._mirror.replace(entries, revision)


async def _oldest(client: Client, low: int, high: int) -> int:
    """Return the oldest revision from `low` to `high` that can still be read."""
    # Like this because etcd tells nobody up to where it is compacted before they have asked for too much.
    if await _is_readable(client, low):
        return low
    while low + 1 < high:
        middle = (low + high) // 2
        if await _is_readable(client, middle):
            high = middle
        else:
            low = middle
    return high


async def _is_readable(client: Client, revision: int) -> bool:
    request = rpc_pb2.RangeRequest(key=EVERYTHING, revision=revision, count_only=True)
    try:
        await client.read(lambda at: at.kv.Range, request)
    except grpc.aio.AioRpcError as error:
        if "compacted" not in words_of(error):
            raise refusal(error) from None
        return False
    return True


async def _entries(client: Client, revision: int) -> tuple[list[Entry], int]:
    """Return everything there is at a revision (0 for now), and the revision; `Compacted` if it is gone."""
    entries: list[Entry] = []
    key, more = EVERYTHING, True
    while more:
        request = rpc_pb2.RangeRequest(key=key, range_end=EVERYTHING, revision=revision, limit=PAGE)
        try:
            response: rpc_pb2.RangeResponse = await client.read(lambda at: at.kv.Range, request)
        except grpc.aio.AioRpcError as error:
            if "compacted" in words_of(error):
                raise Compacted(revision, revision) from None
            raise refusal(error) from None
        revision = revision or response.header.revision
        entries += map(entry_of, response.kvs)
        more = response.more
        if response.kvs:
            key = response.kvs[-1].key + b"\0"
    return entries, revision
