"""One form for what means the same.

Kubernetes' structs know no difference between a number that is absent and one that is zero, unless it is a pointer;
messages do. Clients in Go send every zero, JSON leaves them out. In normal form nothing is set that means the same as
not being set, so that equal objects are equal messages and equal bytes.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from kobune.apimachinery.codec.shape import RECURSIVE, Field, fields
from kobune.apimachinery.schema import descriptor_of

Normalize = Callable[[Any], bool]
"""Normalizes a message, and tells whether anything is left in it."""

SCALAR: Final = 0
POINTER: Final = 1
STRUCT: Final = 2
LIST: Final = 3
MAP: Final = 4
OTHER: Final = (POINTER, "", None)
"""A field that stays as it is."""


def normalize(message: Message) -> None:
    """Bring a message into normal form, in place."""
    _normalizer(descriptor_of(message))(message)


@cache
def _normalizer(descriptor: Descriptor) -> Normalize:
    table: dict[FieldDescriptor, tuple[int, str, Normalize | None]] = {}
    for field in fields(descriptor):
        if (kind := _kind(field)) is not None:
            table[field.descriptor] = kind, field.name, _lazy(field.message) if field.message is not None else None

    def run(message: Message) -> bool:
        left = False
        for field, value in message.ListFields():
            kind, name, inner = table.get(field, OTHER)
            if inner is None:
                if kind == SCALAR and not value:
                    message.ClearField(name)
                    continue
            elif kind == LIST:
                for item in value[:]:
                    inner(item)
            elif kind == MAP:
                for key in value:
                    inner(value[key])
            elif not inner(value) and kind == STRUCT:
                message.ClearField(name)
                continue
            left = True
        return left

    return run


def _kind(field: Field) -> int | None:
    """Return how a field is brought into normal form; None if there is nothing to do."""
    if field.message is None:
        return SCALAR if zero_means_absent(field) else None
    if field.is_map:
        return MAP
    if field.is_list:
        return LIST
    return STRUCT if is_struct(field) else POINTER


def is_struct(field: Field) -> bool:
    """Whether a field with a message says nothing when the message is empty."""
    return field.message is not None and not field.descriptor.is_repeated and not field.schema.pointer


def zero_means_absent(field: Field) -> bool:
    """Whether a field with a scalar says nothing when it is set to zero."""
    if field.descriptor.is_repeated or field.schema.pointer:
        return False
    # Where JSON shows empty bytes, they differ from none: "" and null.
    return field.descriptor.type != FieldDescriptor.TYPE_BYTES or field.schema.omitempty


def _lazy(descriptor: Descriptor) -> Normalize:
    # A message that contains itself finds its normalizer only when it is used.
    return (lambda value: _normalizer(descriptor)(value)) if descriptor.name in RECURSIVE else _normalizer(descriptor)
