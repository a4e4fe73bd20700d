"""One row of the table of resources: a kind, where it is stored, and how it differs.

A row also knows what its objects are: messages here; custom resources have rows of their own, whose objects are trees.
Whoever works on objects of any kind asks the row to copy, compare, read and write them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from google.protobuf.message import Message

from kobune.api.autoscaling.v1 import Scale
from kobune.api.runtime.v1 import TypeMeta, Unknown
from kobune.apimachinery import codec
from kobune.apimachinery.apply import Type, type_of
from kobune.apimachinery.kinds import Kind, Object, list_of
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.strategy import Strategy

if TYPE_CHECKING:
    from kobune.apiserver.printing.column import Column

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
    is_custom: ClassVar[bool] = False
    """Whether its objects are trees, defined by a CustomResourceDefinition."""
    calls_out: ClassVar[bool] = False
    """Whether somebody else converts its objects, so that `convert` must come before they are shown."""

    @property
    def warning(self) -> str:
        """What everybody is told who uses the resource; mostly nothing."""
        return self.strategy.deprecation

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
    def ownership(self) -> Type:
        """What server-side apply has to know about the kind."""
        return type_of(descriptor_of(self.message))

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

    async def convert(self, items: Iterable[Stored]) -> None:
        """Have objects converted to this version where that takes somebody else."""

    def working(self, stored: Stored) -> Stored:
        """Return a stored object in the version that writes of this resource are checked in."""
        return stored

    def to_stored(self, message: Object) -> Object:
        """Return a message of this version as the version that is stored."""
        return self.conversion.to_stored(message) if self.conversion else message

    async def into_store(self, item: Any) -> Any:
        """Return an object in the version that is stored, where somebody else converts it."""
        return item

    # What an object is: everything below here differs for custom resources.

    def load(self, stored: Stored) -> Object:
        """Return the object of a revision, new."""
        return cast(Object, self.message.FromString(stored.proto))

    def dump(self, item: Any) -> bytes:
        """Return what the store keeps of an object."""
        raw: bytes = item.SerializeToString()
        return raw

    def empty(self) -> Any:
        """Return an object without anything."""
        return self.message()

    def copy(self, item: Any) -> Any:
        """Return an object that says the same, in the version that it is of."""
        copy = type(item)()
        copy.CopyFrom(item)
        return copy

    def same(self, one: Any, other: Any) -> bool:
        """Whether two objects in normal form say the same."""
        return bool(one == other)

    def normalize(self, item: Any) -> None:
        """Bring an object into the one form that all with the same content have."""
        codec.normalize(item)

    @cached_property
    def has_spec(self) -> bool:
        """Whether there is something whose changes a generation could count."""
        return all(name in self.message.DESCRIPTOR.fields_by_name for name in self.strategy.counted)

    def wants_otherwise(self, new: Any, old: Any) -> bool:
        """Whether a change is one of what the user wants, which a generation counts."""
        for name in self.strategy.counted:
            now, before = getattr(new, name), getattr(old, name)
            if not (codec.same(now, before) if isinstance(now, Message) else now == before):
                return True
        return False

    def scale(self, item: Any, *, to_change: bool = False) -> Scale | None:
        """Return the scale of an object, where the kind has one of its own."""
        return None

    @property
    def replicas_path(self) -> Sequence[str]:
        """The names of the fields that lead to how many replicas an object wants."""
        return ("spec", "replicas")

    def set_replicas(self, item: Any, replicas: int) -> None:
        """Let an object want that many replicas."""
        item.spec.replicas = replicas

    def read(self, content_type: str, body: bytes, field_validation: str) -> tuple[Any, list[str]]:
        """Return the object that a body holds, and warnings; only of a kind whose objects are no messages."""
        raise NotImplementedError(self.kind.name)

    def read_tree(self, tree: dict[str, Any]) -> tuple[Any, list[str]]:
        """Return the object of a tree, and what it does not know; only of a kind whose objects are no messages."""
        raise NotImplementedError(self.kind.name)

    def bare_json(self, stored: Stored) -> bytes:
        """Return the JSON of an object as an item of a list."""
        return codec.to_json(cast(Message, stored.message))

    def field(self, stored: Stored, path: str) -> str:
        """Return a field of an object by its path, as field selectors see it."""
        if not path:
            return ""
        value: Any = stored.message
        for part in path.split("."):
            value = getattr(value, part)
        return str(value).lower() if isinstance(value, bool) else str(value)

    @property
    def shown_kind(self) -> Kind:
        """The kind as discovery describes it."""
        return self.kind

    @property
    def columns(self) -> "tuple[Column, ...] | None":
        """The columns of a table of its objects, where the kind brings its own."""
        return None

    # Where it is stored.

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
        if value.startswith(head) and value[len(head) :].startswith(b"\x12"):
            at = len(head) + 1
            size = shift = 0
            while True:
                byte = value[at]
                size |= (byte & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if byte < 0x80:
                    return value[at : at + size]
        # Somebody else wrote it, with the fields in another order.
        if not value.startswith(MAGIC):
            raise ValueError("it does not begin as stored objects do")
        unknown = Unknown.FromString(value[len(MAGIC) :])
        if (unknown.typeMeta.apiVersion, unknown.typeMeta.kind) != (self.kind.api_version, self.kind.name):
            raise ValueError(f"it is a {unknown.typeMeta.kind or '?'} of {unknown.typeMeta.apiVersion or '?'}")
        return unknown.raw


def varint(number: int) -> bytes:
    """Return protobuf's encoding of a whole number."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
