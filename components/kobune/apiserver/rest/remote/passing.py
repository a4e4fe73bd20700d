"""Passing a request on to another server, and its answer back."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from kobune.apiserver.rest.remote.transport import CONNECT_SECONDS, PIECE, Transport, Unanswered, passed_on, words
from kobune.apiserver.rest.remote.upgrades import upgrade_of
from kobune.apiserver.rest.tunnels import TcpTunnel
from kobune.apiserver.verbs.remote import first_of

SECRETS: Final = ("authorization", "impersonate-user", "impersonate-group", "impersonate-uid")
"""Headers that are meant for the apiserver, and nobody else's business."""
CORS: Final = (
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
)
HEAD_LIMIT: Final = 1 << 16


@dataclass(frozen=True)
class Onward:
    """Where a request goes, and how."""

    url: str
    host: str
    """The `Host` header; empty for the client's own."""
    headers: "CIMultiDict[str]"
    """Headers that are added."""
    tls: ssl.SSLContext | bool = False
    server_name: str | None = None
    location: Callable[[str], str] = str
    """What becomes of the `Location` of a redirect."""


async def pass_on(transport: Transport, request: web.BaseRequest, onward: Onward) -> web.StreamResponse:
    """Send a request on, and its answer back as it comes; raise `Unanswered` if there is none."""
    headers = headers_of(request, onward)
    if upgrade_of(request):
        return await _upgraded(request, onward, headers)
    has_body = request.body_exists
    if has_body and request.headers.get("Content-Length"):
        headers["Content-Length"] = request.headers["Content-Length"]
    body = request.content.iter_chunked(PIECE) if has_body else None
    async with transport.request(
        request.method, onward.url, headers, body, tls=onward.tls, server_name=onward.server_name
    ) as answer:
        response = web.StreamResponse(status=answer.status, reason=answer.reason)
        for name, value in passed_on(answer.headers, CORS).items():
            response.headers.add(name, onward.location(value) if name.lower() == "location" else value)
        await response.prepare(request)
        try:
            async for piece in answer.content.iter_chunked(PIECE):
                await response.write(piece)
        except (aiohttp.ClientError, TimeoutError):
            # Half an answer must not look like a whole one.
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response


def headers_of(request: web.BaseRequest, onward: Onward) -> "CIMultiDict[str]":
    """Return the headers that a request goes on with."""
    headers = passed_on(request.headers, (*SECRETS, "content-length"))
    for name in {name for name in headers if name.lower().startswith(("impersonate-", "x-remote-"))}:
        headers.popall(name, None)  # a client that says who it is lies
    before = request.headers.get("X-Forwarded-For", "")
    client = request.remote or ""
    headers["X-Forwarded-For"] = f"{before}, {client}" if before else client
    for name in set(onward.headers):
        headers.popall(name, None)
    headers.extend(onward.headers)
    if onward.host:
        headers["Host"] = onward.host
    return headers


async def _upgraded(request: web.BaseRequest, onward: Onward, headers: "CIMultiDict[str]") -> web.StreamResponse:
    """Let the client and the server talk in whatever protocol they agree on."""
    url = URL(onward.url, encoded=True)
    context = None
    if url.scheme == "https":
        context = onward.tls if isinstance(onward.tls, ssl.SSLContext) else unchecked()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                url.host, url.port, ssl=context, server_hostname=(onward.server_name or "") if context else None
            )
    except (OSError, TimeoutError) as error:
        raise Unanswered(words(error, onward.url)) from None
    try:
        headers["Connection"], headers["Upgrade"] = "Upgrade", request.headers["Upgrade"]
        lines = [f"{request.method} {url.raw_path_qs} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
        writer.write("\r\n".join([*lines, "", ""]).encode("utf-8", errors="surrogateescape"))
        status, answered = await _head(reader)
        tunnel = TcpTunnel(request, {}, status)
        tunnel.response.headers.extend(answered)
        if status != 101:
            return await _refused(request, reader, tunnel.response)
        await tunnel.open()
        with suppress(ConnectionError):
            await first_of(_copy_out(tunnel, writer), _copy_in(reader, tunnel))
        return tunnel.response
    except ConnectionError as error:
        raise Unanswered(words(error, onward.url)) from None
    finally:
        writer.transport.abort()  # it may have much to take that it does not


async def _head(reader: asyncio.StreamReader) -> tuple[int, "CIMultiDict[str]"]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        raise Unanswered("EOF") from None
    first, *lines = head.strip().split("\r\n")
    status = first.split(" ")[1:2]
    if not status or not status[0].isdecimal():
        raise Unanswered("malformed HTTP response")
    pairs = (line.partition(":") for line in lines)
    return int(status[0]), CIMultiDict((name.strip(), value.strip()) for name, _, value in pairs)


async def _refused(
    request: web.BaseRequest, reader: asyncio.StreamReader, response: web.StreamResponse
) -> web.StreamResponse:
    length = response.headers.get("Content-Length", "")
    body = b""
    with suppress(asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            body = await reader.read(HEAD_LIMIT) if not length.isdecimal() else await reader.readexactly(int(length))
    headers = passed_on(response.headers, ("content-length",))
    return web.Response(status=response.status, body=body, headers=headers)


async def _copy_out(tunnel: TcpTunnel, writer: asyncio.StreamWriter) -> None:
    while data := await tunnel.read():
        writer.write(data)
        await writer.drain()


async def _copy_in(reader: asyncio.StreamReader, tunnel: TcpTunnel) -> None:
    while data := await reader.read(PIECE):
        await tunnel.write(data)


def unchecked() -> ssl.SSLContext:
    """Return TLS that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
