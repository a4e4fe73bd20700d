"""What JSON says about a message, worked out once per message type from its descriptor and the schema's options."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.api.schema import schema_pb2
from kobune.apimachinery.schema import field_options, resource_options

GO_TYPES = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "[]uint8",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_DOUBLE: "float64",
}
"""What Kubernetes calls protobuf's scalar types in its error messages."""

RECURSIVE = frozenset({"JSONSchemaProps", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrArray"})
"""Messages that contain themselves."""


@dataclass(frozen=True)
class Field:
    """One field, with everything that the schema knows about it."""

    name: str
    """In the message."""
    json: str
    descriptor: FieldDescriptor
    schema: schema_pb2.Field

    @property
    def is_map(self) -> bool:
        """Whether JSON has an object with free keys here."""
        message = self.descriptor.message_type
        return message is not None and message.GetOptions().map_entry

    @property
    def is_list(self) -> bool:
        """Whether JSON has an array here."""
        return self.descriptor.is_repeated and not self.is_map

    @property
    def element(self) -> FieldDescriptor:
        """The field itself, or the value of a map."""
        return _message(self.descriptor).fields_by_name["value"] if self.is_map else self.descriptor

    @property
    def inner(self) -> Descriptor:
        """The message of an inlined field."""
        return _message(self.descriptor)

    @property
    def message(self) -> Descriptor | None:
        """The message in this field, list or map; None if it holds scalars."""
        return self.element.message_type


@cache
def fields(descriptor: Descriptor) -> tuple[Field, ...]:
    """Return the fields of a message, in the order of its definition."""
    return tuple(
        Field(
            name=field.name,
            json=field.json_name,
            descriptor=field,
            schema=field_options(field),
        )
        for field in descriptor.fields
    )


@cache
def json_fields(descriptor: Descriptor) -> dict[str, Field]:
    """Return what may stand in the JSON object of a message: its fields by JSON name, inlined messages unfolded."""
    return {field.json: field for field in _unfold(descriptor)}


def _unfold(descriptor: Descriptor) -> Iterator[Field]:
    for field in fields(descriptor):
        if field.schema.inline:
            yield from _unfold(_message(field.descriptor))
        else:
            yield field


@cache
def is_object(descriptor: Descriptor) -> bool:
    """Whether JSON shows `kind` and `apiVersion` for this message: it is a kind, or a list of one."""
    metadata = descriptor.fields_by_name.get("metadata")
    if metadata is None or metadata.message_type is None:
        return False
    name = metadata.message_type.full_name
    return name == "kobune.api.meta.v1.ListMeta" or (
        name == "kobune.api.meta.v1.ObjectMeta"
        and (resource_options(descriptor) is not None or not descriptor.name.endswith("TemplateSpec"))
    )


def _message(field: FieldDescriptor) -> Descriptor:
    return cast(Descriptor, field.message_type)
