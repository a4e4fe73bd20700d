"""One revision of one object, encoded at most once in each encoding and shared by everyone who reads it."""

from typing import TYPE_CHECKING

from kobune.apimachinery.kinds import Object

if TYPE_CHECKING:
    from kobune.apiserver.registry.resource import Resource


class Stored:
    """An object as it was at a revision. Its message and bytes are shared: nobody may change them."""

    __slots__ = ("_json", "_message", "_proto", "raw", "resource", "revision", "views")

    views: "dict[Resource, Stored]"
    """The same as other versions show it, once somebody asked; only there for custom resources."""

    def __init__(self, resource: "Resource", raw: bytes, revision: int) -> None:
        self.resource = resource
        self.raw = raw
        """What the store keeps: the protobuf message, or JSON for a custom resource, without its resource version."""
        self.revision = revision
        self._proto: bytes | None = None
        self._message: Object | None = None
        self._json: bytes | None = None

    @property
    def proto(self) -> bytes:
        """The protobuf message."""
        if not self.revision:
            return self.raw  # of a dry run: it never got a version
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
            self._message = self.resource.load(self)
        return self._message

    @property
    def bare_json(self) -> bytes:
        """JSON without `kind` and `apiVersion`, as the items of a list are."""
        if self._json is None:
            self._json = self.resource.bare_json(self)
        return self._json

    @property
    def json(self) -> bytes:
        """JSON as clients get a single object."""
        return self.resource.json_head + self.bare_json[1:]

    def is_sound(self) -> bool:
        """Whether it is an object at all."""
        return True

    def forget_encodings(self) -> None:
        """Keep only what the store keeps; what else somebody asks for is made again."""
        self._proto = self._message = self._json = None

    def private(self) -> Object:
        """Return a copy of the object to change."""
        return self.resource.load(self)
