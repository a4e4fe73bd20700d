"""JSON to message.

The fast path checks almost nothing itself: it turns the parsed tree, in place, into constructor arguments and lets the
message refuse what does not fit. Only then does the slow path (`strict.py`) look again, to say what is wrong and where.
"""

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.apimachinery.codec.normal import is_struct, zero_means_absent
from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import RECURSIVE, Field, fields, is_object, json_fields
from kobune.apimachinery.schema import descriptor_of

Reader = Callable[[Any], Any]

ZEROS = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_INT32: int,
    FieldDescriptor.TYPE_INT64: int,
    FieldDescriptor.TYPE_DOUBLE: float,
    FieldDescriptor.TYPE_BYTES: bytes,
}
"""Of which type the zero of a scalar is."""


class Misfit(Exception):
    """The tree does not fit the message; `strict` says why."""


@cache
def reader(descriptor: Descriptor) -> "Reader":
    """Return the function that turns a parsed JSON value, in place, into an argument for the message's constructor."""
    if scalar := SCALARS.get(descriptor.full_name):
        return scalar.read
    if union := UNIONS.get(descriptor.full_name):
        return union
    return _message_reader(descriptor)


def _message_reader(descriptor: Descriptor) -> Reader:
    readers: dict[str, Reader] = {}
    for field in fields(descriptor):
        if read := field_reader(field):
            readers[field.name] = read
    straighten = _straightener(descriptor)
    # What means the same when it is zero is left out, so that the message has normal form.
    zeros = {f.name: ZEROS[f.descriptor.type] for f in fields(descriptor) if f.message is None and zero_means_absent(f)}
    structs = frozenset(f.name for f in fields(descriptor) if is_struct(f))

    def read_fields(tree: Any) -> Any:
        if type(tree) is not dict:
            raise Misfit
        for name, value in tree.items():
            if name in readers and value is not None:
                tree[name] = readers[name](value)
        return tree if all(tree.values()) else without_zeros(tree)

    def without_zeros(tree: dict[str, Any]) -> dict[str, Any]:
        for name in [name for name, value in tree.items() if not value]:
            value = tree[name]
            kind = type(value)
            if value is None or (name in structs if kind is dict else zeros.get(name) is kind):
                del tree[name]
        return tree

    def read_scalars(tree: Any) -> Any:
        if type(tree) is not dict:
            raise Misfit
        return tree if all(tree.values()) else without_zeros(tree)

    read = read_fields if readers else read_scalars
    if straighten is None:
        return read
    adjust = straighten

    def read_straightened(tree: Any) -> Any:
        if type(tree) is not dict:
            raise Misfit
        adjust(tree)
        return read(tree)

    return read_straightened


def _straightener(descriptor: Descriptor) -> Callable[[dict[str, Any]], None] | None:
    """Return what gives a tree the field names of the message; None where JSON has the same."""
    inlined = [(field.name, frozenset(json_fields(field.inner))) for field in fields(descriptor) if field.schema.inline]
    renamed = {f.json: f.name for f in fields(descriptor) if f.json != f.name and not f.schema.inline}
    # What only the message knows must not pass as JSON.
    hidden = frozenset({*(name for name, _ in inlined), *renamed.values()}) - frozenset(json_fields(descriptor))
    shows_type = is_object(descriptor)
    if not (inlined or renamed or shows_type):
        return None

    def straighten(tree: dict[str, Any]) -> None:
        if hidden and not hidden.isdisjoint(tree):
            raise Misfit
        if shows_type:
            tree.pop("kind", None)
            tree.pop("apiVersion", None)
        moved = [(renamed[json], tree.pop(json)) for json in renamed.keys() & tree.keys()]
        tree.update(moved)
        for name, names in inlined:
            if found := names & tree.keys():
                tree[name] = {inner: tree.pop(inner) for inner in found}

    return straighten


def field_reader(field: Field) -> Reader | None:
    """Return what a field's value must go through; None if the constructor takes and checks it as it is."""
    message = field.message
    if message is not None:
        each = _lazy(message)
        return map_of(each) if field.is_map else list_of(each) if field.is_list else each
    kind = field.element.type
    if kind == FieldDescriptor.TYPE_BYTES:
        return map_of(read_bytes) if field.is_map else list_of(read_bytes) if field.is_list else read_bytes
    if field.is_map:
        return read_map
    if field.is_list:
        return read_list
    return read_bool if kind == FieldDescriptor.TYPE_BOOL else None


def _lazy(descriptor: Descriptor) -> Reader:
    # A message that contains itself finds its reader only when it is used.
    return (lambda value: reader(descriptor)(value)) if descriptor.name in RECURSIVE else reader(descriptor)


# Constructors iterate over anything, so that a string would become a list of letters: hence the checks of types.


def list_of(each: Reader) -> Reader:
    """Return the reader of a list."""

    def read(value: Any) -> Any:
        if type(value) is not list:
            raise Misfit
        return [each(item) for item in value]

    return read


def map_of(each: Reader) -> Reader:
    """Return the reader of an object with free keys."""

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit
        return {key: each(item) for key, item in value.items()}

    return read


def read_list(value: Any) -> Any:
    """Return a list as it is."""
    if type(value) is not list:
        raise Misfit
    return value


def read_map(value: Any) -> Any:
    """Return an object with free keys as it is."""
    if type(value) is not dict:
        raise Misfit
    return value


def read_bool(value: Any) -> Any:
    """Return a boolean; a number is none."""
    if value is not True and value is not False:
        raise Misfit
    return value


def read_bytes(value: Any) -> bytes:
    """Return the bytes of base64 text."""
    if value is None:
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError):  # one of them: what is no ASCII
        raise Misfit from None


def _schema(value: Any) -> Any:
    return reader(_props())(value)


def _props() -> Descriptor:
    from kobune.api.apiextensions.v1 import JSONSchemaProps

    return descriptor_of(JSONSchemaProps)


UNIONS: dict[str, Reader] = {
    "kobune.api.apiextensions.v1.JSONSchemaPropsOrBool": lambda value: (
        {"allows": value} if isinstance(value, bool) else {"allows": True, "schema": _schema(value)}
    ),
    "kobune.api.apiextensions.v1.JSONSchemaPropsOrArray": lambda value: (
        {"jSONSchemas": [_schema(item) for item in value]} if isinstance(value, list) else {"schema": _schema(value)}
    ),
    "kobune.api.apiextensions.v1.JSONSchemaPropsOrStringArray": lambda value: (
        {"property": value} if isinstance(value, list) else {"schema": _schema(value)}
    ),
}
"""Messages that JSON shows as one of their fields."""
