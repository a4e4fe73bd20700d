"""What server-side apply has to know about a kind: which of its values are owned whole, and which part by part.

A type is worked out from a message's descriptor and the schema's options; custom resources make theirs from the schema
in their definition. See "Merge strategy" in the Kubernetes reference on server-side apply.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.apimachinery.codec.encode import UNIONS
from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import RECURSIVE, Field, is_object, json_fields
from kobune.apimachinery.schema import message_struct_type


@dataclass(frozen=True, eq=False, slots=True)
class Scalar:
    """A value without parts."""

    expected: str = ""
    """What a wrong value is told; empty if every scalar is right."""


@dataclass(frozen=True, eq=False, slots=True)
class Key:
    """One of the fields that tell the items of a list apart, and what it is when it is left out (None: an error)."""

    name: str
    default: Any = None


@dataclass(frozen=True, eq=False, slots=True)
class List:
    """A list: owned whole (`atomic`), a set of scalars, or items told apart by `keys`."""

    element: "Type"
    atomic: bool = True
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, eq=False)
class Map:
    """An object: named fields, free keys with values of one type (`element`), or both."""

    named: Callable[[], Mapping[str, "Type"]] = dict
    """Called when the fields are needed for the first time, since types may contain themselves."""
    element: "Type | None" = None
    atomic: bool = False

    @cached_property
    def fields(self) -> Mapping[str, "Type"]:
        """The types of the named fields."""
        return self.named()

    def child(self, name: str) -> "Type | None":
        """Return the type of a field, None if there may be none of that name."""
        return self.fields.get(name, self.element)


@dataclass(frozen=True, eq=False, slots=True)
class Untyped:
    """A value that may be anything: objects are owned key by key, lists whole."""


Type = Scalar | List | Map | Untyped

UNTYPED: Final = Untyped()
UNTYPED_MAP: Final = Map(element=UNTYPED)
UNTYPED_LIST: Final = List(UNTYPED)
UNTYPED_SCALAR: Final = Scalar()

STRING: Final = Scalar("string")
NUMBER: Final = Scalar("numeric (int or float)")
BOOLEAN: Final = Scalar("boolean")

BY_PROTOBUF: Final = {
    FieldDescriptor.TYPE_STRING: STRING,
    FieldDescriptor.TYPE_BYTES: STRING,
    FieldDescriptor.TYPE_BOOL: BOOLEAN,
    FieldDescriptor.TYPE_INT32: NUMBER,
    FieldDescriptor.TYPE_INT64: NUMBER,
    FieldDescriptor.TYPE_DOUBLE: NUMBER,
}
ANYTHING: Final = frozenset({"RawExtension", "JSON", "FieldsV1"})
"""Messages that JSON shows as whatever is in them."""

NUMBER_OR_STRING: Final = frozenset({"IntOrString", "Quantity"})


def settled(type: Type, value: Any) -> Scalar | List | Map:
    """Return a type as it is for a value: what may be anything is what it looks like."""
    if not isinstance(type, Untyped):
        return type
    if isinstance(value, dict):
        return UNTYPED_MAP
    return UNTYPED_LIST if isinstance(value, list) else UNTYPED_SCALAR


@cache
def type_of(descriptor: Descriptor) -> Type:
    """Return the type of a message."""
    if descriptor.name in ANYTHING or descriptor.name in RECURSIVE or descriptor.full_name in UNIONS:
        return UNTYPED
    if descriptor.full_name in SCALARS:
        return UNTYPED_SCALAR if descriptor.name in NUMBER_OR_STRING else STRING
    return Map(lambda: _named(descriptor), atomic=message_struct_type(descriptor) == "atomic")


def _named(descriptor: Descriptor) -> Mapping[str, Type]:
    named = {name: _field_type(found) for name, found in json_fields(descriptor).items()}
    return {"apiVersion": STRING, "kind": STRING, **named} if is_object(descriptor) else named


def _field_type(found: Field) -> Type:
    message = found.message
    element: Type = type_of(message) if message is not None else BY_PROTOBUF[found.element.type]
    if found.is_map:
        return Map(element=element, atomic=found.schema.map_type == "atomic")
    if not found.is_list:
        if found.schema.struct_type == "granular" and isinstance(element, Map):
            return Map(element.named)
        return element
    match found.schema.list_type:
        case "set":
            return List(element, atomic=False)
        case "map":
            return List(element, atomic=False, keys=tuple(_key(message, name) for name in found.schema.list_map_keys))
        case _:
            return List(element)


def _key(message: Descriptor | None, name: str) -> Key:
    assert message is not None, "only objects have keys"
    default = json_fields(message)[name].schema.default
    return Key(name, orjson.loads(default) if default else None)


__all__ = [
    "BOOLEAN",
    "NUMBER",
    "STRING",
    "UNTYPED",
    "Key",
    "List",
    "Map",
    "Scalar",
    "Type",
    "Untyped",
    "settled",
    "type_of",
]
