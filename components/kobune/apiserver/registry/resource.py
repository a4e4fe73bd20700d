"""One row of the table of resources: a kind, where it is stored, and how it differs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, cast

from google.protobuf.message import Message

from kobune.api.runtime.v1 import TypeMeta, Unknown
from kobune.apimachinery.kinds import Kind, Object, list_of
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.strategy import Strategy

PREFIX: Final = b"/registry/"
MAGIC: Final = b"k8s\x00"
"""What Kubernetes puts before protobuf, in its store and on the wire."""


@dataclass(frozen=True)
class Conversion:
    """How a version of a kind that is stored in another one is made from it, and back."""

    stored: "Resource"
    to_stored: Callable[[Object], Object]
    from_stored: Callable[[Object], Object]


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource as it is served: `pods` of `v1`."""

    kind: Kind
    strategy: Strategy = field(default_factory=Strategy)
    conversion: Conversion | None = None

    @property
    def stored(self) -> "Resource":
        """The row whose version is in the store: itself, mostly."""
        return self.conversion.stored if self.conversion else self

    @cached_property
    def message(self) -> type[Message]:
        """The message of the kind."""
        assert self.kind.message is not None
        return self.kind.message

    @cached_property
    def list_message(self) -> type[Message]:
        """The message of a list of them."""
        return list_of(cast(type[Object], self.message))

    def view(self, stored: Stored) -> Stored:
        """Return a stored object as this version shows it."""
        if self.conversion is None:
            return stored
        shown = self.conversion.from_stored(stored.message)
        shown.metadata.ClearField("resourceVersion")
        return Stored(self, shown.SerializeToString(), stored.revision)

    def to_stored(self, message: Object) -> Object:
        """Return a message of this version as the version that is stored."""
        return self.conversion.to_stored(message) if self.conversion else message

    @cached_property
    def path(self) -> bytes:
        """The first part of its keys."""
        return self.kind.plural.encode()

    def key(self, namespace: str, name: str) -> bytes:
        """Return the key of an object in the store."""
        return self.prefix(namespace) + name.encode()

    def prefix(self, namespace: str = "") -> bytes:
        """Return what the keys of all objects, or of those in a namespace, start with."""
        if namespace and self.kind.namespaced:
            return PREFIX + self.stored.path + b"/" + namespace.encode() + b"/"
        return PREFIX + self.stored.path + b"/"

    @cached_property
    def json_head(self) -> bytes:
        """What JSON of a single object begins with."""
        return f'{{"kind":"{self.kind.name}","apiVersion":"{self.kind.api_version}",'.encode()

    @cached_property
    def _envelope(self) -> bytes:
        return (
            MAGIC
            + Unknown(typeMeta=TypeMeta(apiVersion=self.kind.api_version, kind=self.kind.name)).SerializeToString()
        )

    def wrap(self, raw: bytes) -> bytes:
        """Return a message in the envelope that Kubernetes stores and sends: magic, type, message."""
        return b"".join((self._envelope, b"\x12", varint(len(raw)), raw, b"\x1a\x00\x22\x00"))

    def unwrap(self, value: bytes) -> bytes:
        """Return the message in an envelope."""
        head = self._envelope
        if value.startswith(head) and value[len(head)] == 0x12:
            at = len(head) + 1
            size = shift = 0
            while True:
                byte = value[at]
                size |= (byte & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if byte < 0x80:
                    return value[at : at + size]
        # Somebody else wrote it, with the fields in another order.
        return Unknown.FromString(value[len(MAGIC) :]).raw


def varint(number: int) -> bytes:
    """Return protobuf's encoding of a whole number."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
