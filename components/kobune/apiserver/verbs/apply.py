"""Server-side apply: make an object what a configuration says, as far as the configuration says anything."""

from typing import Any, Final

import orjson

from kobune.apimachinery.apply import problems, write_managers
from kobune.apimachinery.codec import Undecodable
from kobune.apimachinery.errors import BadRequest, Conflict, Unexplained
from kobune.apiserver import yaml_documents
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.verbs import ownership
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create
from kobune.apiserver.verbs.modify import check_name, modify
from kobune.apiserver.verbs.patch import read_patched
from kobune.apiserver.verbs.patch_document import GO_MAP, SHAPES

TYPED: Final = "failed to create typed patch object"


async def apply_configuration(api: Api, call: Call, body: bytes) -> Stored:
    """Apply a configuration to an object, which it creates if need be, and return the object as it is then.

    Raises `Conflict` if others own fields that it gives another value, unless the call has `force`.
    """
    config = read_configuration(call, body)
    check_configuration(call, config)
    if not call.subresource and api.cacher.get(call.resource, call.namespace, call.name) is None:
        return await _create(api, call, config)

    def change(current: Stored) -> Any:
        tree, managers = ownership.applied(api, call, config, call.resource.working(current).message, force=call.force)
        new = object_of(call, config, tree)
        write_managers(new.metadata, managers)
        return new

    return await modify(api, call, change, tracked=False)


async def _create(api: Api, call: Call, config: dict[str, Any]) -> Stored:
    api.authorizer.check(call.attributes("create"))
    if uid := config["metadata"].get("uid"):
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise Conflict.named(call.group, call.plural, call.name, why)
    tree, managers = ownership.applied(api, call, config, None, force=call.force)
    new = object_of(call, config, tree)
    new.metadata.name = call.name
    new.metadata.ClearField("resourceVersion")
    write_managers(new.metadata, managers)
    call.created = True
    return await create(api, call, new, tracked=False)


def object_of(call: Call, config: dict[str, Any], tree: dict[str, Any]) -> Any:
    """Return the object of a tree; it insists on a version only if the configuration does."""
    metadata = {**tree.get("metadata", {})}
    metadata.pop("resourceVersion", None)
    if version := config["metadata"].get("resourceVersion"):
        metadata["resourceVersion"] = version
    try:
        return call.resource.to_stored(read_patched(call, call.resource, {**tree, "metadata": metadata}))
    except Undecodable as error:
        raise BadRequest(f"failed to convert the applied configuration: {error}") from None


def read_configuration(call: Call, body: bytes) -> dict[str, Any]:
    """Return the tree of a configuration; raises `BadRequest` in Kubernetes' words if there is none."""
    try:
        text, odd = yaml_documents.to_json(body)
    except yaml_documents.BadYaml as error:
        raise BadRequest(f"error decoding YAML: error converting YAML to JSON: {error}") from None
    if odd and call.field_validation == "Strict":
        raise BadRequest(f"error strict decoding YAML: error converting YAML to JSON: {', '.join(odd)}")
    if call.field_validation == "Warn":
        call.warnings.extend(odd)
    config = orjson.loads(text)
    config = {} if config is None else config
    if not isinstance(config, dict):
        why = f"json: cannot unmarshal {SHAPES[type(config)]} into Go value of type {GO_MAP}"
        raise BadRequest(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}")
    metadata = config.get("metadata")
    if metadata is None:
        metadata = config["metadata"] = {}
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil")
    return config


def check_configuration(call: Call, config: dict[str, Any]) -> None:
    """Raise `BadRequest` or `Unexplained` if a configuration is not one of the object that the call is about."""
    metadata = config["metadata"]
    check_type(config, call.resource.kind.api_version, call.resource.kind.name)
    wrong = list(problems(config, call.resource.ownership))
    if wrong:
        found = wrong[0] if len(wrong) == 1 else "\n  ".join(["errors:", *wrong])
        kind = call.resource.kind
        where = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}" if isinstance(metadata, dict) else "/"
        group_version = f"{kind.group}/{kind.version}"
        raise Unexplained(f"{TYPED} ({where}; {group_version}, Kind={kind.name}): {found}")
    if metadata.get("name"):
        check_name(call, metadata["name"])
    if metadata.get("namespace") and metadata["namespace"] != call.namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")


def check_type(config: dict[str, Any], api_version: str, kind: str) -> None:
    """Raise `BadRequest` if a configuration does not say that it is of this kind."""
    version, name = config.get("apiVersion") or "", config.get("kind") or ""
    if (version, name) != (api_version, kind):
        group, _, of_group = str(version).rpartition("/")
        raise BadRequest(f"invalid object type: {group}/{of_group}, Kind={name}")
