"""Typed access to what the schema's options say about messages, fields and packages.

protobuf's own type stubs know neither custom options nor that every message has a plain `Descriptor`; the casts that
this takes are all here.
"""

from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from google.protobuf.message import Message

from kobune.api.schema import schema_pb2


def descriptor_of(message: "Message | type[Message] | Any") -> Descriptor:
    """Return the descriptor of a message or of its type."""
    return cast(Descriptor, message.DESCRIPTOR)


def field_options(field: FieldDescriptor) -> schema_pb2.Field:
    """Return what the schema says about a field."""
    return cast(schema_pb2.Field, _options(field)[schema_pb2.field])


def resource_options(descriptor: Descriptor) -> schema_pb2.Resource | None:
    """Return how a message is served as a kind, None if it is not."""
    if not cast(Any, descriptor.GetOptions()).HasExtension(schema_pb2.resource):
        return None
    return cast(schema_pb2.Resource, _options(descriptor)[schema_pb2.resource])


def package_options(descriptor: Descriptor) -> schema_pb2.Package:
    """Return which API group and version a message is of."""
    return cast(schema_pb2.Package, _options(descriptor.file)[schema_pb2.package])


def kubernetes_package(descriptor: Descriptor) -> str:
    """Return the package that has the message in Kubernetes: `k8s.io.api.core.v1`."""
    own: str = _options(descriptor)[schema_pb2.kubernetes_package]
    return own or package_options(descriptor).kubernetes


def message_struct_type(descriptor: Descriptor) -> str:
    """Return "atomic" if whoever applies one such message owns it as a whole."""
    return str(_options(descriptor)[schema_pb2.struct_type])


def effect_options(descriptor: Descriptor) -> schema_pb2.Effect:
    """Return what the cluster does with messages of a type as a whole."""
    return cast(schema_pb2.Effect, _options(descriptor)[schema_pb2.effect])


def enum_values(field: FieldDescriptor) -> tuple[str, ...]:
    """Return the values that a string field is known to take; empty if it is free."""
    name = field_options(field).enum
    file = cast(FileDescriptor, cast(Any, field).file)
    return tuple(next((enum.values for enum in _options(file)[schema_pb2.string_enum] if enum.name == name), ()))


def _options(described: Any) -> Any:
    return described.GetOptions().Extensions
