"""Message to JSON tree.

What is left out and what is shown as `null`, `{}` or zero follows Kubernetes: `omitempty` leaves zero values out but
never a structure, a pointer is shown whenever it is set, and what may not be empty is shown even if it is.
"""

import base64
from collections.abc import Callable
from functools import cache
from math import copysign
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import RECURSIVE, Field, fields

Writer = Callable[[Any], Any]

ZEROS = {
    FieldDescriptor.TYPE_STRING: "",
    FieldDescriptor.TYPE_BOOL: False,
    FieldDescriptor.TYPE_INT32: 0,
    FieldDescriptor.TYPE_INT64: 0,
    FieldDescriptor.TYPE_DOUBLE: 0,
    FieldDescriptor.TYPE_BYTES: None,
}


@cache
def writer(descriptor: Descriptor) -> "Writer":
    """Return the function that turns a message into its JSON value. Nobody may change a tree: parts are shared."""
    if scalar := SCALARS.get(descriptor.full_name):
        return scalar.write
    if union := UNIONS.get(descriptor.full_name):
        return union
    return _message_writer(descriptor)


def _message_writer(descriptor: Descriptor) -> Writer:
    shown_if_empty = empty(descriptor)
    table: dict[FieldDescriptor, tuple[str, Writer | None, bool]] = {}
    inlined: dict[FieldDescriptor, Writer] = {}
    for field in fields(descriptor):
        if field.schema.inline:
            inlined[field.descriptor] = _message_writer(field.inner)
        else:
            table[field.descriptor] = field.json, _field_writer(field), _left_out_when_zero(field)

    def write(message: Message) -> dict[str, Any]:
        out = shown_if_empty.copy() if shown_if_empty else {}
        for field, value in message.ListFields():
            name, each, omit = table[field]
            if each is not None:
                value = each(value)
            if value or not omit:
                out[name] = value
        return out

    def write_unfolded(message: Message) -> dict[str, Any]:
        out = shown_if_empty.copy()
        for field, value in message.ListFields():
            if field in inlined:
                out.update(inlined[field](value))
                continue
            name, each, omit = table[field]
            if each is not None:
                value = each(value)
            if value or not omit:
                out[name] = value
        return out

    return write_unfolded if inlined else write


@cache
def empty(descriptor: Descriptor) -> dict[str, Any]:
    """Return what JSON shows for a message with nothing in it."""
    shown: dict[str, Any] = {}
    for field in fields(descriptor):
        if field.schema.inline:
            shown |= empty(field.inner)
        elif not _left_out_when_zero(field) and not (field.schema.omitempty and field.schema.pointer):
            shown[field.json] = _zero(field)
    return shown


def _left_out_when_zero(field: Field) -> bool:
    if field.message is not None and not field.descriptor.is_repeated:
        return field.schema.omitzero
    return field.schema.omitempty and (field.descriptor.is_repeated or not field.schema.pointer)


def _zero(field: Field) -> Any:
    if field.descriptor.is_repeated or field.schema.pointer:
        return None
    if field.message is None:
        return ZEROS[field.descriptor.type]
    if scalar := SCALARS.get(field.message.full_name):
        return scalar.empty
    return None if field.message.full_name in UNIONS else empty(field.message)


def _field_writer(field: Field) -> Writer | None:
    """Return what a field's value must go through; None if JSON takes it as it is.

    Lists and maps of protobuf are slow to walk: a slice, and asking for each key, take half the time.
    """
    message = field.message
    if message is not None:
        each = _lazy(message)
        if field.is_map:
            return lambda value: {key: each(value[key]) for key in value}
        if field.is_list:
            return lambda value: list(map(each, value[:]))
        return each
    if field.element.type == FieldDescriptor.TYPE_BYTES:
        if field.is_map:
            return lambda value: {key: write_bytes(value[key]) for key in value}
        return write_bytes
    if field.is_map:
        return lambda value: {key: value[key] for key in value}
    if field.is_list:
        return lambda value: value[:]
    if field.descriptor.type == FieldDescriptor.TYPE_DOUBLE:
        # Minus zero is another number than zero, and no whole one.
        return lambda value: int(value) if value.is_integer() and (value or copysign(1, value) > 0) else value
    return None


def _lazy(descriptor: Descriptor) -> Writer:
    # A message that contains itself finds its writer only when it is used.
    return (lambda value: writer(descriptor)(value)) if descriptor.name in RECURSIVE else writer(descriptor)


def write_bytes(value: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(value).decode()


def _write_schema_or_bool(message: Any) -> Any:
    return writer(message.schema.DESCRIPTOR)(message.schema) if message.HasField("schema") else message.allows


def _write_schema_or_array(message: Any) -> Any:
    each = writer(message.schema.DESCRIPTOR)
    return each(message.schema) if message.HasField("schema") else [each(item) for item in message.jSONSchemas]


def _write_schema_or_strings(message: Any) -> Any:
    return writer(message.schema.DESCRIPTOR)(message.schema) if message.HasField("schema") else list(message.property)


UNIONS: dict[str, Writer] = {
    "kobune.api.apiextensions.v1.JSONSchemaPropsOrBool": _write_schema_or_bool,
    "kobune.api.apiextensions.v1.JSONSchemaPropsOrArray": _write_schema_or_array,
    "kobune.api.apiextensions.v1.JSONSchemaPropsOrStringArray": _write_schema_or_strings,
}
"""Messages that JSON shows as one of their fields."""
