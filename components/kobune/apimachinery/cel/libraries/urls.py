"""Addresses on the web: `url('https://example.com:80/path').getHost()`."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.strings import _all
from kobune.apimachinery.cel.types import BOOL, STRING, list_of, map_of, opaque

TYPE: Final = opaque("kubernetes.URL")
SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
BAD_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class Url:
    """An address."""

    cel_type: ClassVar[str] = TYPE.name
    parts: SplitResult

    @property
    def hostname(self) -> str:
        host = self.parts.netloc.rpartition("@")[2]
        if host.startswith("["):
            return host[1 : host.find("]")]
        return host.partition(":")[0]

    @property
    def port(self) -> str:
        host = self.parts.netloc.rpartition("@")[2].rpartition("]")[2]
        return host.partition(":")[2]


def overloads() -> list[Overload]:
    """Return the functions of addresses on the web."""
    return [
        function("url", (STRING,), TYPE, parse, _all),
        function("isURL", (STRING,), BOOL, is_url, _all),
        method("getScheme", (TYPE,), STRING, lambda url: url.parts.scheme),
        method("getHost", (TYPE,), STRING, lambda url: url.parts.netloc.rpartition("@")[2]),
        method("getHostname", (TYPE,), STRING, lambda url: url.hostname),
        method("getPort", (TYPE,), STRING, lambda url: url.port),
        method("getEscapedPath", (TYPE,), STRING, lambda url: quote(unquote(url.parts.path), safe="/:@!$&'()*+,;=~")),
        method("getQuery", (TYPE,), map_of(STRING, list_of(STRING)), query),
    ]


def parse(text: str) -> Url:
    """Return the address that a text is: a whole one, or a path from the root."""
    try:
        if FORBIDDEN.search(text) or BAD_ESCAPE.search(text.partition("?")[0]):
            raise ValueError
        parts = urlsplit(text)
        if not (SCHEME.match(text) or text.startswith("/")):
            raise ValueError
        port = parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdigit()):
            raise ValueError
    except ValueError:
        raise EvaluationError(
            f'URL parse error during conversion from string: parse "{text}": invalid URI for request'
        ) from None
    return Url(parts)


def is_url(text: str) -> bool:
    try:
        parse(text)
    except EvaluationError:
        return False
    return True


def query(url: Url) -> dict[str, list[str]]:
    return parse_qs(url.parts.query, keep_blank_values=True)
