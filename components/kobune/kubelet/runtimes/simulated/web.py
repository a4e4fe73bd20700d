"""The HTTP that a simulated container speaks: just enough, so that ten thousand of them cost nothing."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

REQUEST_LIMIT = 1 << 20
BACKLOG = 128
ACCEPT_AT_ONCE = 16

Spawn = Callable[[Coroutine[Any, Any, Any]], object]


class Listener:
    """A listening socket whose every connection is answered with one page."""

    def __init__(self, host: str, port: int, page: Callable[[str], str], spawn: Spawn) -> None:
        """Bind and listen; `OSError` if that cannot be. `page` makes the body from the request's first line."""
        self._page = page
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
            self._socket.listen(BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening: at once, so that the port can be bound again."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _accept(self) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                connection, _ = self._socket.accept()
            except OSError:  # nobody waits any more, or they left
                return
            connection.setblocking(False)
            self._spawn(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: Conversation(self._page), connection)


class Conversation(asyncio.Protocol):
    """One connection: reads a request with its body, answers, and hangs up."""

    def __init__(self, page: Callable[[str], str]) -> None:
        self._page = page
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._received += data
        if is_complete(self._received):
            line = bytes(self._received).partition(b"\r\n")[0].decode("latin-1")
            self._answer("200 OK", self._page(line), head=line.startswith("HEAD "))
        elif len(self._received) > REQUEST_LIMIT:
            self._answer("413 Content Too Large", "too large\n")

    def _answer(self, status: str, page: str, *, head: bool = False) -> None:
        assert self._transport is not None
        body = page.encode()
        header = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(header.encode() + (b"" if head else body))
        self._transport.close()


def is_complete(request: bytes | bytearray) -> bool:
    """Whether a request is there with all of its body."""
    header, end, body = bytes(request).partition(b"\r\n\r\n")
    if not end:
        return False
    for line in header.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        match name.strip().lower():
            case b"content-length":
                return len(body) >= int(value) if value.strip().isdigit() else True
            case b"transfer-encoding":
                return body.endswith(b"0\r\n\r\n")
    return True
