"""The client of a command, at the other end of a WebSocket of channels."""

import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import WSMsgType, web

from kobune.apimachinery import channels
from kobune.node.v1 import ExecInput, ExecOutput

OLD: Final = "channel.k8s.io"
BASE64: Final = "base64.channel.k8s.io"
V4_BASE64: Final = "v4.base64.channel.k8s.io"
PROTOCOLS: Final = (channels.V5, channels.V4, V4_BASE64, OLD, BASE64)


@dataclass(frozen=True)
class Wire:
    """A WebSocket of channels, in one of its versions and encodings."""

    socket: web.WebSocketResponse
    protocol: str

    async def received(self) -> AsyncIterator[tuple[int, bytes]]:
        """Yield channels and their data until the client leaves."""
        is_text = self.protocol in (BASE64, V4_BASE64)
        async for message in self.socket:
            if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT) or not message.data:
                continue
            data = message.data.encode() if message.type is WSMsgType.TEXT else bytes(message.data)
            channel, rest = channels.unpack(data)
            if not is_text:
                yield channel, rest
                continue
            try:
                yield channel - ord("0"), base64.b64decode(rest, validate=True)
            except binascii.Error:
                return

    async def send(self, channel: int, data: bytes) -> None:
        """Send data on a channel; `ConnectionError` if the client left."""
        if self.protocol in (BASE64, V4_BASE64):
            await self.socket.send_str(chr(ord("0") + channel) + base64.b64encode(data).decode())
        else:
            await self.socket.send_bytes(channels.pack(channel, data))

    async def check(self) -> None:
        """Raise `ConnectionError` if the client left."""
        await self.socket.ping()


@dataclass(frozen=True)
class SocketClient:
    """Whoever runs a command over such a WebSocket."""

    wire: Wire

    async def inputs(self) -> AsyncIterator[ExecInput]:
        """Yield what is said, until they leave."""
        async for channel, data in self.wire.received():
            match channel:
                case channels.STDIN if data:
                    yield ExecInput(stdin=data)
                case channels.RESIZE:
                    if (size := size_of(data)) is not None:
                        yield size
                case channels.CLOSE if data == bytes((channels.STDIN,)) and self.wire.protocol == channels.V5:
                    yield ExecInput(stdin_closed=True)

    async def send(self, output: ExecOutput) -> None:
        """Send what the command says."""
        if output.stdout:
            await self.wire.send(channels.STDOUT, output.stdout)
        if output.stderr:
            await self.wire.send(channels.STDERR, output.stderr)
        if output.HasField("status") and (status := in_version(output.status, self.wire.protocol)):
            await self.wire.send(channels.ERROR, status)

    async def check(self) -> None:
        """Raise `ConnectionError` if they left."""
        await self.wire.check()


def in_version(status: bytes, protocol: str) -> bytes:
    """Return how a command ended as a version of the protocol says it: before v4, in words, or not at all."""
    if protocol in (channels.V5, channels.V4, V4_BASE64):
        return status
    tree = orjson.loads(status)
    return b"" if tree.get("status") == "Success" else str(tree.get("message", "")).encode()


def size_of(data: bytes) -> ExecInput | None:
    """Return the size of a terminal that JSON tells; None if it tells none."""
    try:
        tree = orjson.loads(data)
        width, height = int(tree["Width"]), int(tree["Height"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return ExecInput(width=width, height=height) if 0 <= width < 2**16 and 0 <= height < 2**16 else None
