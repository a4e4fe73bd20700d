"""One revision of one object, encoded at most once in each encoding and shared by everyone who reads it."""

from typing import TYPE_CHECKING, cast

from google.protobuf.message import Message

from kobune.apimachinery import codec
from kobune.apimachinery.kinds import Object

if TYPE_CHECKING:
    from kobune.apiserver.registry.resource import Resource


class Stored:
    """An object as it was at a revision. Its message and bytes are shared: nobody may change them."""

    __slots__ = ("_json", "_message", "_proto", "raw", "resource", "revision")

    def __init__(self, resource: "Resource", raw: bytes, revision: int) -> None:
        self.resource = resource
        self.raw = raw
        """The protobuf message without its resource version: what the store keeps."""
        self.revision = revision
        self._proto: bytes | None = None
        self._message: Object | None = None
        self._json: bytes | None = None

    @property
    def proto(self) -> bytes:
        """The protobuf message."""
        if self._proto is None:
            # Protobuf merges a field that comes twice, so the version is appended instead of written into the middle.
            version = str(self.revision).encode()
            size = len(version)
            self._proto = self.raw + bytes((0x0A, size + 2, 0x32, size)) + version
        return self._proto

    @property
    def message(self) -> Object:
        """The object; for reading only."""
        if self._message is None:
            self._message = cast(Object, self.resource.message.FromString(self.proto))
        return self._message

    @property
    def bare_json(self) -> bytes:
        """JSON without `kind` and `apiVersion`, as the items of a list are."""
        if self._json is None:
            self._json = codec.to_json(cast(Message, self.message))
        return self._json

    @property
    def json(self) -> bytes:
        """JSON as clients get a single object."""
        return self.resource.json_head + self.bare_json[1:]

    def private(self) -> Object:
        """Return a copy of the object to change."""
        return cast(Object, self.resource.message.FromString(self.proto))
