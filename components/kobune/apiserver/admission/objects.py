"""Objects as webhooks and expressions see them: trees of JSON, in the version that they were written for."""

from typing import Any, Final, cast

import orjson

from kobune.apimachinery import codec
from kobune.apimachinery.custom import CustomObject
from kobune.apimachinery.errors import InternalError
from kobune.apimachinery.kinds import Object
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.media import api_version
from kobune.apiserver.registry.resource import Resource

IDENTITY: Final = (
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def tree_of(resource: Resource, item: Any) -> dict[str, Any]:
    """Return the tree of a stored object in the version of `resource`, or of what a subresource is written with."""
    if isinstance(item, CustomObject):
        tree: dict[str, Any] = orjson.loads(item.encode())
        return {**tree, "apiVersion": resource.kind.api_version}
    if resource.conversion is not None and isinstance(item, resource.stored.message):
        item = resource.conversion.from_stored(cast(Object, item))
    tree = orjson.loads(codec.to_json(item))
    version, kind = type_of(resource, item)
    return {"apiVersion": version, "kind": kind, **tree}


def type_of(resource: Resource, item: Any) -> tuple[str, str]:
    """Return the version and the kind of an object."""
    if isinstance(item, CustomObject) or (not resource.is_custom and isinstance(item, resource.message)):
        return resource.kind.api_version, resource.kind.name
    if not resource.is_custom and isinstance(item, resource.stored.message):
        return resource.kind.api_version, resource.kind.name  # it is shown as the version that was asked for
    return api_version(type(item)), item.DESCRIPTOR.name


def replace(write: Write, resource: Resource, tree: dict[str, Any]) -> None:
    """Put what a tree in the version of `resource` says into the object that is being written.

    Defaults are filled in again. Raises `InternalError` if it is no such object any more.
    """
    new = write.new
    _keep_identity(new, tree)
    if isinstance(new, CustomObject):
        changed, unknown = resource.read_tree(tree)
        _warn(write, unknown)
        new.metadata.CopyFrom(changed.metadata)
        new.fields = changed.fields
        write.call.resource.strategy.default(new)
        return
    is_whole = not resource.is_custom and isinstance(new, resource.stored.message)
    message: Any = resource.message if is_whole else type(new)
    try:
        changed, unknown = codec.decode(message, orjson.dumps(tree))
    except codec.Undecodable as error:
        raise InternalError(f"Internal error occurred: {error}") from None
    _warn(write, unknown)
    if is_whole:
        changed = resource.to_stored(changed)
    codec.normalize(changed)
    new.CopyFrom(changed)
    if is_whole and write.call.subresource != "status":
        resource.strategy.default(new)


def _keep_identity(new: Any, tree: dict[str, Any]) -> None:
    """Let a tree be of the same object: where it is, and since when, is nobody else's to say.

    Its name is: a new object gets it, and an old one is not allowed to.
    """
    metadata = tree.get("metadata")
    if not isinstance(metadata, dict):
        metadata = tree["metadata"] = {}
    before = codec.encode(new.metadata)
    for name in IDENTITY:
        if name in before:
            metadata[name] = before[name]
        else:
            metadata.pop(name, None)


def _warn(write: Write, unknown: list[str]) -> None:
    """Tell of fields that the kind does not have: they are dropped."""
    words = [f'unknown field "{path}" in the patched object' for path in unknown]
    write.call.warnings.extend(word for word in words if word not in write.call.warnings)
