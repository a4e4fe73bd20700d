"""JSON to message.

The fast path checks almost nothing itself: it turns the parsed tree, in place, into constructor arguments and lets the
message refuse what does not fit. Only then does the slow path (`strict.py`) look again, to say what is wrong and where.
"""

import base64
import binascii
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import Field, fields, is_object, json_fields
from kobune.apimachinery.schema import descriptor_of

Reader = Callable[[Any], Any]


class Misfit(Exception):
    """The tree does not fit the message; `strict` says why."""


@cache
def reader(descriptor: Descriptor) -> "Reader":
    """Return the function that turns a parsed JSON value into an argument for the message's constructor."""
    if scalar := SCALARS.get(descriptor.full_name):
        return scalar.read
    if union := UNIONS.get(descriptor.full_name):
        return union
    return MessageReader(descriptor)


class MessageReader:
    """Turns the JSON object of one message type into constructor arguments, in place."""

    def __init__(self, descriptor: Descriptor) -> None:
        self.descriptor = descriptor
        self._readers: dict[str, Reader] | None = None
        self._inlined: list[tuple[str, frozenset[str], MessageReader]] = []
        self._renamed: dict[str, str] = {}
        self._hidden: frozenset[str] = frozenset()
        self._irregular = False

    def __call__(self, tree: Any) -> Any:
        readers = self._readers
        if readers is None:
            readers = self._build()
        if type(tree) is not dict:
            raise Misfit
        if self._irregular:
            self._straighten(tree)
        for name, value in tree.items():
            read = readers.get(name)
            if read is not None and value is not None:
                tree[name] = read(value)
        return tree

    def _build(self) -> dict[str, Reader]:
        # Not in the constructor: messages may contain themselves.
        readers = {}
        for field in fields(self.descriptor):
            if field.schema.inline:
                inner = MessageReader(field.inner)
                names = frozenset(json_fields(field.inner))
                self._inlined.append((field.name, names, inner))
            elif field.json != field.name:
                self._renamed[field.json] = field.name
            if read := field_reader(field):
                readers[field.name] = read
        self._hidden = frozenset({*(name for name, _, _ in self._inlined), *self._renamed.values()}) - frozenset(
            json_fields(self.descriptor)
        )
        self._irregular = bool(self._inlined or self._renamed or is_object(self.descriptor))
        self._readers = readers
        return readers

    def _straighten(self, tree: dict[str, Any]) -> None:
        """Give the tree the field names of the message."""
        if self._hidden and not self._hidden.isdisjoint(tree):
            raise Misfit
        if is_object(self.descriptor):
            tree.pop("kind", None)
            tree.pop("apiVersion", None)
        renamed = [(json, tree.pop(json)) for json in self._renamed.keys() & tree.keys()]
        for json, value in renamed:
            tree[self._renamed[json]] = value
        for name, names, _ in self._inlined:
            if found := names & tree.keys():
                tree[name] = {inner: tree.pop(inner) for inner in found}


def field_reader(field: Field) -> Reader | None:
    """Return what a field's value must go through; None if the constructor takes and checks it as it is."""
    message = field.message
    if message is not None:
        each = reader(message)
        if field.is_map:
            return lambda value: {key: each(item) for key, item in _typed(value, dict).items()}
        if field.is_list:
            return lambda value: [each(item) for item in _typed(value, list)]
        return each
    kind = field.element.type
    if kind == FieldDescriptor.TYPE_BYTES:
        if field.is_map:
            return lambda value: {key: read_bytes(item) for key, item in _typed(value, dict).items()}
        return read_bytes
    if field.is_map:
        return lambda value: _typed(value, dict)
    if field.is_list:
        return lambda value: _typed(value, list)
    if kind == FieldDescriptor.TYPE_BOOL:
        return lambda value: _typed(value, bool)
    return None


def _typed(value: Any, kind: type) -> Any:
    # Constructors iterate over anything, so that a string would become a list of letters.
    if type(value) is not kind:
        raise Misfit
    return value


def read_bytes(value: Any) -> bytes:
    """Return the bytes of base64 text."""
    if value is None:
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError):
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
