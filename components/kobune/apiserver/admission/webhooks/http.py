"""Asks webhooks over HTTPS."""

import ssl
from functools import lru_cache
from typing import Final

import aiohttp

from kobune.apiserver.admission.webhooks.addresses import Address, Unreachable

LARGEST: Final = 3 * 1024 * 1024
"""How many bytes an answer may have."""
STATUSES: Final = {
    401: "the server has asked for the client to provide credentials",
    403: "the server does not allow access to the requested resource",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    413: "Request entity too large",
}


class HttpTransport:
    """One pool of connections, opened with the first webhook that is asked."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, address: Address, body: bytes, seconds: float) -> bytes:
        """Return what a webhook answers; `Unreachable` if it does not, or with an error."""
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        try:
            # Proxies and redirects are for browsers.
            async with self._session.post(
                address.url,
                data=body,
                headers={"Content-Type": "application/json", "Accept": "application/json", "Host": _host(address)},
                ssl=_trusting(address.ca_bundle),
                server_hostname=address.server_name,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                text = await answer.content.read(LARGEST + 1)
                while len(text) <= LARGEST and not answer.content.at_eof():
                    text += await answer.content.read(LARGEST + 1)
                if len(text) > LARGEST:
                    raise Unreachable("the answer is too large")
                if not 200 <= answer.status < 300:
                    raise Unreachable(_problem(answer.status, text))
                return text
        except TimeoutError:
            raise Unreachable(f'Post "{address.shown}": context deadline exceeded') from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f'Post "{address.shown}": {_words(error)}') from None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _host(address: Address) -> str:
    return address.shown.split("/", 3)[2]


@lru_cache(maxsize=64)
def _trusting(bundle: bytes) -> ssl.SSLContext:
    """Return how to talk to servers whose certificates the authorities in a bundle have signed."""
    if not bundle:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cadata=bundle.decode())
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ValueError("unable to load root certificates: unable to parse bytes as PEM block") from error


def _problem(status: int, text: bytes) -> str:
    if status in STATUSES:
        return STATUSES[status]
    shown = text[:2048].decode(errors="replace").strip() or "unknown"
    return f'an error on the server ("{shown}") has prevented the request from succeeding'


def _words(error: Exception) -> str:
    cause = error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"tls: failed to verify certificate: x509: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        where = f"dial tcp {error.host}:{error.port}: "
        if isinstance(cause, ConnectionRefusedError):
            return f"{where}connect: connection refused"
        return where + (cause.strerror or str(cause))
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    return str(cause) or type(cause).__name__
