"""etcd's Watch service: many watches on one stream.

Each watch has a task that carries its changes from the store to the stream. A stream that does not take them holds the
task up; the store keeps nothing for it, and if compaction passes it by, the watch ends with the compacted revision.
"""

# ruff: noqa: N802 (the methods have their names from etcd's contract)

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import Compacted, StoreClosed
from kobune.apiserver.storage.etcd.messages import event, header
from kobune.apiserver.storage.etcd.refusal import WORDS, Context
from kobune.apiserver.storage.store import DELETE, PUT, Event, Store
from kobune.vendor.etcd import rpc_pb2

PROGRESS: Final = 600.0
"""Seconds between two notes of progress to a watch that asked for them."""
OF_ALL: Final = -1
"""The watch id that means "every watch of this stream"."""


class Watch:
    """Opens streams."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def Watch(self, requests: AsyncIterator[rpc_pb2.WatchRequest], context: Context) -> None:
        async with asyncio.TaskGroup() as tasks:
            stream = _Stream(self._store, self._clock, context, tasks)
            async for request in requests:
                await stream.take(request)
            await stream.cancel_all()


@dataclass(slots=True, eq=False)
class _Watching:
    """One watch of a stream; everything up to `sent` has been written to it."""

    request: rpc_pb2.WatchCreateRequest
    sent: int
    task: asyncio.Task[None] | None = None
    notes: asyncio.Task[None] | None = None

    def wants(self, happened: Event) -> bool:
        filters = self.request.filters
        return not (
            (happened.type is PUT and self.request.NOPUT in filters)
            or (happened.type is DELETE and self.request.NODELETE in filters)
        )

    def cancel(self) -> None:
        for task in (self.task, self.notes):
            if task is not None:
                task.cancel()


class _Stream:
    """The watches of one stream, and its one writer at a time."""

    def __init__(self, store: Store, clock: Clock, context: Context, tasks: asyncio.TaskGroup) -> None:
        self._store = store
        self._clock = clock
        self._context = context
        self._tasks = tasks
        self._watches: dict[int, _Watching] = {}
        self._next_id = 0
        self._writing = asyncio.Lock()
        self._progress_wanted: int | None = None

    async def take(self, request: rpc_pb2.WatchRequest) -> None:
        match request.WhichOneof("request_union"):
            case "create_request":
                await self._create(request.create_request)
            case "cancel_request":
                await self._cancel(request.cancel_request.watch_id)
            case "progress_request":
                self._progress_wanted = self._store.revision
                await self._tell_progress()

    async def cancel_all(self) -> None:
        async with self._writing:
            for watching in self._watches.values():
                watching.cancel()

    async def _create(self, request: rpc_pb2.WatchCreateRequest) -> None:
        id = request.watch_id or self._free_id()
        current = self._store.revision
        if id in self._watches:
            reason = "etcdserver: mvcc: duplicate watch ID provided on the watch stream"
            await self._write(
                rpc_pb2.WatchResponse(
                    header=header(current), watch_id=OF_ALL, created=True, canceled=True, cancel_reason=reason
                )
            )
            return
        after = request.start_revision - 1 if request.start_revision > 0 else current
        await self._write(rpc_pb2.WatchResponse(header=header(current), watch_id=id, created=True))
        watching = self._watches[id] = _Watching(request, after)
        watching.task = self._tasks.create_task(self._carry(id, watching))
        if request.progress_notify:
            watching.notes = self._tasks.create_task(self._note_progress(id, watching))

    async def _cancel(self, id: int) -> None:
        watching = self._watches.pop(id, None)
        if watching is not None:
            async with self._writing:  # a write must not be cut short: the stream would be broken
                watching.cancel()
            await self._write(rpc_pb2.WatchResponse(header=header(self._store.revision), watch_id=id, canceled=True))

    async def _carry(self, id: int, watching: _Watching) -> None:
        request = watching.request
        try:
            async for changes in self._store.watch(request.key or b"\0", request.range_end, after=watching.sent):
                events = [
                    event(happened, with_previous=request.prev_kv)
                    for happened in changes.events
                    if watching.wants(happened)
                ]
                if events:
                    await self._write(
                        rpc_pb2.WatchResponse(header=header(changes.revision), watch_id=id, events=events)
                    )
                watching.sent = changes.revision
                if self._progress_wanted is not None:
                    await self._tell_progress()
        except Compacted as error:
            await self._end(id, WORDS[Compacted][1], error.compacted)
        except StoreClosed:
            await self._end(id, WORDS[StoreClosed][1], 0)

    async def _end(self, id: int, reason: str, compacted: int) -> None:
        watching = self._watches.pop(id)
        if watching.notes is not None:
            async with self._writing:
                watching.notes.cancel()
        await self._write(
            rpc_pb2.WatchResponse(
                header=header(self._store.revision),
                watch_id=id,
                canceled=True,
                cancel_reason=reason,
                compact_revision=compacted,
            )
        )

    async def _note_progress(self, id: int, watching: _Watching) -> None:
        while True:
            before = watching.sent
            await self._clock.sleep(PROGRESS)
            if watching.sent == before:
                await self._write(rpc_pb2.WatchResponse(header=header(watching.sent), watch_id=id))

    async def _tell_progress(self) -> None:
        """Answer a request for progress as soon as every watch has been written what it asked about."""
        wanted = self._progress_wanted
        if wanted is not None and all(watching.sent >= wanted for watching in self._watches.values()):
            self._progress_wanted = None
            await self._write(rpc_pb2.WatchResponse(header=header(wanted), watch_id=OF_ALL))

    async def _write(self, response: rpc_pb2.WatchResponse) -> None:
        async with self._writing:
            await self._context.write(response)

    def _free_id(self) -> int:
        while self._next_id in self._watches:
            self._next_id += 1
        self._next_id += 1
        return self._next_id - 1
