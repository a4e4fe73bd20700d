"""How the events of a watch travel: in the body of an answer, or as messages of a WebSocket."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import WSCloseCode, web

from kobune.apiserver import media
from kobune.apiserver.rest.answer import warning_text

STREAM: Final = ";stream=watch"
BEARER: Final = "base64url.bearer.authorization.k8s.io."
SUBPROTOCOLS: Final = ("binary.k8s.io",)


def is_upgrade(request: web.BaseRequest) -> bool:
    """Whether a client asks for a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def socket_token(headers: Mapping[str, str]) -> str:
    """Return what would stand in the `Authorization` header: browsers can only name subprotocols of a WebSocket."""
    for protocol in headers.get("Sec-WebSocket-Protocol", "").split(","):
        if protocol.strip().startswith(BEARER):
            encoded = protocol.strip().removeprefix(BEARER)
            try:
                return "Bearer " + base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            except ValueError:
                return "Bearer "
    return ""


class Lines:
    """The body of an answer that has no end."""

    def __init__(self, is_protobuf: bool, warnings: Sequence[str]) -> None:
        self.response = web.StreamResponse()
        for warning in warnings:
            self.response.headers.add("Warning", warning_text(warning))
        self.response.headers["Content-Type"] = media.PROTOBUF + STREAM if is_protobuf else media.JSON

    async def begin(self, request: web.BaseRequest) -> None:
        """Send the head of the answer."""
        await self.response.prepare(request)

    async def send(self, events: Sequence[bytes]) -> None:
        """Send events."""
        await self.response.write(b"".join(events))

    async def end(self) -> None:
        """Send the end of the body."""
        await self.response.write_eof()


class Messages:
    """A WebSocket: text for JSON, binary for protobuf. What the client says is not listened to, but its leaving is."""

    def __init__(self, *, is_text: bool) -> None:
        self.response = web.WebSocketResponse(protocols=SUBPROTOCOLS, compress=False)
        self._is_text = is_text
        self._listening: asyncio.Task[None] | None = None

    async def begin(self, request: web.BaseRequest) -> None:
        """Shake hands."""
        await self.response.prepare(request)
        watcher = asyncio.current_task()

        async def listen() -> None:
            async for _ in self.response:
                pass
            if watcher is not None and self._listening is not None:
                watcher.cancel()

        # Owned by this stream and ended with it; a group of its own would have to span the whole watch.
        self._listening = asyncio.create_task(listen())

    async def send(self, events: Sequence[bytes]) -> None:
        """Send events."""
        for event in events:
            if self._is_text:
                await self.response.send_str(event.decode())
            else:
                await self.response.send_bytes(event)

    async def end(self) -> None:
        """Say goodbye."""
        self._listening = None
        await self.response.close(code=WSCloseCode.OK)
