"""The streams of a command in a container: from the apiserver's gRPC to the WebSocket of the runtime's server.

CRI's `Exec` and `Attach` answer with a URL. A runtime's streaming server (the simulated one's as containerd's) speaks
`v4.channel.k8s.io` and later there.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import orjson

from kobune.apimachinery import channels
from kobune.kubelet.streams.refusal import unsupported
from kobune.node.v1 import ExecInput, ExecOutput


async def converse(url: str, given: AsyncIterator[ExecInput]) -> AsyncIterator[ExecOutput]:
    """Yield what a command says, up to how it ended; `given` is what it is told."""
    if not url.startswith(("http://", "https://")):
        raise unsupported(f"the container runtime streams at {url}, which is no URL of HTTP")
    async with aiohttp.ClientSession() as session:
        try:
            connection = await session.ws_connect(url, protocols=(channels.V5, channels.V4), max_msg_size=0)
        except aiohttp.ClientError as error:
            raise unsupported(f"the container runtime does not stream over WebSockets: {error}") from None
        async with connection:
            telling = asyncio.create_task(_tell(connection, given))
            try:
                async for message in connection:
                    if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
                        continue
                    output = output_of(*channels.unpack(message.data))
                    if output is not None:
                        yield output
            finally:
                telling.cancel()
                with suppress(asyncio.CancelledError):
                    await telling
                hang_up(connection)


def hang_up(connection: aiohttp.ClientWebSocketResponse) -> None:
    """End a connection even if much is still to be sent to somebody who does not read."""
    ours = connection.get_extra_info("socket")
    if ours is not None and (descriptor := ours.fileno()) >= 0:
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as same:
            same.shutdown(socket.SHUT_RDWR)


def output_of(channel: int, data: bytes) -> ExecOutput | None:
    """Return what the runtime says on a channel; None for nothing."""
    match channel:
        case channels.STDOUT if data:
            return ExecOutput(stdout=data)
        case channels.STDERR if data:
            return ExecOutput(stderr=data)
        case channels.ERROR if data:
            return ExecOutput(status=data)
    return None


async def _tell(connection: aiohttp.ClientWebSocketResponse, given: AsyncIterator[ExecInput]) -> None:
    with suppress(ConnectionError, aiohttp.ClientError):
        async for one in given:
            if one.stdin:
                await connection.send_bytes(channels.pack(channels.STDIN, one.stdin))
            if one.HasField("width"):
                size = orjson.dumps({"Width": one.width, "Height": one.height})
                await connection.send_bytes(channels.pack(channels.RESIZE, size))
            if one.stdin_closed and connection.protocol == channels.V5:
                await connection.send_bytes(bytes((channels.CLOSE, channels.STDIN)))
        # Whoever asked has left.
        await connection.close()
