"""What clients are sent: JSON, or protobuf in Kubernetes' envelope; from messages to bytes."""

from typing import Any, Final

import orjson
from google.protobuf.message import Message

from kobune.api.meta.v1 import ListMeta, Status
from kobune.api.runtime.v1 import TypeMeta, Unknown
from kobune.apimachinery import codec
from kobune.apimachinery.codec.shape import is_object
from kobune.apimachinery.schema import descriptor_of, package_options
from kobune.apiserver.registry.resource import MAGIC, Resource
from kobune.apiserver.verbs.read import Listing

JSON: Final = "application/json"
YAML: Final = "application/yaml"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
METADATA: Final = f"{PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Nothing but the metadata of objects: of custom resources, too."""


def is_protobuf(content_type: str) -> bool:
    """Whether a media type is protobuf."""
    return content_type.partition(";")[0].strip() == PROTOBUF


def tree_of(message: Message) -> Any:
    """Return the JSON tree of a single message, with its kind and version."""
    tree = codec.encode(message)
    if not is_object(message.DESCRIPTOR):
        return tree
    return {"kind": message.DESCRIPTOR.name, "apiVersion": api_version(message), **tree}


def envelope(message: Message) -> bytes:
    """Return a message in Kubernetes' envelope."""
    if isinstance(message, Status):
        message = _spelled_out(message)
    return wrap(api_version(message), message.DESCRIPTOR.name, message.SerializeToString())


def _spelled_out(status: Status) -> Status:
    """Return a status as Kubernetes writes it: with the metadata that it never has."""
    full = Status(metadata=ListMeta(selfLink="", resourceVersion=""))
    setattr(full.metadata, "continue", "")
    full.MergeFrom(status)
    return full


def wrap(version: str, kind: str, raw: bytes) -> bytes:
    """Return an encoded message in Kubernetes' envelope."""
    type_meta = TypeMeta(apiVersion=version, kind=kind)
    return MAGIC + Unknown(typeMeta=type_meta, raw=raw, contentEncoding="", contentType="").SerializeToString()


def list_json(resource: Resource, listing: Listing) -> bytes:
    """Return the JSON of a list: a join of what is there."""
    meta: dict[str, Any] = {"resourceVersion": str(listing.revision)}
    if listing.next or resource.is_custom:
        meta["continue"] = listing.next
    if listing.remaining is not None:
        meta["remainingItemCount"] = listing.remaining
    kind = resource.kind
    head = b'{"kind":"%b","apiVersion":"%b","metadata":%b,"items":[' % (
        kind.list_name.encode(),
        kind.api_version.encode(),
        orjson.dumps(meta),
    )
    return b"".join((head, b",".join([resource.view(stored).bare_json for stored in listing.items]), b"]}"))


def api_version(message: Message | type[Message]) -> str:
    """Return the apiVersion of a message: that of its package."""
    package = package_options(descriptor_of(message))
    if package.group == "meta.k8s.io":
        return str(package.version)
    return f"{package.group}/{package.version}" if package.group else str(package.version)
