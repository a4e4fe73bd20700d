"""Writes as values: what `Client.batch` takes, and how they become one message."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from kobune.api.core.v1 import Binding, ObjectReference, Pod
from kobune.api.dynamic.v1 import DeleteRequest, PatchRequest, Resource, WriteRequest
from kobune.api.dynamic.v1 import Object as Payload
from kobune.api.dynamic.v1 import Write as WriteMessage
from kobune.api.meta.v1 import DeleteOptions, ObjectMeta, Preconditions
from kobune.apimachinery.kinds import Object, is_custom, kind_of

PROTOBUF = "application/vnd.kubernetes.protobuf"
METADATA = f"{PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""What of an object is answered whose kind has no message."""


class PatchType(enum.Enum):
    """How a patch says what to change; the value is its content type."""

    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


PatchBody: TypeAlias = Mapping[str, Any] | list[Any]


@dataclass(frozen=True)
class CreateOf:
    """Create this object."""

    object: Object


@dataclass(frozen=True)
class UpdateOf:
    """Replace an object by this one; its `resourceVersion`, if set, must be the current one."""

    object: Object
    subresource: str = ""


@dataclass(frozen=True)
class UpdateStatusOf:
    """Replace an object's status by that of this one."""

    object: Object


@dataclass(frozen=True)
class PatchOf:
    """Change parts of an object."""

    kind: type[Object]
    name: str
    namespace: str
    patch: PatchBody
    type: PatchType = PatchType.MERGE
    subresource: str = ""


@dataclass(frozen=True)
class DeleteOf:
    """Delete an object: the one with this uid and version, where they are given."""

    kind: type[Object]
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    grace_seconds: int | None = None
    propagation: str = ""
    """Background, Foreground or Orphan; empty for the kind's default."""


@dataclass(frozen=True)
class BindOf:
    """Put a pod on a node: the pod with this uid, where it is given."""

    namespace: str
    name: str
    node: str
    uid: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


Write: TypeAlias = CreateOf | UpdateOf | UpdateStatusOf | PatchOf | DeleteOf | BindOf


def kind_written(write: Write) -> type[Object] | None:
    """Return the kind of object that a write answers with; None if it answers with none."""
    match write:
        case CreateOf(item) | UpdateOf(item) | UpdateStatusOf(item):
            return type(item)
        case PatchOf(kind=kind):
            return kind
        case _:
            return None


def message_of(write: Write) -> WriteMessage:
    """Return the write as `Objects.Batch` takes it."""
    match write:
        case CreateOf(item):
            return WriteMessage(create=write_request(item, ""))
        case UpdateOf(item, subresource):
            return WriteMessage(update=write_request(item, subresource))
        case UpdateStatusOf(item):
            return WriteMessage(update=write_request(item, "status"))
        case PatchOf(kind, name, namespace, patch, type_, subresource):
            return WriteMessage(
                patch=PatchRequest(
                    resource=resource_of(kind, subresource),
                    namespace=namespace,
                    name=name,
                    patch=Payload(content_type=type_.value, body=orjson.dumps(patch)),
                    content_type=_answer(kind),
                )
            )
        case DeleteOf(kind=kind, name=name, namespace=namespace):
            return WriteMessage(
                delete=DeleteRequest(
                    resource=resource_of(kind),
                    namespace=namespace,
                    name=name,
                    options=delete_options(write),
                    content_type=_answer(kind),
                )
            )
        case BindOf(namespace=namespace, name=name):
            return WriteMessage(
                create=WriteRequest(
                    resource=resource_of(Pod, "binding"),
                    namespace=namespace,
                    name=name,
                    object=Payload(content_type=PROTOBUF, body=binding_of(write).SerializeToString()),
                )
            )


def _answer(kind: type[Object]) -> str:
    return METADATA if is_custom(kind) else PROTOBUF


def resource_of(kind: type[Object], subresource: str = "") -> Resource:
    """Return the address of a kind's objects."""
    known = kind_of(kind)
    return Resource(group=known.group, version=known.version, resource=known.plural, subresource=subresource or None)


def write_request(item: Object, subresource: str) -> WriteRequest:
    """Return the request that carries a whole object."""
    return WriteRequest(
        resource=resource_of(type(item), subresource),
        namespace=item.metadata.namespace,
        name=item.metadata.name,
        object=Payload(content_type=PROTOBUF, body=item.SerializeToString()),
    )


def delete_options(write: DeleteOf) -> DeleteOptions:
    """Return the options of a deletion, with only those set that were asked for."""
    options = DeleteOptions()
    if write.uid or write.resource_version:
        options.preconditions.CopyFrom(
            Preconditions(uid=write.uid or None, resourceVersion=write.resource_version or None)
        )
    if write.grace_seconds is not None:
        options.gracePeriodSeconds = write.grace_seconds
    if write.propagation:
        options.propagationPolicy = write.propagation
    return options


def binding_of(write: BindOf) -> Binding:
    """Return the object that binds a pod."""
    return Binding(
        metadata=ObjectMeta(
            namespace=write.namespace, name=write.name, uid=write.uid or None, annotations=write.annotations
        ),
        target=ObjectReference(kind="Node", name=write.node),
    )
