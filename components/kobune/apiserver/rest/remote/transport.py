"""Requests to other servers on behalf of clients."""

import errno
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 3600.0
HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
PIECE: Final = 1 << 16
AUTOMATIC: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Unanswered(Exception):
    """A server could not be reached, or did not answer; its text says why, as Go would."""


class Transport:
    """One pool of connections, opened with the first request. `close` it in the end."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        headers: "CIMultiDict[str]",
        body: Any = None,
        *,
        tls: ssl.SSLContext | bool = False,
        server_name: str | None = None,
        seconds: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give the answer to a request, with its body still to be read; raise `Unanswered` if there is none.

        Nothing is decompressed and no redirect is followed.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0, use_dns_cache=False),
            )
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS, sock_read=IDLE_SECONDS)
        try:
            answer = await self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body,
                ssl=tls,
                server_hostname=server_name,
                allow_redirects=False,
                timeout=timeout,
                skip_auto_headers=AUTOMATIC,
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unanswered(words(error, url)) from None
        async with answer:
            yield answer

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def passed_on(headers: "CIMultiDictProxy[str] | CIMultiDict[str]", without: Iterable[str] = ()) -> "CIMultiDict[str]":
    """Return the headers that go on to the next hop: all but those that are of this one, and some others."""
    named = {name.strip().lower() for line in headers.getall("Connection", []) for name in line.split(",")}
    dropped = HOP_BY_HOP | named | set(without)
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def words(error: Exception, url: str) -> str:
    """Return why there is no answer."""
    parts = URL(url, encoded=True)
    where = f"dial tcp {parts.host}:{parts.port}"
    if isinstance(error, TimeoutError):
        return f"{where}: i/o timeout"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"tls: failed to verify certificate: x509: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {parts.host}: no such host"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and cause.errno in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH):
        reasons = {errno.ECONNREFUSED: "connection refused", errno.EHOSTUNREACH: "no route to host"}
        return f"{where}: connect: {reasons.get(cause.errno, 'network is unreachable')}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    return str(cause) or type(cause).__name__
