"""What a schema in a definition may say, beside being structural."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import child, forbidden, invalid, not_supported, required
from kobune.apiserver.customresources.definition import defaults, expressions, golang, structure
from kobune.apiserver.customresources.definition.expressions import rule_shapes
from kobune.apiserver.customresources.schema.structural import structural

Tree = Mapping[str, Any]

TYPES = ("array", "boolean", "integer", "number", "object", "string")
META_FIELDS = ("apiVersion", "kind", "metadata")
NOT_SUPPORTED = (
    ("id", "id is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("$ref", "$ref is not supported"),
)
AT_ROOT = (
    *("Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum"),
    *("MaxLength", "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items"),
    *("Properties", "ExternalDocs", "Example", "XPreserveUnknownFields", "XValidations"),
)
"""What the root of a schema may say where the status has an address of its own."""
WITH_STATUS = "at the root of the schema if the status subresource is enabled"
ALLOWED_AT_ROOT = f"[{' '.join(AT_ROOT)}]"
ATOMIC_IN_SET = "must be atomic as item of a list with x-kubernetes-list-type=set"
QUADRATIC = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
EXCLUSIVE = "additionalProperties and properties are mutual exclusive"


@dataclass(frozen=True)
class Demands:
    """What is asked of schemas; a changed definition is excused from what the old one did not fulfil either."""

    structural: bool = True
    known_types: bool = True
    pruned_defaults: bool = True
    atomic_sets: bool = True
    keyed_lists: bool = True


def violations(schema: Tree, path: str, demands: Demands, *, has_status: bool) -> list[FieldError]:
    """Return what is wrong with the schema of a version."""
    found: list[FieldError] = []
    if has_status:
        found += _at_root(schema, path)
    if schema.get("nullable"):
        found.append(forbidden(child(path, "nullable"), "nullable cannot be true at the root"))
    why = ""
    with_expressions = False
    if demands.structural:
        why = structure.unsupported(schema)
        if not why:
            wrong = structure.violations(schema, path) or list(
                defaults.violations(structural(schema), path, must_be_pruned=demands.pruned_defaults)
            )
            found += wrong
            with_expressions = not wrong
    own = list(_node(schema, path, Place(demands), is_root=True))
    found += own
    if with_expressions and not own:
        found += expressions.violations(schema, path)
    if not found and why:
        found.append(invalid(path, "", why))
    return found


def _at_root(schema: Tree, path: str) -> Iterator[FieldError]:
    for shown, name, empty, _ in golang.FIELDS:
        if name not in schema or schema[name] == empty:
            continue
        if shown == "Type":
            if schema[name] != "object":
                yield invalid(child(path, "type"), schema[name], f'only "object" is allowed as the type {WITH_STATUS}')
                return
        elif shown not in AT_ROOT:
            words = f"only {ALLOWED_AT_ROOT} fields are allowed {WITH_STATUS}"
            yield invalid(path, golang.schema(schema), words)
            return


@dataclass(frozen=True)
class Place:
    """Where in a schema a node is, as far as rules depend on it."""

    demands: Demands
    no_defaults: str | None = None
    """Why nothing may have a default there; None if it may."""
    in_meta: bool = False


def _node(schema: Tree, path: str, place: Place, *, is_root: bool = False) -> Iterator[FieldError]:
    yield from _plain(schema, path, place)
    if schema.get("uniqueItems"):
        yield forbidden(child(path, "uniqueItems"), QUADRATIC)
    additional = schema.get("additionalProperties")
    if additional is not None:
        if schema.get("properties") and additional is not True:
            yield forbidden(child(path, "additionalProperties"), EXCLUSIVE)
        if isinstance(additional, Mapping):
            why = "inside additionalProperties applying to object metadata"
            inside = replace(place, no_defaults=why) if place.in_meta else place
            yield from _node(additional, child(path, "additionalProperties"), inside)
    for name, inner in (schema.get("properties") or {}).items():
        inside = place
        if (is_root or schema.get("x-kubernetes-embedded-resource")) and name in META_FIELDS:
            inside = replace(place, in_meta=True)
            if is_root:
                inside = replace(inside, no_defaults=f"in top-level {name}")
        yield from _node(inner, f"{child(path, 'properties')}[{name}]", inside)
    yield from _branches(schema, path, place)
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from _node(items, child(path, "items"), place)
    elif isinstance(items, list):
        for index, inner in enumerate(items):
            yield from _node(inner, f"{child(path, 'items')}[{index}]", place)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(child(path, "x-kubernetes-preserve-unknown-fields"), False, "must be true or undefined")
    yield from _map_type(schema, path)
    yield from _list_type(schema, path, place.demands)
    yield from rule_shapes(schema, path)


def _branches(schema: Tree, path: str, place: Place) -> Iterator[FieldError]:
    if schema.get("not") is not None:
        yield from _node(schema["not"], child(path, "not"), place)
    for name in ("allOf", "oneOf", "anyOf"):
        for index, inner in enumerate(schema.get(name) or ()):
            yield from _node(inner, f"{child(path, name)}[{index}]", place)
    for name, inner in (schema.get("definitions") or {}).items():
        yield from _node(inner, f"{child(path, 'definitions')}[{name}]", place)
    for name, inner in (schema.get("dependencies") or {}).items():
        if isinstance(inner, Mapping):
            yield from _node(inner, f"{child(path, 'dependencies')}[{name}]", place)


def _plain(schema: Tree, path: str, place: Place) -> Iterator[FieldError]:
    type = schema.get("type", "")
    if place.demands.known_types and type and type not in TYPES:
        yield not_supported(child(path, "type"), type, TYPES)
    if schema.get("default") is not None and place.no_defaults is not None:
        yield forbidden(child(path, "default"), f"must not be set {place.no_defaults}")
    for name, why in NOT_SUPPORTED:
        if schema.get(name) not in (None, "", {}):
            yield forbidden(child(path, name), why)
    if type == "null":
        yield forbidden(child(path, "type"), "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield forbidden(child(path, "items"), "items must be a schema object and not an array")
    if place.in_meta and schema.get("x-kubernetes-embedded-resource"):
        yield forbidden(child(path, "x-kubernetes-embedded-resource"), "must not be used inside of resource meta")


def _map_type(schema: Tree, path: str) -> Iterator[FieldError]:
    kind = schema.get("x-kubernetes-map-type")
    if kind is None:
        return
    yield from _must_be(schema, path, "object", "must be object if x-kubernetes-map-type is specified")
    if kind not in ("atomic", "granular"):
        yield not_supported(child(path, "x-kubernetes-map-type"), kind, ("atomic", "granular"))


def _must_be(schema: Tree, path: str, type: str, why: str) -> Iterator[FieldError]:
    found = schema.get("type", "")
    if not found:
        yield required(child(path, "type"), why)
    elif found != type:
        yield invalid(child(path, "type"), found, why)


def _list_type(schema: Tree, path: str, demands: Demands) -> Iterator[FieldError]:
    kind = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    items = schema.get("items") if isinstance(schema.get("items"), Mapping) else None
    at = child(path, "x-kubernetes-list-type")
    if kind is not None:
        wrong = list(_must_be(schema, path, "array", "must be array if x-kubernetes-list-type is specified"))
        yield from wrong
        if not wrong and demands.atomic_sets and kind == "set" and items is not None:
            yield from atomic_items(items, child(path, "items"))
        if kind not in ("atomic", "set", "map"):
            yield not_supported(at, kind, ("atomic", "set", "map"))
    if keys and kind != "map":
        why = "must be map if x-kubernetes-list-map-keys is non-empty"
        yield required(at, why) if kind is None else invalid(at, kind, why)
    if kind == "map":
        yield from _map_list(schema, path, keys)
    if demands.keyed_lists:
        yield from keyed_items(schema, path)


def atomic_items(items: Tree, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the elements of a set: they must be compared as a whole."""
    inner = items.get("x-kubernetes-list-type")
    if items.get("type") == "array" and inner not in (None, "atomic"):
        yield invalid(child(path, "x-kubernetes-list-type"), inner, ATOMIC_IN_SET)
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        # Kubernetes shows the type that a list would have here.
        shown = inner if inner is not None else "null"
        yield invalid(child(path, "x-kubernetes-map-type"), shown, ATOMIC_IN_SET)


def _map_list(schema: Tree, path: str, keys: Any) -> Iterator[FieldError]:
    items, at = schema.get("items"), child(path, "x-kubernetes-list-map-keys")
    if not keys:
        yield required(at, "must not be empty if x-kubernetes-list-type is map")
    if items is None:
        yield required(child(path, "items"), "must have a schema if x-kubernetes-list-type is map")
        return
    if not isinstance(items, Mapping):
        why = "must only have a single schema if x-kubernetes-list-type is map"
        yield invalid(child(path, "items"), golang.items(items), why)
        return
    if items.get("type", "") != "object":
        why = "must be object if parent array's x-kubernetes-list-type is map"
        yield invalid(child(path, "items.type"), items.get("type", ""), why)
        return
    seen = set()
    for key in keys:
        known = (items.get("properties") or {}).get(key)
        if known is None:
            yield invalid(at, list(keys), "entries must all be names of item properties")
        elif known.get("type") in ("array", "object"):
            why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{child(path, 'items.properties')}[{key}].type", items.get("type"), why)
        if key in seen:
            yield invalid(at, list(keys), "must not contain duplicate entries")
        seen.add(key)


def keyed_items(schema: Tree, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the elements of a list that tells them apart: they, and their keys, must be there."""
    kind, items = schema.get("x-kubernetes-list-type"), schema.get("items")
    if kind not in ("set", "map") or not isinstance(items, Mapping):
        return
    if items.get("nullable"):
        why = f"cannot be nullable when x-kubernetes-list-type is {kind}"
        yield forbidden(child(path, "items.nullable"), why)
    if kind != "map":
        return
    for key in schema.get("x-kubernetes-list-map-keys") or ():
        known = (items.get("properties") or {}).get(key)
        if known is None:
            continue
        at, why = f"{child(path, 'items.properties')}[{key}]", "this property is in x-kubernetes-list-map-keys, so it"
        if key not in (items.get("required") or ()) and known.get("default") is None:
            yield required(f"{at}.default", f"{why} must have a default or be a required property")
        if known.get("nullable"):
            yield forbidden(f"{at}.nullable", f"{why} cannot be nullable")
