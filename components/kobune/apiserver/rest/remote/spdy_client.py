"""The client of a command, at the other end of a SPDY session: one stream for each of the command's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from kobune.apimachinery.errors import BadRequest
from kobune.apiserver.rest.remote.sockets import in_version, size_of
from kobune.apiserver.rest.spdy.frames import Ping
from kobune.apiserver.rest.spdy.session import Session, Stream
from kobune.node.v1 import ExecInput, ExecOutput

PROTOCOLS: Final = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
RESIZING: Final = PROTOCOLS[:2]
OPEN_SECONDS: Final = 30.0
LINE_LIMIT: Final = 1024


class SpdyClient:
    """Whoever runs a command over a SPDY session."""

    def __init__(self, session: Session, protocol: str) -> None:
        self._session = session
        self._protocol = "v4.channel.k8s.io" if protocol == "v4.channel.k8s.io" else ""
        self._streams: dict[str, Stream] = {}
        self._arriving = session.streams()

    async def gather(self, names: set[str]) -> None:
        """Wait until the client has opened its streams; `BadRequest` if it does not in time."""
        with suppress(TimeoutError, StopAsyncIteration):
            async with asyncio.timeout(OPEN_SECONDS):
                while not names <= set(self._streams):
                    stream = await anext(self._arriving)
                    self._streams[stream.headers.get("streamtype", "")] = stream
                return
        raise BadRequest("timed out waiting for client to create streams")

    async def inputs(self) -> AsyncIterator[ExecInput]:
        """Yield what is said, until they leave."""
        queue: asyncio.Queue[ExecInput | None] = asyncio.Queue(1)
        works = [self._leaving(queue)]
        if "stdin" in self._streams:
            works.append(_typed(self._streams["stdin"], queue))
        if "resize" in self._streams:
            works.append(_resized(self._streams["resize"], queue))
        tasks = [asyncio.create_task(work) for work in works]
        try:
            while (one := await queue.get()) is not None:
                yield one
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, output: ExecOutput) -> None:
        """Send what the command says; in the end, close its streams."""
        for name, data in (("stdout", output.stdout), ("stderr", output.stderr)):
            if data and name in self._streams:
                await self._streams[name].write(data)
        if output.HasField("status"):
            if status := in_version(output.status, self._protocol):
                await self._streams["error"].write(status)
            for name in ("error", "stdout", "stderr"):
                if name in self._streams:
                    await self._streams[name].close()

    async def check(self) -> None:
        """Raise `ConnectionError` if they left."""
        await self._session.send(Ping(2))

    async def _leaving(self, queue: "asyncio.Queue[ExecInput | None]") -> None:
        # Reading on is what brings the data of the streams that are there.
        async for stream in self._arriving:
            await stream.close()
        await queue.put(None)


async def _typed(stream: Stream, queue: "asyncio.Queue[Any]") -> None:
    while data := await stream.read():
        await queue.put(ExecInput(stdin=data))
    await queue.put(ExecInput(stdin_closed=True))


async def _resized(stream: Stream, queue: "asyncio.Queue[Any]") -> None:
    waiting = b""
    while data := await stream.read():
        *lines, waiting = (waiting + data)[-LINE_LIMIT:].replace(b"}", b"}\n").split(b"\n")
        for line in lines:
            if (size := size_of(line)) is not None:
                await queue.put(size)
