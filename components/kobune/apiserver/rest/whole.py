"""Answers that are complete when they begin: most are, and most of what a server does is to send them."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE, HttpVersion11

LARGEST: Final = 64 << 10
"""Bytes of a body that goes out with its head."""


class Whole(web.StreamResponse):
    """An answer of one piece: its head is written down at once, where aiohttp looks at each header in turn.

    What is out of the ordinary goes the ordinary way: old protocols, HEAD, connections that end, long bodies.
    """

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status=status, headers=headers)
        self.body = body
        self._is_sent = False
        self._has_body = True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send all of it, or begin to."""
        transport, length = request.transport, len(self.body)
        self._has_body = request.method != "HEAD"
        if (
            length > LARGEST
            or not self._has_body
            or request.version != HttpVersion11
            or not request.keep_alive
            or transport is None
        ):
            self.content_length = length
            return await super().prepare(request)
        lines = [f"{name}: {value}\r\n" for name, value in self.headers.items()]
        head = (
            f"HTTP/1.1 {self.status} {self.reason}\r\nContent-Length: {length}\r\nDate: {rfc822_formatted_time()}\r\n"
            f"Server: {SERVER_SOFTWARE}\r\n{''.join(lines)}\r\n"
        )
        if head.count("\n") != len(lines) + 5:
            raise ValueError("a header with a line break")
        transport.write(head.encode() + self.body)
        self._is_sent = True
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send what is still to be sent."""
        if not self._is_sent:
            await super().write_eof(self.body if self._has_body else b"")

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays."""
        return True if self._is_sent else super().keep_alive
