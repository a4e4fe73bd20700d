"""The other end of a command's streams: a WebSocket of channels, with a terminal in between if one is wanted."""

import asyncio
from contextlib import suppress
from typing import Final

import orjson
from aiohttp import WSMsgType, web

from kobune.apimachinery import channels
from kobune.kubelet.runtimes.simulated.terminal import LineDiscipline, shown

MOST_WAITING: Final = 16
"""Messages of input that are kept for a program that does not read."""
STALLED: Final = 5.0
"""Seconds after which it is checked whether somebody is still there who has more to say than is read."""


class Conversation:
    """What a program says goes out; what comes in is there to be read."""

    def __init__(self, socket: web.WebSocketResponse, *, tty: bool, stdin: bool) -> None:
        self.size = (80, 24)
        """Columns and rows of the client's terminal."""
        self._socket = socket
        self._stdin = stdin
        self._terminal = LineDiscipline() if tty else None
        self._input: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self._ended = not stdin

    async def read(self) -> bytes:
        """Return some input; empty at its end."""
        if self._ended and self._input.empty():
            return b""
        data = await self._input.get()
        if not data:
            self._ended = True
        return data

    async def write(self, stream: int, data: bytes) -> None:
        """Send what a program says; waits for a client that does not read."""
        if self._terminal is not None:
            stream, data = 1, shown(data)
        await self._socket.send_bytes(channels.pack(stream, data))

    async def end(self, status: bytes) -> None:
        """Say how it ended, and goodbye."""
        await self._socket.send_bytes(channels.pack(channels.ERROR, status))
        await self._socket.close()

    async def listen(self) -> None:
        """Take in what the client says until it leaves; raise `Interrupted` if it presses Ctrl-C."""
        async for message in self._socket:
            if message.type is not WSMsgType.BINARY or not message.data:
                continue
            match channels.unpack(message.data):
                case channels.STDIN, data if data and self._stdin:
                    await self._take(data)
                case channels.RESIZE, data:
                    self._resize(data)
                case channels.CLOSE, b"\x00":
                    await self._put(b"")

    async def _take(self, data: bytes) -> None:
        if self._terminal is None:
            await self._put(data)
            return
        read, echo = self._terminal.feed(data)
        if echo:
            await self._socket.send_bytes(channels.pack(channels.STDOUT, echo))
        if read:
            await self._put(read)
        if self._terminal.ended:
            self._terminal.ended = False
            await self._put(b"")

    async def _put(self, data: bytes) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(STALLED):
                    await self._input.put(data)
                    return
            await self._socket.ping()  # fails if nobody is there any more

    def _resize(self, data: bytes) -> None:
        with suppress(orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            size = orjson.loads(data)
            self.size = (int(size["Width"]), int(size["Height"]))
