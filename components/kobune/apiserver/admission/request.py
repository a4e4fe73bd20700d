"""A write as `AdmissionRequest` describes it to webhooks and expressions."""

from typing import Any

from kobune.apimachinery.codec import encode
from kobune.apiserver.admission import objects
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.registry.resource import Resource

OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


def request_of(write: Write, resource: Resource) -> dict[str, Any]:
    """Return the request as a tree, without the objects; `resource` is the version in which it is shown."""
    call = write.call
    user = call.user
    item = write.new if write.new is not None else write.old
    shown: dict[str, Any] = {
        "uid": write.api.new_uid(),
        "kind": _kind(resource, item),
        "resource": _resource(resource),
        "requestKind": _kind(call.resource, item),
        "requestResource": _resource(call.resource),
        "name": call.name,
        "operation": write.operation,
        "userInfo": {"username": user.name, "groups": list(user.groups)},
        "dryRun": call.dry_run,
        "options": _options(write),
    }
    if call.subresource:
        shown["subResource"] = shown["requestSubResource"] = call.subresource
    if namespace := namespace_of(write):
        shown["namespace"] = namespace
    if user.uid:
        shown["userInfo"]["uid"] = user.uid
    if user.extra:
        shown["userInfo"]["extra"] = {key: list(values) for key, values in user.extra.items()}
    return shown


def namespace_of(write: Write) -> str:
    """Return the namespace that a write is in; a namespace is in itself."""
    call = write.call
    return call.name if call.plural == "namespaces" and not call.group else call.namespace


def object_trees(write: Write, resource: Resource) -> tuple[Any, Any]:
    """Return the new and the old object as trees, None for one that is not there."""
    new = objects.tree_of(resource, write.new) if write.new is not None else None
    old = objects.tree_of(resource, write.old) if write.old is not None else None
    return new, old


def namespace_object(write: Write) -> Any:
    """Return the namespace that a write is in (for reading only); None for one outside of namespaces."""
    call = write.call
    if call.plural == "namespaces" and not call.group:
        return write.new if write.new is not None else write.old
    if not call.resource.kind.namespaced:
        return None
    return write.api.find("namespaces", "", call.namespace)


def _kind(resource: Resource, item: Any) -> dict[str, str]:
    api_version, kind = objects.type_of(resource, item)
    group, _, version = api_version.rpartition("/")
    return {"group": group, "version": version, "kind": kind}


def _resource(resource: Resource) -> dict[str, str]:
    kind = resource.kind
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}


def _options(write: Write) -> dict[str, Any]:
    call = write.call
    options: dict[str, Any] = {"kind": OPTIONS[write.operation], "apiVersion": "meta.k8s.io/v1"}
    if call.dry_run:
        options["dryRun"] = ["All"]
    if write.operation == "DELETE":
        if write.options is not None:
            options |= encode(write.options)
        return options
    if call.field_manager:
        options["fieldManager"] = call.field_manager
    if call.field_validation:
        options["fieldValidation"] = call.field_validation
    return options
