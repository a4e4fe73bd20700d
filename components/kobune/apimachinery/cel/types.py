"""The types of values in expressions, as the checker sees them.

A type without parameters is a constant here (`INT`); the others are made with `list_of`, `map_of`, `optional_of` and
`ObjectType`. Their names are those that Kubernetes' error messages show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Type:
    """A type, or a parameter that stands for one."""

    kind: str
    name: str
    parameters: tuple["Type", ...] = ()

    def __str__(self) -> str:
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(map(str, self.parameters))})"


@dataclass(frozen=True)
class ObjectType(Type):
    """An object with the fields that its schema names, and no others."""

    fields: Mapping[str, Type] = field(default_factory=dict, compare=False, hash=False, repr=False)
    """By their names in expressions."""
    keys: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False, repr=False)
    """Their names in the object, where these differ."""

    def key(self, name: str) -> str:
        """Return what a field is called in the object."""
        return self.keys.get(name, name)


DYN: Final = Type("dyn", "dyn")
NULL: Final = Type("null", "null")
BOOL: Final = Type("bool", "bool")
INT: Final = Type("int", "int")
UINT: Final = Type("uint", "uint")
DOUBLE: Final = Type("double", "double")
STRING: Final = Type("string", "string")
BYTES: Final = Type("bytes", "bytes")
DURATION: Final = Type("duration", "duration")
TIMESTAMP: Final = Type("timestamp", "timestamp")


def list_of(item: Type) -> Type:
    """Return the type of lists of `item`."""
    return Type("list", "list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of maps from `key` to `value`."""
    return Type("map", "map", (key, value))


def optional_of(value: Type) -> Type:
    """Return the type of what may be a `value` or nothing."""
    return Type("optional", "optional_type", (value,))


def type_of(value: Type) -> Type:
    """Return the type of the type `value`."""
    return Type("type", "type", (value,))


def opaque(name: str) -> Type:
    """Return a type that only its own functions know how to use."""
    return Type("opaque", name)


def parameter(name: str) -> Type:
    """Return what stands for a type in the declaration of a function."""
    return Type("parameter", name)


def object_of(name: str, fields: Mapping[str, Type], keys: Mapping[str, str] | None = None) -> ObjectType:
    """Return an object type; `keys` are the names in the object of fields that have another name in expressions."""
    return ObjectType("object", name, (), fields, keys or {})


LIST: Final = list_of(DYN)
MAP: Final = map_of(DYN, DYN)

NULLABLE: Final = frozenset({"null", "object", "opaque", "duration", "timestamp", "optional"})
"""The kinds of types whose values may be compared with null."""


class Bindings:
    """What the parameters in a function's declaration stand for in one call."""

    def __init__(self) -> None:
        self._types: dict[str, Type] = {}

    def fits(self, wanted: Type, given: Type) -> bool:
        """Whether a value of type `given` can be where one of type `wanted` is expected; binds parameters."""
        if wanted.kind == "parameter":
            return self._bind(wanted.name, given)
        if wanted.kind == "dyn" or given.kind == "dyn":
            return True
        if given.kind == "null":
            return wanted.kind in NULLABLE
        if wanted.kind == "null":
            return given.kind in NULLABLE
        if wanted.kind != given.kind or (wanted.kind in ("object", "opaque") and wanted.name != given.name):
            return False
        if wanted.kind == "type":
            return True
        return all(self.fits(*pair) for pair in zip(wanted.parameters, given.parameters, strict=True))

    def settle(self, type: Type) -> Type:
        """Return a type with what its parameters stand for; those that stand for nothing become `dyn`."""
        if type.kind == "parameter":
            return self._types.get(type.name, DYN)
        if not type.parameters:
            return type
        return Type(type.kind, type.name, tuple(map(self.settle, type.parameters)))

    def _bind(self, name: str, given: Type) -> bool:
        bound = self._types.get(name)
        if bound is None or (bound.kind == "null" and self.fits(given, bound)):
            self._types[name] = given
            return True
        if not self.fits(bound, given):
            return False
        self._types[name] = join(bound, given)
        return True


def join(first: Type, second: Type) -> Type:
    """Return the type that values of two fitting types have in common: `dyn` where one of them is."""
    if first.kind == "dyn" or second.kind == "dyn":
        return DYN
    if first.kind == "null":
        return second
    if second.kind == "null" or not first.parameters or len(first.parameters) != len(second.parameters):
        return first
    pairs = zip(first.parameters, second.parameters, strict=True)
    return Type(first.kind, first.name, tuple(join(*pair) for pair in pairs))
