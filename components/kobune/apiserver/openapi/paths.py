"""The paths of a resource in OpenAPI: kubectl looks there for what a resource supports."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Protocol

from kobune.api.meta.v1 import DeleteOptions, ListOptions, PatchOptions
from kobune.apimachinery.descriptions import describe
from kobune.apimachinery.kinds import Kind
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs.patch_document import CUSTOM_SUPPORTED, SUPPORTED

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
LISTING = ("allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "pretty")
VERSION = ("resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch")
WRITING = ("dryRun", "fieldManager", "fieldValidation", "pretty")
DELETING = ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy", "pretty")
QUERY = {
    "create": WRITING,
    "update": WRITING,
    "patch": ("dryRun", "fieldManager", "fieldValidation", "force", "pretty"),
    "delete": DELETING,
    "deletecollection": (*DELETING, *LISTING, *VERSION),
    "get": ("pretty",),
    "list": (*LISTING, *VERSION),
}

OPTIONS = (ListOptions, PatchOptions, DeleteOptions)
"""The messages whose fields are what the parameters of a query are."""
PRETTY = "Whether JSON comes with line breaks and indentation: `true` or `1`."


class SchemaName(Protocol):
    """Names the schema of a resource's objects, or of lists of them."""

    def __call__(self, resource: Resource, *, is_list: bool) -> str: ...


def paths_of(resource: Resource, schema_name: SchemaName) -> dict[str, Any]:
    """Return the path items of a resource, with those of its subresources and of its watches."""
    kind = resource.kind
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    inside = f"namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else kind.plural
    base = f"{root}/{inside}"
    languages = CUSTOM_SUPPORTED if resource.is_custom else SUPPORTED
    paths: dict[str, Any] = {}

    def add(path: str, verb: str) -> None:
        method, action = METHODS[verb]
        schema = {"$ref": f"#/components/schemas/{schema_name(resource, is_list=verb == 'list')}"}
        paths.setdefault(path, {})[method] = _operation(kind, verb, action, schema, languages, path)

    paths[f"{root}/"] = {"get": _discovery(kind)}
    for verb in kind.verbs:
        if verb in METHODS:
            add(base if verb in COLLECTION else f"{base}/{{name}}", verb)
    if kind.namespaced and "list" in kind.verbs:
        add(f"{root}/{kind.plural}", "list")
    for subresource in kind.subresources:
        for verb in subresource.verbs:
            if verb in METHODS:
                add(f"{base}/{{name}}/{subresource.name}", verb)
    if "watch" in kind.verbs:
        for path in _watched(root, kind, inside):
            add(path, "list")
    return paths


def _watched(root: str, kind: Kind, inside: str) -> Iterator[str]:
    yield f"{root}/watch/{kind.plural}"
    yield f"{root}/watch/{inside}"
    yield f"{root}/watch/{inside}/{{name}}"


def _operation(kind: Kind, verb: str, action: str, schema: Any, languages: Sequence[str], path: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "".join(
            word.title() for word in [verb, *path.strip("/").replace("{", "").replace("}", "").split("/")]
        ),
        "parameters": _parameters(QUERY[verb]),
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.name},
    }
    if verb in ("create", "update"):
        operation["requestBody"] = {"content": {"*/*": {"schema": schema}}, "required": True}
    if verb == "patch":
        patch = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Patch"}
        # kubectl reads here which of them a kind takes.
        content = {language: {"schema": patch} for language in languages}
        operation["requestBody"] = {"content": content, "required": True}
    return operation


def _discovery(kind: Kind) -> dict[str, Any]:
    return {
        "operationId": f"get{kind.group.title().replace('.', '')}{kind.version.title()}Resources",
        "description": "The resources of this group and version.",
        "responses": {"200": {"description": "OK"}},
    }


def _parameters(names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": _meaning(name), "schema": {"type": TYPES.get(name, "string")}}
        for name in names
    ]


@cache
def _meaning(parameter: str) -> str:
    for options in OPTIONS:
        if (field := descriptor_of(options).fields_by_name.get(parameter)) is not None:
            return describe(field)
    return PRETTY


TYPES = {
    "allowWatchBookmarks": "boolean",
    "force": "boolean",
    "gracePeriodSeconds": "integer",
    "limit": "integer",
    "orphanDependents": "boolean",
    "sendInitialEvents": "boolean",
    "timeoutSeconds": "integer",
    "watch": "boolean",
}
