"""OpenAPI v3, one document per group and version, built from the schema when somebody asks.

`kubectl explain`, `kubectl apply` and client generators read it. Source: *The Kubernetes API*, section OpenAPI V3.
"""

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.api.meta.v1 import DeleteOptions, ListMeta, ObjectMeta, Patch, Status, WatchEvent
from kobune.apimachinery.codec.shape import Field, is_object, json_fields
from kobune.apimachinery.descriptions import API_VERSION, KIND, describe
from kobune.apimachinery.kinds import Kind
from kobune.apimachinery.schema import descriptor_of, enum_values, kubernetes_package, package_options
from kobune.apiserver.openapi import custom, v2
from kobune.apiserver.openapi.binary import to_protobuf
from kobune.apiserver.openapi.paths import paths_of
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.registry.resource import Resource

if TYPE_CHECKING:
    from kobune.apiserver.customresources.resource import CustomResource

SCALARS: dict[int, dict[str, Any]] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "format": "byte"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_INT64: {"type": "integer", "format": "int64"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
}
SPECIAL: dict[str, dict[str, Any]] = {
    "Time": {"type": "string", "format": "date-time"},
    "MicroTime": {"type": "string", "format": "date-time"},
    "Duration": {"type": "string"},
    "FieldsV1": {"type": "object"},
    "Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "IntOrString": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "RawExtension": {"type": "object"},
    "JSON": {},
    "JSONSchemaPropsOrBool": {},
    "JSONSchemaPropsOrArray": {},
    "JSONSchemaPropsOrStringArray": {},
    "ExtraValue": {"type": "array", "items": {"type": "string"}},
    "Verbs": {"type": "array", "items": {"type": "string"}},
}
REF = "#/components/schemas/"
BINARY = "v2 as protobuf"


class OpenApi:
    """The documents of a registry: made when somebody asks, and anew when kinds come and go."""

    def __init__(self, registry: Registry, version: str) -> None:
        self._registry = registry
        self._version = version
        self._edition = registry.edition
        self._trees: dict[str, dict[str, Any]] = {}
        self._texts: dict[str, bytes] = {}

    def index(self) -> bytes:
        """Return where each document is; a client keeps a document until its hash changes."""
        places = {place: {"serverRelativeURL": self.address(place)} for place in self._places()}
        return orjson.dumps({"paths": places})

    def address(self, place: str) -> str:
        """Return where a document is to be had as it is now, for good."""
        return f"/openapi/v3/{place}?hash={self.digest(place)}"

    def digest(self, place: str) -> str:
        """Return the hash of a document; other things have hashes of their own."""
        rows = [str(row.kind) + str(row.version) for row in self._custom_rows(place)]
        return hashlib.sha256("/".join([self._version, place, *rows]).encode()).hexdigest().upper()

    def document(self, place: str) -> bytes | None:
        """Return the document of `api/v1` or `apis/group/version`, None if there is none."""
        return self._text(place, lambda: self._tree(place)) if self._rows(place) else None

    def v2(self) -> bytes:
        """Return the OpenAPI v2 document."""
        return self._text("v2", self._v2)

    def v2_protobuf(self) -> bytes:
        """Return the OpenAPI v2 document as protobuf."""
        self._refresh()
        if BINARY not in self._texts:
            self._texts[BINARY] = to_protobuf(self._v2())
        return self._texts[BINARY]

    def _v2(self) -> dict[str, Any]:
        return v2.document((self._tree(place) for place in self._places()), self._version)

    def _text(self, name: str, make: Callable[[], dict[str, Any]]) -> bytes:
        self._refresh()
        if name not in self._texts:
            self._texts[name] = orjson.dumps(make())
        return self._texts[name]

    def _refresh(self) -> None:
        if self._registry.edition != self._edition:
            self._edition = self._registry.edition
            self._trees.clear()
            self._texts.clear()

    def _places(self) -> list[str]:
        return sorted({_place(row.kind) for row in self._registry})

    def _custom_rows(self, place: str) -> "list[CustomResource]":
        return [cast("CustomResource", row) for row in self._rows(place) if row.is_custom]

    def _rows(self, place: str) -> list[Resource]:
        return [row for row in self._registry if _place(row.kind) == place]

    def _tree(self, place: str) -> dict[str, Any]:
        if place not in self._trees:
            self._trees[place] = self._build(self._rows(place))
        return self._trees[place]

    def _build(self, resources: list[Resource]) -> dict[str, Any]:
        schemas: dict[str, Any] = {}
        wanted = _common()
        paths: dict[str, Any] = {}
        for resource in resources:
            if resource.is_custom:
                schemas |= custom.schemas_of(resource.kind, cast("CustomResource", resource).schema, REF)
            else:
                wanted.append(descriptor_of(resource.message))
                if "list" in resource.kind.verbs:
                    wanted.append(descriptor_of(resource.list_message))
            paths |= paths_of(resource, _schema_name)
        while wanted:
            descriptor = wanted.pop()
            name = name_of(descriptor)
            if name not in schemas:
                schemas[name] = schema_of(descriptor)
                wanted += _messages_in(descriptor)
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": self._version},
            "paths": dict(sorted(paths.items())),
            "components": {"schemas": dict(sorted(schemas.items()))},
        }


def _schema_name(resource: Resource, *, is_list: bool) -> str:
    if resource.is_custom:
        return custom.name_of(resource.kind) + ("List" if is_list else "")
    return name_of(descriptor_of(resource.list_message if is_list else resource.message))


def _place(kind: Kind) -> str:
    return f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"


def _common() -> list[Descriptor]:
    return [descriptor_of(message) for message in (DeleteOptions, ListMeta, ObjectMeta, Patch, Status, WatchEvent)]


@cache
def name_of(descriptor: Descriptor) -> str:
    """Return what Kubernetes calls a message in OpenAPI: io.k8s.api.core.v1.Pod."""
    package = kubernetes_package(descriptor)
    first, *rest = package.replace("_", "-").split(".")
    return ".".join(["io", first, *rest[1:], descriptor.name]) if rest[:1] == ["io"] else f"{package}.{descriptor.name}"


def schema_of(descriptor: Descriptor) -> dict[str, Any]:
    """Return the schema of a message."""
    text = describe(descriptor)
    if descriptor.name in SPECIAL:
        return {"description": text, **SPECIAL[descriptor.name]}
    properties: dict[str, Any] = {}
    required = []
    if is_object(descriptor):
        properties["apiVersion"] = {"type": "string", "description": API_VERSION}
        properties["kind"] = {"type": "string", "description": KIND}
    for name, field in json_fields(descriptor).items():
        properties[name] = _property(field)
        if _is_required(field):
            required.append(name)
    schema: dict[str, Any] = {"type": "object"}
    if text:
        schema["description"] = text
    if properties:
        schema["properties"] = dict(sorted(properties.items()))
    if required:
        schema["required"] = sorted(required)
    if kinds := list(_group_version_kinds(descriptor)):
        schema["x-kubernetes-group-version-kind"] = kinds
    return schema


def _is_required(field: Field) -> bool:
    return field.schema.required or not (field.schema.optional or field.schema.omitempty)


def _property(field: Field) -> dict[str, Any]:
    known = field.schema
    inner: dict[str, Any]
    if field.message is not None:
        inner = {"allOf": [{"$ref": REF + name_of(field.message)}]}
        if not field.descriptor.is_repeated and field.message.name not in SPECIAL and not known.pointer:
            inner["default"] = {}
    else:
        inner = dict(SCALARS[field.element.type])
        if values := enum_values(field.element):
            inner["enum"] = sorted(values)
    if field.is_map:
        inner = {"type": "object", "additionalProperties": inner}
    elif field.is_list:
        inner = {"type": "array", "items": inner}
    if known.default:
        inner["default"] = orjson.loads(known.default)
    if text := describe(field.descriptor):
        inner["description"] = text
    if known.list_type:
        inner["x-kubernetes-list-type"] = known.list_type
    if known.list_map_keys:
        inner["x-kubernetes-list-map-keys"] = list(known.list_map_keys)
    if known.map_type:
        inner["x-kubernetes-map-type"] = known.map_type
    if known.patch_strategy:
        inner["x-kubernetes-patch-strategy"] = known.patch_strategy
    if known.patch_merge_key:
        inner["x-kubernetes-patch-merge-key"] = known.patch_merge_key
    return inner


def _messages_in(descriptor: Descriptor) -> Iterator[Descriptor]:
    if descriptor.name in SPECIAL:
        return
    for field in json_fields(descriptor).values():
        if field.message is not None:
            yield field.message


def _group_version_kinds(descriptor: Descriptor) -> Iterator[dict[str, str]]:
    if not is_object(descriptor):
        return
    package = package_options(descriptor)
    group = "" if package.group == "meta.k8s.io" else package.group
    yield {"group": group, "version": package.version, "kind": descriptor.name}
