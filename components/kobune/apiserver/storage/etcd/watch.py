"""etcd's Watch service: many watches on one stream.

    requests ──► take ──► what is said to them  ┐
    Hub ──► Feed ──► woken watches ─────────────┼──► one writer ──► the stream
    Store ──► catching up: a Tail ──► ──────────┘

A stream that does not take its messages holds its writer up; what its watches miss meanwhile they read from the store,
and if compaction passes one by, that watch ends with the compacted revision.
"""

# ruff: noqa: N802 (the methods have their names from etcd's contract)

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import Compacted, StoreError
from kobune.apiserver.storage.etcd import wire
from kobune.apiserver.storage.etcd.feed import Batch, Hub, Selection, Tail, encode
from kobune.apiserver.storage.etcd.messages import header
from kobune.apiserver.storage.etcd.refusal import Context, status_of
from kobune.apiserver.storage.store import ONE_KEY, TO_THE_END, Store
from kobune.vendor.etcd import rpc_pb2

PROGRESS: Final = 600.0
"""Seconds between two notes of progress to a watch that asked for them."""
OF_ALL: Final = -1
"""The watch id that means "every watch of this stream", or "none"."""
FRAGMENT: Final = 3 << 19
"""From so many bytes on, the events of one revision go in several messages, to whoever can put them together."""
DUPLICATE: Final = "mvcc: duplicate watch ID provided on the WatchStream"
EMPTY: Final = "mvcc: watcher range is empty"


class Watch:
    """Opens streams."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._hub = Hub(store)

    async def Watch(self, requests: AsyncIterator[rpc_pb2.WatchRequest], context: Context) -> None:
        stream = _Stream(self._store, self._hub, self._clock, context)
        try:
            async with asyncio.TaskGroup() as tasks:
                stream.tasks = tasks
                writing = tasks.create_task(stream.write())
                async for request in requests:
                    stream.take(request)
                writing.cancel()
                stream.close()
        finally:
            stream.close()


class _Watching:
    """One watch of a stream; everything up to `sent` has been written to it."""

    __slots__ = ("_stream", "backlog", "caught_up", "feed", "id", "quiet", "request", "sent", "task")

    def __init__(self, id: int, request: rpc_pb2.WatchCreateRequest, sent: int, stream: "_Stream", hub: Hub) -> None:
        self._stream = stream
        self.id = id
        self.sent = sent
        self.request = request
        self.quiet = True
        """Whether nothing was written to it since the last note of progress."""
        self.backlog: Tail | None = None
        """What it reads before it gets to its feed."""
        self.caught_up = asyncio.Event()
        """Set whenever all of the backlog was written."""
        self.task: asyncio.Task[None] | None = None
        self.feed = hub.join(Selection.of(request), self)

    @property
    def is_behind(self) -> bool:
        """Whether its feed does not have what comes next."""
        return self.sent < self.feed.tail.start

    def wake(self) -> None:
        """Have the stream look after it."""
        self._stream.wake(self)

    def messages(self, batch: Batch) -> Iterator[bytes]:
        """Yield what to write of a batch."""
        if not self.request.fragment or len(batch.body) <= FRAGMENT:
            yield wire.watch_response(self.id, batch.revision, batch.body)
            return
        part: list[bytes] = []
        size = 0
        for event in batch.events:
            if part and size + len(event) > FRAGMENT:
                yield wire.watch_response(self.id, batch.revision, b"".join(part), fragment=True)
                part, size = [], 0
            part.append(event)
            size += len(event)
        yield wire.watch_response(self.id, batch.revision, b"".join(part))


class _Stream:
    """The watches of one stream, and its one writer."""

    def __init__(self, store: Store, hub: Hub, clock: Clock, context: Context) -> None:
        self.tasks: asyncio.TaskGroup
        self._store = store
        self._hub = hub
        self._clock = clock
        self._context = context
        self._watches: dict[int, _Watching] = {}
        self._next_id = 0
        self._said: deque[rpc_pb2.WatchResponse] = deque()
        """Answers to requests; they go before the events that come after them."""
        self._woken: dict[_Watching, None] = {}
        self._news = asyncio.Event()
        self._progress_wanted: int | None = None
        self._noting: asyncio.Task[None] | None = None

    # What the client says.

    def take(self, request: rpc_pb2.WatchRequest) -> None:
        """Do what the client asks; the writer answers."""
        match request.WhichOneof("request_union"):
            case "create_request":
                self._create(request.create_request)
            case "cancel_request":
                self._cancel(request.cancel_request.watch_id)
            case "progress_request":
                self._progress_wanted = self._store.revision
                self._news.set()

    def close(self) -> None:
        """Let go of everything."""
        for watching in self._watches.values():
            self._let_go(watching)
        self._watches.clear()
        if self._noting is not None:
            self._noting.cancel()

    def wake(self, watching: _Watching) -> None:
        """Have the writer look after a watch."""
        self._woken[watching] = None
        self._news.set()

    def _create(self, request: rpc_pb2.WatchCreateRequest) -> None:
        id = request.watch_id or self._free_id()
        wrong = self._what_is_wrong(id, request)
        if wrong:
            self._say(watch_id=OF_ALL, created=True, canceled=True, cancel_reason=wrong)
            return
        sent = request.start_revision - 1 if request.start_revision > 0 else self._store.revision
        self._say(watch_id=id, created=True)
        watching = self._watches[id] = _Watching(id, request, sent, self, self._hub)
        if sent + 1 < self._store.compacted:
            self._catch_up(watching)  # to be told so, even if the feed still has it
        self.wake(watching)
        if request.progress_notify and self._noting is None:
            self._noting = self.tasks.create_task(self._note_progress())

    def _what_is_wrong(self, id: int, request: rpc_pb2.WatchCreateRequest) -> str:
        if id in self._watches:
            return DUPLICATE
        if request.range_end not in (ONE_KEY, TO_THE_END) and (request.key or b"\0") >= request.range_end:
            return EMPTY
        return ""

    def _cancel(self, id: int) -> None:
        watching = self._watches.pop(id, None)
        if watching is not None:
            self._let_go(watching)
            self._say(watch_id=id, canceled=True)

    def _end(self, watching: _Watching, error: StoreError) -> None:
        if self._watches.pop(watching.id, None) is None:
            return
        self._hub.leave(watching.feed, watching)
        compacted = error.compacted if isinstance(error, Compacted) else 0
        self._say(watch_id=watching.id, canceled=True, cancel_reason=status_of(error)[1], compact_revision=compacted)

    def _let_go(self, watching: _Watching) -> None:
        self._hub.leave(watching.feed, watching)
        if watching.task is not None:
            watching.task.cancel()

    def _free_id(self) -> int:
        while self._next_id in self._watches:
            self._next_id += 1
        self._next_id += 1
        return self._next_id - 1

    def _say(self, **fields: Any) -> None:
        self._said.append(rpc_pb2.WatchResponse(header=header(self._store.revision), **fields))
        self._news.set()

    # What the client gets.

    async def write(self) -> None:
        """Write whatever there is, until cancelled."""
        write = self._context.write
        while True:
            await self._news.wait()
            self._news.clear()
            while self._said:
                await write(self._said.popleft())
            woken, self._woken = self._woken, {}
            for watching in woken:
                if self._watches.get(watching.id) is watching:
                    for message in self._next(watching):
                        await write(message)
            if self._progress_wanted is not None and not self._said:
                await self._tell_progress()

    def _next(self, watching: _Watching) -> Iterator[bytes]:
        """Yield what a watch gets now; if there is more, it is woken again, after all others."""
        tail = watching.backlog
        if tail is None:
            if watching.is_behind:
                self._catch_up(watching)
            if watching.task is not None:
                return
            tail = watching.feed.tail
        batch = tail.after(watching.sent)
        if batch is not None:
            watching.quiet = False
            self.wake(watching)
            yield from watching.messages(batch)
            watching.sent = max(watching.sent, batch.revision)
        elif watching.backlog is not None:
            watching.sent = max(watching.sent, tail.revision)
            watching.caught_up.set()

    def _catch_up(self, watching: _Watching) -> None:
        if watching.task is None:
            watching.task = self.tasks.create_task(self._read_up(watching))

    async def _read_up(self, watching: _Watching) -> None:
        """Read from the store until the feed has what comes next."""
        selection = watching.feed.selection
        try:
            changes_of_it = self._store.watch(selection.key, selection.range_end, after=watching.sent)
            async with aclosing(changes_of_it):
                async for changes in changes_of_it:
                    tail = watching.backlog = Tail(watching.sent, changes.revision)
                    encode(selection, tail, changes.events)
                    watching.caught_up.clear()
                    self.wake(watching)
                    await watching.caught_up.wait()
                    if watching.sent >= watching.feed.tail.start:
                        break
        except StoreError as error:
            self._end(watching, error)
        watching.backlog = watching.task = None
        self.wake(watching)

    async def _note_progress(self) -> None:
        while True:
            await self._clock.sleep(PROGRESS)
            for watching in self._watches.values():
                if watching.request.progress_notify and watching.quiet:
                    revision = self._complete(watching)
                    self._said.append(rpc_pb2.WatchResponse(header=header(revision), watch_id=watching.id))
                    self._news.set()
                watching.quiet = True

    async def _tell_progress(self) -> None:
        """Answer a request for progress as soon as every watch has been written what it asked about."""
        wanted = self._progress_wanted
        if wanted is not None and all(self._complete(watching) >= wanted for watching in self._watches.values()):
            self._progress_wanted = None
            await self._context.write(rpc_pb2.WatchResponse(header=header(wanted), watch_id=OF_ALL))

    def _complete(self, watching: _Watching) -> int:
        """Return up to where a watch has been written everything."""
        if watching.task is None and not watching.is_behind and watching.feed.tail.after(watching.sent) is None:
            return max(watching.sent, self._hub.revision)
        return watching.sent
