"""The types of Kubernetes' own kinds, as expressions see them: made field by field when somebody looks."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.escaping import escape
from kobune.apimachinery.cel.types import ObjectType, Type
from kobune.apimachinery.codec.shape import Field, is_object, json_fields
from kobune.apiserver.cel.schema_types import type_of_schema
from kobune.apiserver.customresources.resource import CustomResource
from kobune.apiserver.registry.resource import Resource

SCALARS: Final[Mapping[int, Type]] = {
    FieldDescriptor.TYPE_STRING: types.STRING,
    FieldDescriptor.TYPE_BYTES: types.BYTES,
    FieldDescriptor.TYPE_BOOL: types.BOOL,
    FieldDescriptor.TYPE_INT32: types.INT,
    FieldDescriptor.TYPE_INT64: types.INT,
    FieldDescriptor.TYPE_DOUBLE: types.DOUBLE,
}
SPECIAL: Final[Mapping[str, Type]] = {
    "Time": types.TIMESTAMP,
    "MicroTime": types.TIMESTAMP,
    "Duration": types.STRING,
    "ExtraValue": types.list_of(types.STRING),
    "Verbs": types.list_of(types.STRING),
    **dict.fromkeys(("Quantity", "IntOrString", "FieldsV1", "RawExtension", "JSON"), types.DYN),
    **{f"JSONSchemaPropsOr{other}": types.DYN for other in ("Bool", "Array", "StringArray")},
}
"""Messages that are no objects in JSON."""


def type_of_resource(resource: Resource) -> Type:
    """Return the type of the objects of a resource."""
    if isinstance(resource, CustomResource):
        return type_of_schema(resource.schema or {}, root=True) or types.DYN
    return type_of_message(resource.message.DESCRIPTOR)


@cache
def type_of_message(descriptor: Descriptor) -> Type:
    """Return the type of a message."""
    known = SPECIAL.get(descriptor.name)
    return known or ObjectType("object", descriptor.full_name, (), Fields(descriptor))


class Fields(Mapping[str, Type]):
    """The fields of a message, by their names in expressions. Messages may contain themselves."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._fields = {escape(name) or name: field for name, field in json_fields(descriptor).items()}
        self._kind = dict.fromkeys(("apiVersion", "kind"), types.STRING) if is_object(descriptor) else {}

    def __getitem__(self, name: str) -> Type:
        field = self._fields.get(name)
        return self._kind[name] if field is None else _type_of(field)

    def __iter__(self) -> Iterator[str]:
        yield from self._kind
        yield from self._fields

    def __len__(self) -> int:
        return len(self._kind) + len(self._fields)


def _type_of(field: Field) -> Type:
    inner = type_of_message(field.message) if field.message is not None else SCALARS[field.element.type]
    if field.is_map:
        return types.map_of(types.STRING, inner)
    return types.list_of(inner) if field.is_list else inner
