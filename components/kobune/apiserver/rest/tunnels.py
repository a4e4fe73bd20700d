"""Connections that are HTTP no more: after an upgrade, plain bytes in both directions."""

import asyncio
from collections import deque
from typing import Any, Final

from aiohttp import WSMsgType, web

KEPT: Final = 1 << 18
"""Bytes that wait to be read before the client has to wait."""


class TcpTunnel:
    """The connection of a request, as soon as `open` has answered that the protocol changes."""

    def __init__(self, request: web.BaseRequest, headers: dict[str, str], status: int = 101) -> None:
        self.response = web.StreamResponse(status=status, headers=headers)
        self._request = request
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._paused = False
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Answer the request, and take over its connection."""
        protocol: Any = self._request.protocol
        protocol.set_parser(self)
        protocol.keep_alive(False)
        await self.response.prepare(self._request)

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take what came in: the server of HTTP calls this as it calls parsers."""
        self._pieces.append(bytes(data))
        self._size += len(data)
        self._changed.set()
        if self._size > KEPT and not self._paused and self._request.transport is not None:
            self._paused = True
            self._request.transport.pause_reading()
        return False, b""

    def feed_eof(self) -> None:
        """Take it that nothing more comes in."""
        self._ended = True
        self._changed.set()

    async def read(self) -> bytes:
        """Return what came in; empty at the end."""
        while not self._pieces:
            if self._ended:
                return b""
            self._changed.clear()
            await self._changed.wait()
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._paused and self._size <= KEPT and self._request.transport is not None:
            self._paused = False
            self._request.transport.resume_reading()
        return piece

    async def write(self, data: bytes) -> None:
        """Send; waits for a slow client."""
        if self._ended or self._request.transport is None or self._request.transport.is_closing():
            raise ConnectionResetError("the client has left")
        await self.response.write(data)


class SocketTunnel:
    """The binary messages of a WebSocket, as if they were one connection."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        """Return what came in; empty at the end."""
        async for message in self._socket:
            if message.type is WSMsgType.BINARY and message.data:
                return bytes(message.data)
        return b""

    async def write(self, data: bytes) -> None:
        """Send; waits for a slow client."""
        await self._socket.send_bytes(data)
