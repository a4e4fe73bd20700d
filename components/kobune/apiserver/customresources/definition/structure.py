"""Whether a schema is structural: that it says of every value what it is, apart from what the value may be.

Source: *Extend the Kubernetes API with CustomResourceDefinitions*, section "Specifying a structural schema".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kobune.apimachinery import regexp
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import child, forbidden, invalid, required
from kobune.apiserver.customresources.schema.structural import INTEGER_OR_STRING

Tree = Mapping[str, Any]

ROOT = "at the root"
ITEM = "for specified array items"
FIELD = "for specified object fields"
UNSUPPORTED = ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions")
ONLY_NAMES = "must not specify anything other than name and generateName, but metadata is implicitly specified"


def unsupported(schema: Any) -> str:
    """Return what keeps a schema from having a structure at all; empty if nothing does."""
    if not isinstance(schema, Mapping):
        return ""
    for name in UNSUPPORTED:
        if schema.get(name):
            return f"OpenAPIV3Schema '{name.removeprefix('$') if name == '$schema' else name}' is not supported"
    if isinstance(schema.get("items"), list):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    return next((why for inner in below(schema) if (why := unsupported(inner))), "")


def below(schema: Tree) -> Iterator[Tree]:
    """Yield the schemas that are directly within one."""
    for name in ("properties", "patternProperties", "definitions"):
        yield from (schema.get(name) or {}).values()
    for name in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(name) or ()
    for name in ("items", "additionalProperties", "additionalItems", "not"):
        inner = schema.get(name)
        if isinstance(inner, Mapping):
            yield inner
        elif isinstance(inner, list):
            yield from inner
    yield from (inner for inner in (schema.get("dependencies") or {}).values() if isinstance(inner, Mapping))


def walk(schema: Tree) -> Iterator[Tree]:
    """Yield a schema and all within it."""
    yield schema
    for inner in below(schema):
        yield from walk(inner)


def violations(schema: Tree, path: str) -> list[FieldError]:
    """Return why a schema is not structural, in order of the words."""
    found = [*_node(schema, path, ROOT), *_completeness(schema, schema, path, path)]
    return sorted(found, key=lambda cause: f"{cause.field}: {cause.message}")


def _node(schema: Tree, path: str, level: str) -> Iterator[FieldError]:
    type = schema.get("type", "")
    properties: Mapping[str, Tree] = schema.get("properties") or {}
    additional = schema.get("additionalProperties")
    embedded = bool(schema.get("x-kubernetes-embedded-resource"))
    preserves = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if type == "array" and schema.get("items") is None:
        yield required(child(path, "items"), "must be specified")
    if isinstance(schema.get("items"), Mapping):
        yield from _node(schema["items"], child(path, "items"), ITEM)
    for name, inner in properties.items():
        yield from _node(inner, f"{child(path, 'properties')}[{name}]", FIELD)
    if additional is not None:
        if level == ROOT:
            yield forbidden(child(path, "additionalProperties"), "must not be used at the root")
        if isinstance(additional, Mapping):
            yield from _node(additional, child(path, "additionalProperties"), FIELD)
    yield from _extensions(schema, path)
    yield from _values(
        schema, path, skip_any=_is_int_or_string(schema), skip_first_all=_is_all_of_int_or_string(schema)
    )
    if embedded and type != "object":
        why = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(child(path, "type"), type, why) if type else required(child(path, "type"), why)
    elif not type and not schema.get("x-kubernetes-int-or-string") and not preserves:
        yield required(child(path, "type"), f"must not be empty {level}")
    if embedded and additional is not None:
        why = "must not be used if x-kubernetes-embedded-resource is set"
        yield forbidden(child(path, "additionalProperties"), why)
    if level == ROOT and type and type != "object":
        yield invalid(child(path, "type"), type, "must be object at the root")
    if level == ROOT or embedded:
        for name in ("kind", "apiVersion"):
            if name in properties and properties[name].get("type", "") != "string":
                at = f"{child(path, 'properties')}[{name}].type"
                yield invalid(at, properties[name].get("type", ""), "must be string")
    if "metadata" in properties:
        at = f"{child(path, 'properties')}[metadata]"
        yield from _metadata(properties["metadata"], at, at_root=level == ROOT, checked=level == ROOT or embedded)
    if embedded and not preserves and not properties:
        why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        yield required(child(path, "properties"), why)


def _metadata(schema: Tree, path: str, *, at_root: bool, checked: bool) -> Iterator[FieldError]:
    if checked and schema.get("type", "") != "object":
        yield invalid(child(path, "type"), schema.get("type", ""), "must be object")
    if at_root:
        rest = {
            name: value for name, value in schema.items() if name not in ("type", "default", "properties") and value
        }
        if rest or not set(schema.get("properties") or ()) <= {"name", "generateName"}:
            yield forbidden(path, ONLY_NAMES)


def _extensions(schema: Tree, path: str) -> Iterator[FieldError]:
    if schema.get("x-kubernetes-int-or-string"):
        for name in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
            if schema.get(name):
                yield invalid(child(path, name), True, "must be false if x-kubernetes-int-or-string is true")


def _is_int_or_string(schema: Tree) -> bool:
    """Whether the branches of a schema say nothing but: a whole number or a text."""
    return tuple(schema.get("anyOf") or ()) == INTEGER_OR_STRING


def _is_all_of_int_or_string(schema: Tree) -> bool:
    branches: Sequence[Tree] = schema.get("allOf") or ()
    return bool(branches) and _is_int_or_string(branches[0])


def _values(schema: Tree, path: str, *, skip_any: bool = False, skip_first_all: bool = False) -> Iterator[FieldError]:
    if not skip_any:
        for index, inner in enumerate(schema.get("anyOf") or ()):
            yield from _nested(inner, f"{child(path, 'anyOf')}[{index}]")
    for index, inner in enumerate(schema.get("allOf") or ()):
        yield from _nested(inner, f"{child(path, 'allOf')}[{index}]", skip_any=skip_first_all and index == 0)
    for index, inner in enumerate(schema.get("oneOf") or ()):
        yield from _nested(inner, f"{child(path, 'oneOf')}[{index}]")
    if schema.get("not") is not None:
        yield from _nested(schema["not"], child(path, "not"))
    if pattern := schema.get("pattern"):
        try:
            regexp.compile(pattern)
        except regexp.BadPattern as error:
            why = f"must be a valid regular expression, but isn't: {error}"
            yield invalid(child(path, "pattern"), pattern, why)


NESTED = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)
"""What gives structure, and so has no place in a branch."""


def _nested(schema: Tree, path: str, *, skip_any: bool = False) -> Iterator[FieldError]:
    yield from _values(schema, path, skip_any=skip_any)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested(schema["items"], child(path, "items"))
    for name, inner in (schema.get("properties") or {}).items():
        yield from _nested(inner, f"{child(path, 'properties')}[{name}]")
    for name, why in NESTED:
        value = schema.get(name)
        if value or (name == "default" and value is not None) or (name == "additionalProperties" and value == {}):
            yield forbidden(child(path, name), why)
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(f"{child(path, 'properties')}[metadata]", "must not be specified in a nested context")


def _completeness(branches: Tree, schema: Tree, path: str, at: str) -> Iterator[FieldError]:
    """Yield what branches talk about and the structure does not know; `at` is where they do."""
    if branches.get("not") is not None:
        yield from _branch(branches["not"], schema, path, child(at, "not"))
    for name in ("allOf", "anyOf", "oneOf"):
        for index, inner in enumerate(branches.get(name) or ()):
            yield from _branch(inner, schema, path, f"{child(at, name)}[{index}]")


def _branch(branch: Tree, schema: Tree | None, path: str, at: str) -> Iterator[FieldError]:
    if schema is None:
        yield required(path, f"because it is defined in {at}")
        return
    yield from _completeness(branch, schema, path, at)
    if isinstance(branch.get("items"), Mapping):
        items = schema.get("items")
        inner = items if isinstance(items, Mapping) else None
        yield from _branch(branch["items"], inner, child(path, "items"), child(at, "items"))
    known: Mapping[str, Tree] = schema.get("properties") or {}
    for name, value in (branch.get("properties") or {}).items():
        inner_path, inner_at = f"{child(path, 'properties')}[{name}]", f"{child(at, 'properties')}[{name}]"
        if name in known:
            yield from _branch(value, known[name], inner_path, inner_at)
        else:
            yield required(inner_path, f"because it is defined in {inner_at}")
