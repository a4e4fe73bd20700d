"""The paths of a resource in OpenAPI: kubectl looks there for what a resource supports."""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor

from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.registry.resource import Resource

METHODS = {
    "get": ("get", "get"),
    "list": ("get", "list"),
    "create": ("post", "post"),
    "update": ("put", "put"),
    "patch": ("patch", "patch"),
    "delete": ("delete", "delete"),
    "deletecollection": ("delete", "deletecollection"),
}
"""By verb: the HTTP method, and what `x-kubernetes-action` says."""
COLLECTION = ("list", "create", "deletecollection")
QUERY = {
    "create": ("dryRun", "fieldManager", "fieldValidation", "pretty"),
    "update": ("dryRun", "fieldManager", "fieldValidation", "pretty"),
    "patch": ("dryRun", "fieldManager", "fieldValidation", "force", "pretty"),
    "delete": ("dryRun", "gracePeriodSeconds", "propagationPolicy", "pretty"),
    "list": ("allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "watch"),
}


def paths_of(resource: Resource, name_of: Callable[[Descriptor], str]) -> dict[str, Any]:
    """Return the path items of a resource."""
    kind = resource.kind
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    base = f"{root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{root}/{kind.plural}"
    paths: dict[str, Any] = {}
    for verb in kind.verbs:
        if verb in METHODS:
            path = base if verb in COLLECTION else f"{base}/{{name}}"
            method, action = METHODS[verb]
            paths.setdefault(path, {})[method] = _operation(resource, verb, action, name_of)
    return paths


def _operation(resource: Resource, verb: str, action: str, name_of: Callable[[Descriptor], str]) -> dict[str, Any]:
    kind = resource.kind
    message = resource.list_message if verb == "list" else resource.message
    schema = {"$ref": f"#/components/schemas/{name_of(descriptor_of(message))}"}
    operation: dict[str, Any] = {
        "operationId": f"{verb}{kind.group.replace('.', '')}{kind.version}{kind.name}",
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in QUERY.get(verb, ())],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.name},
    }
    if verb in ("create", "update"):
        operation["requestBody"] = {"content": {"*/*": {"schema": schema}}, "required": True}
    return operation
