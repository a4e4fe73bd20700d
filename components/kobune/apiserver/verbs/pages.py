"""Where a list goes on: the `continue` token and resource versions."""

import base64
import binascii
from dataclasses import dataclass
from typing import Self

import orjson

from kobune.apimachinery.errors import BadRequest


@dataclass(frozen=True)
class Page:
    """The next page of a list: the objects behind `after`, as they were at `revision`."""

    revision: int
    after: str

    def token(self) -> str:
        """Return what the client sends back to go on."""
        tree = {"v": "meta.k8s.io/v1", "rv": self.revision, "start": self.after + "\0"}
        return base64.urlsafe_b64encode(orjson.dumps(tree)).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> Self:
        """Return the page of a token; `ValueError` if it is none of ours."""
        tree = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return cls(int(tree["rv"]), str(tree["start"]).rstrip("\0"))


def parse_continue(token: str) -> Page | None:
    """Return the page that a client asks for, None for the first; `BadRequest` if the token is damaged."""
    if not token:
        return None
    try:
        return Page.parse(token)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise BadRequest("continue key is not valid: illegal base64 data or not a token of this server") from None


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
