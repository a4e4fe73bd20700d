"""Where a list goes on: the `continue` token and resource versions."""

import base64
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final, Self

import orjson

from kobune.apimachinery.errors import BadRequest
from kobune.apiserver import json_problems

VERSION: Final = "meta.k8s.io/v1"
LETTERS: Final = frozenset(ascii_letters + digits + "-_")


@dataclass(frozen=True)
class Page:
    """The next page of a list: the objects behind `after`, as they were at `revision`."""

    revision: int
    after: str

    def token(self) -> str:
        """Return what the client sends back to go on."""
        tree = {"v": VERSION, "rv": self.revision, "start": self.after + "\0"}
        return base64.urlsafe_b64encode(orjson.dumps(tree)).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> Self:
        """Return the page of a token; `ValueError` if it is none of ours."""
        body = _decoded(token)
        try:
            tree = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ValueError(f": {json_problems.problem(body, error)}") from None
        found = tree if isinstance(tree, dict) else {}
        if (version := found.get("v", "")) != VERSION:
            raise ValueError(f": server does not recognize this encoded version {version}")
        revision, start = found.get("rv"), found.get("start")
        if not isinstance(revision, int) or not 0 < revision < 2**63:
            raise ValueError(f": incorrect encoded start resourceVersion (version {VERSION})")
        if not isinstance(start, str) or not start:
            raise ValueError(f": encoded start key empty (version {VERSION})")
        return cls(revision, start.rstrip("\0"))


def parse_continue(token: str) -> Page | None:
    """Return the page that a client asks for, None for the first; `BadRequest` if the token is damaged."""
    if not token:
        return None
    try:
        return Page.parse(token)
    except ValueError as error:
        raise BadRequest(f"invalid continue token: continue key is not valid{error}") from None


def _decoded(token: str) -> bytes:
    """Return the bytes of base64 text without padding; `ValueError` says where it is none."""
    bad = next((at for at, letter in enumerate(token) if letter not in LETTERS), None)
    if bad is None and len(token) % 4 == 1:
        bad = len(token)
    if bad is not None:
        raise ValueError(f": illegal base64 data at input byte {bad}")
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def parse_revision(text: str) -> int:
    """Return a resource version as a number, 0 for none; `BadRequest` if it is no number."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise BadRequest(f'invalid resource version: resourceVersion: Invalid value: "{text}": {why}')
    if len(text) > 20 or int(text) >= 2**64:
        why = f'strconv.ParseUint: parsing "{text}": value out of range'
        raise BadRequest(f'invalid resource version: resourceVersion: Invalid value: "{text}": {why}')
    return int(text)
