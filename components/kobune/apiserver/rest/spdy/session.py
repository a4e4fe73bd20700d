"""One side of a SPDY/3.1 session: the one that others open streams to.

There are no windows, because clients of the API know none: a stream whose data nobody takes holds up the others, and in
the end the client.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from typing import Final, Protocol

from kobune.apiserver.rest.spdy import frames

MOST_STREAMS: Final = 4096
KEPT: Final = 1 << 18
"""Bytes of a stream that wait to be taken before nothing more is read."""
STALLED: Final = 5.0
"""Seconds after which it is checked whether somebody is still there."""


class Tunnel(Protocol):
    """A connection."""

    async def read(self) -> bytes:
        """Return what came in; empty at the end."""

    async def write(self, data: bytes) -> None:
        """Send; waits for a slow peer, raises `ConnectionError` for one that left."""


class Stream:
    """A stream that the client opened, and that was accepted."""

    def __init__(self, session: "Session", id: int, headers: frames.Fields, *, fin: bool) -> None:
        self.headers = headers
        self.id = id
        self._session = session
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = fin
        self._closed = False
        self._changed = asyncio.Event()

    async def read(self) -> bytes:
        """Return what the client sent; empty if it will send nothing more."""
        while not self._pieces and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        self._size -= len(piece)
        self._changed.set()
        return piece

    async def write(self, data: bytes) -> None:
        """Send data."""
        if not self._closed:
            await self._session.send(frames.Data(self.id, data))

    async def close(self) -> None:
        """Say that nothing more is sent."""
        if not self._closed:
            self._closed = True
            await self._session.send(frames.Data(self.id, b"", fin=True))
            self._session.forget(self)

    @property
    def is_over(self) -> bool:
        """Whether neither side sends anything more."""
        return self._closed and self._ended

    async def take(self, piece: bytes, *, fin: bool) -> None:
        """Keep what came in; waits while there is too much."""
        if piece and not self._closed:
            self._pieces.append(piece)
            self._size += len(piece)
        if fin:
            self._ended = True
        self._changed.set()
        while self._size > KEPT and not self._closed:
            self._changed.clear()
            await self._session.patiently(self._changed.wait())

    def reset(self) -> None:
        """Take it that the client has no more interest."""
        self._ended = self._closed = True
        self._pieces.clear()
        self._size = 0
        self._changed.set()


class Session:
    """Accepts streams from whoever is at the other end of a tunnel."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel
        self._encoder = frames.Encoder()
        self._streams: dict[int, Stream] = {}

    async def streams(self) -> AsyncIterator[Stream]:
        """Yield the streams that are opened, until the other side leaves. Nothing is read unless this is iterated."""
        decoder = frames.Decoder()
        try:
            while data := await self._tunnel.read():
                for frame in decoder.feed(data):
                    stream = await self._heard(frame)
                    if stream is not None:
                        yield stream
        except (frames.Broken, ConnectionError):
            pass
        finally:
            for stream in self._streams.values():
                stream.reset()

    async def send(self, frame: frames.Frame) -> None:
        """Send a frame."""
        await self._tunnel.write(self._encoder.encode(frame))

    def forget(self, stream: Stream) -> None:
        """Drop a stream that is over."""
        if stream.is_over:
            self._streams.pop(stream.id, None)

    async def patiently(self, work: Awaitable[object]) -> None:
        """Wait for something, and now and then look whether the other side is still there."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait([task], timeout=STALLED))[0]:
                await self.send(frames.Ping(2))
        finally:
            task.cancel()

    async def _heard(self, frame: frames.Frame) -> Stream | None:
        match frame:
            case frames.SynStream(id, headers, fin):
                if id in self._streams or id % 2 == 0 or len(self._streams) >= MOST_STREAMS:
                    await self.send(frames.Reset(id, 1 if id % 2 == 0 else 3))
                    return None
                stream = self._streams[id] = Stream(self, id, headers, fin=fin)
                await self.send(frames.SynReply(id))
                return stream
            case frames.Data(id, data, fin):
                known = self._streams.get(id)
                if known is not None:
                    await known.take(data, fin=fin)
                    self.forget(known)
            case frames.Reset(id):
                known = self._streams.pop(id, None)
                if known is not None:
                    known.reset()
            case frames.Ping(id) if id % 2:
                await self.send(frame)
        return None
