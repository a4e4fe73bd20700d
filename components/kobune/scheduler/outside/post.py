"""A question over HTTP, answered within a time limit."""

import base64
import http.client
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

CHUNK: Final = 1 << 16
LONGEST: Final = 64 << 20


class PostFailed(Exception):
    """There is no good answer, and why."""


@dataclass(frozen=True)
class Endpoint:
    """Where questions go. Each thread keeps a connection."""

    url: str
    seconds: float
    """How long an answer may take, from the connection to its last byte."""
    tls: ssl.SSLContext | None = None
    _local: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    def post(self, verb: str, question: Any) -> Any:
        """Return the JSON that a question is answered with, or raise `PostFailed`."""
        url = f"{self.url.rstrip('/')}/{verb}"
        path = urlsplit(url).path
        body = orjson.dumps(question)
        until = _now() + self.seconds
        try:
            status, answer = self._exchange(path, body, until)
        except TimeoutError:
            self._forget()
            raise PostFailed(f"{url}: no answer within {self.seconds:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            self._forget()
            raise PostFailed(f"{url}: {' '.join(str(error).split()) or type(error).__name__}") from error
        if status != 200:
            raise PostFailed(f"{url}: status {status}")
        try:
            return orjson.loads(answer)
        except orjson.JSONDecodeError as error:
            raise PostFailed(f"{url}: the answer is not JSON: {error}") from None

    def _exchange(self, path: str, body: bytes, until: float) -> tuple[int, bytes]:
        for connection, is_old in self._connections():
            try:
                _limit(connection, until)
                connection.request("POST", path, body, {"Content-Type": "application/json"})
                _limit(connection, until)
                response = connection.getresponse()
            except (ConnectionError, http.client.BadStatusLine):
                connection.close()
                if is_old:  # it was closed while nobody asked anything
                    continue
                raise
            read = bytearray()
            while True:
                _limit(connection, until)
                part = response.read1(CHUNK)
                if not part:
                    break
                read += part
                if len(read) > LONGEST:
                    raise http.client.HTTPException("the answer does not end")
            self._local.connection = connection
            return response.status, bytes(read)
        raise ConnectionError("no connection")

    def _connections(self) -> Any:
        if (old := getattr(self._local, "connection", None)) is not None:
            self._local.connection = None
            yield old, True
        parts = urlsplit(self.url)
        if parts.scheme == "https":
            yield http.client.HTTPSConnection(parts.netloc, timeout=self.seconds, context=self.tls), False
        else:
            yield http.client.HTTPConnection(parts.netloc, timeout=self.seconds), False

    def _forget(self) -> None:
        self._local.connection = None


@dataclass(frozen=True)
class Trust:
    """How a server is known and how we are; files, or PEM in base64."""

    insecure: bool = False
    ca: str = ""
    ca_data: str = ""
    certificate: str = ""
    key: str = ""


def context(trust: Trust) -> ssl.SSLContext:
    """Return TLS; raises `OSError` or `ValueError` for what cannot be read."""
    made = ssl.create_default_context(cafile=trust.ca or None)
    if trust.ca_data:
        made.load_verify_locations(cadata=base64.b64decode(trust.ca_data, validate=True).decode())
    if trust.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if trust.certificate:
        made.load_cert_chain(trust.certificate, trust.key or None)
    return made


def _limit(connection: http.client.HTTPConnection, until: float) -> None:
    left = until - _now()
    if left <= 0:
        raise TimeoutError
    if connection.sock is None:
        connection.timeout = left
    else:
        connection.sock.settimeout(left)


def _now() -> float:
    return time.monotonic()  # a socket knows no other clock
