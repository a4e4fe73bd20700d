"""A question over HTTP, answered within a time limit."""

import base64
import http.client
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

CHUNK: Final = 1 << 16
LONGEST: Final = 64 << 20


class PostFailed(Exception):
    """There is no good answer, and why."""


@dataclass(frozen=True)
class Endpoint:
    """Where questions go, from any thread."""

    url: str
    seconds: float
    """How long an answer may take, from the connection to its last byte."""
    tls: ssl.SSLContext | None = None
    _idle: deque[http.client.HTTPConnection] = field(default_factory=deque, compare=False, repr=False)

    def post(self, verb: str, question: Any) -> Any:
        """Return the JSON that a question is answered with, or raise `PostFailed`."""
        url = f"{self.url.rstrip('/')}/{verb}"
        try:
            status, answer = self._exchange(urlsplit(url).path, orjson.dumps(question), _now() + self.seconds)
        except TimeoutError:
            raise PostFailed(f"{url}: no answer within {self.seconds:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise PostFailed(f"{url}: {' '.join(str(error).split()) or type(error).__name__}") from error
        if status != 200:
            raise PostFailed(f"{url}: status {status}")
        try:
            return orjson.loads(answer)
        except orjson.JSONDecodeError as error:
            raise PostFailed(f"{url}: the answer is not JSON: {error}") from None

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, path: str, body: bytes, until: float) -> tuple[int, bytes]:
        if self._idle:
            try:
                return self._over(self._idle.pop(), path, body, until)
            except (IndexError, ConnectionError, http.client.BadStatusLine):
                pass  # it was closed while nobody asked anything
        return self._over(self._connection(), path, body, until)

    def _over(self, connection: http.client.HTTPConnection, path: str, body: bytes, until: float) -> tuple[int, bytes]:
        try:
            _limit(connection, until)
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            _limit(connection, until)
            response = connection.getresponse()
            read = bytearray()
            while part := response.read1(CHUNK):
                read += part
                if len(read) > LONGEST:
                    raise http.client.HTTPException("the answer does not end")
                _limit(connection, until)
            response.close()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return response.status, bytes(read)

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "https":
            return http.client.HTTPSConnection(parts.netloc, timeout=self.seconds, context=self.tls)
        return http.client.HTTPConnection(parts.netloc, timeout=self.seconds)


@dataclass(frozen=True)
class Trust:
    """How a server is known and how we are: files, or PEM in base64, which comes first where there is both."""

    insecure: bool = False
    ca: str = ""
    ca_data: str = ""
    certificate: str = ""
    certificate_data: str = ""
    key: str = ""
    key_data: str = ""


def context(trust: Trust) -> ssl.SSLContext:
    """Return TLS; raises `OSError` or `ValueError` for what cannot be read."""
    made = ssl.create_default_context(cafile=None if trust.ca_data else trust.ca or None)
    if trust.ca_data:
        made.load_verify_locations(cadata=base64.b64decode(trust.ca_data, validate=True).decode())
    if trust.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    with TemporaryDirectory() as folder:  # Python's TLS reads these from files only
        certificate = _file(trust.certificate_data, trust.certificate, Path(folder, "certificate"))
        key = _file(trust.key_data, trust.key, Path(folder, "key"))
        if certificate:
            made.load_cert_chain(certificate, key or None)
        elif key:
            raise ValueError("there is a key and no certificate")
    return made


def _file(data: str, file: str, place: Path) -> str:
    """Return a file with what is wanted, written at a place if it comes as data; nothing if there is nothing."""
    if not data:
        return file
    place.touch(mode=0o600)
    place.write_bytes(base64.b64decode(data, validate=True))
    return str(place)


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
