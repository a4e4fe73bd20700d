"""`portforward` over HTTP: SPDY streams, plain or tunnelled in a WebSocket, or the channels of a WebSocket.

Two streams belong to each connection: one for its data, and one for the words that say what went wrong.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from kobune.apimachinery import channels
from kobune.apimachinery.errors import BadRequest
from kobune.apiserver.kubelets.kubelets import Refused, Undialed
from kobune.apiserver.rest.options import forward_options
from kobune.apiserver.rest.remote import sockets, upgrades
from kobune.apiserver.rest.remote.sockets import Wire
from kobune.apiserver.rest.spdy.frames import Ping
from kobune.apiserver.rest.spdy.session import Session, Stream, Tunnel
from kobune.apiserver.rest.tunnels import SocketTunnel
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.remote import Forwarding, first_of, patiently
from kobune.node.v1 import ForwardInput

PROTOCOL: Final = "portforward.k8s.io"
TUNNELLED: Final = "SPDY/3.1+portforward.k8s.io"
MOST_WAITING: Final = 256
"""Streams that wait for the other one of their pair."""
MOST_PORTS: Final = 100
WAITING: Final = 16


async def serve_forwarding(api: Api, call: Call, request: web.BaseRequest) -> web.StreamResponse:
    """Connect the client with ports of a pod until it leaves."""
    forwarding = Forwarding(api, call)
    match upgrades.upgrade_of(request):
        case upgrades.WEBSOCKET:
            if TUNNELLED in upgrades.asked_protocols(request):
                socket = await upgrades.shake(request, TUNNELLED)
                await _over_spdy(forwarding, SocketTunnel(socket))
            else:
                ports = _ports(forward_options(request.query).ports)
                protocol = upgrades.chosen(request, (channels.V4, sockets.V4_BASE64))
                socket = await upgrades.shake(request, protocol)
                await _over_channels(forwarding, Wire(socket, protocol), ports)
            with suppress(ConnectionError):
                await socket.close()
            return socket
        case upgrades.SPDY:
            tunnel, _ = await upgrades.switch(request, (PROTOCOL,))
            await _over_spdy(forwarding, tunnel)
            return tunnel.response
    raise BadRequest("Upgrade request required")


def _ports(ports: Sequence[int]) -> list[int]:
    if not ports:
        raise BadRequest('query parameter "port" is required')
    for port in ports:
        if not 0 < port < 2**16:
            raise BadRequest(f'port "{port}" must be > 0' if port <= 0 else f'unable to parse "{port}" as a port')
    if len(ports) > MOST_PORTS:
        raise BadRequest(f"at most {MOST_PORTS} ports can be forwarded at once")
    return list(ports)


async def _over_spdy(forwarding: Forwarding, tunnel: Tunnel) -> None:
    session = Session(tunnel)
    waiting: dict[str, Stream] = {}
    async with asyncio.TaskGroup() as group:
        tasks: set[asyncio.Task[None]] = set()
        async for stream in session.streams():
            kind, key = stream.headers.get("streamtype", ""), stream.headers.get("requestid", "")
            other = waiting.pop(key, None)
            if kind not in ("data", "error") or len(waiting) >= MOST_WAITING:
                await stream.close()
            elif other is None:
                waiting[key] = stream
            else:
                data, errors = (stream, other) if kind == "data" else (other, stream)
                task = group.create_task(_pair(forwarding, session, data, errors))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        for task in tasks:
            task.cancel()


async def _pair(forwarding: Forwarding, session: Session, data: Stream, errors: Stream) -> None:
    async def complain(words: str) -> None:
        await errors.write(words.encode())

    async def check() -> None:
        await session.send(Ping(2))

    try:
        port = data.headers.get("port", "")
        if port.isdecimal() and 0 < int(port) < 2**16:
            await carry(forwarding, int(port), Ends(data.read, data.write, complain, check))
        else:
            await complain(f'unable to parse "{port}" as a port')
        await data.close()
        await errors.close()
    except ConnectionError:
        pass  # the session ends, and everything with it


async def _over_channels(forwarding: Forwarding, wire: Wire, ports: Sequence[int]) -> None:
    """Serve two channels for each port: the first thing on both is the port, as two bytes, the lower one first."""
    queues: list[asyncio.Queue[bytes]] = [asyncio.Queue(WAITING) for _ in ports]

    async def serve(index: int, port: int) -> None:
        async def write(data: bytes) -> None:
            await wire.send(2 * index, data)

        async def complain(words: str) -> None:
            await wire.send(2 * index + 1, words.encode())

        with suppress(ConnectionError):
            await carry(forwarding, port, Ends(queues[index].get, write, complain, wire.check))

    async def serve_all() -> None:
        async with asyncio.TaskGroup() as group:
            for index, port in enumerate(ports):
                group.create_task(serve(index, port))

    with suppress(ConnectionError):
        for index, port in enumerate(ports):
            for channel in (2 * index, 2 * index + 1):
                await wire.send(channel, port.to_bytes(2, "little"))
        await first_of(serve_all(), _listen(wire, queues))


async def _listen(wire: Wire, queues: Sequence["asyncio.Queue[bytes]"]) -> None:
    async for channel, data in wire.received():
        index, is_error = divmod(channel, 2)
        if data and not is_error and index < len(queues):
            await patiently(queues[index].put(data), wire.check)


@dataclass(frozen=True)
class Ends:
    """One connection as the client has it."""

    read: Callable[[], Awaitable[bytes]]
    write: Callable[[bytes], Awaitable[None]]
    complain: Callable[[str], Awaitable[None]]
    check: Callable[[], Awaitable[None]]


async def carry(forwarding: Forwarding, port: int, client: Ends) -> None:
    """Carry data between a client and a port until the pod hangs up, or words why it cannot be."""
    try:
        flow = await forwarding.connect(port)
    except (Refused, Undialed) as error:
        await client.complain(forwarding.complaint(port, error))
        return

    async def send() -> None:
        with suppress(ConnectionError):
            while data := await client.read():
                await patiently(flow.tell(ForwardInput(data=data)), client.check)
            await flow.finish()

    sending = asyncio.create_task(send())
    try:
        async for message in flow.said():
            await client.write(message.data)
    except (Refused, Undialed) as error:
        await client.complain(forwarding.complaint(port, error))
    finally:
        flow.close()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
