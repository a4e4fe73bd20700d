"""The types that structural schemas describe. Source: *Validation rules* in the page on custom resource definitions."""

from collections.abc import Mapping
from typing import Any, Final

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.escaping import escape
from kobune.apimachinery.cel.types import Type

SCALARS: Final = {"boolean": types.BOOL, "number": types.DOUBLE, "integer": types.INT}
FORMATS: Final = {
    "byte": types.BYTES,
    "duration": types.DURATION,
    "date": types.TIMESTAMP,
    "date-time": types.TIMESTAMP,
}
METADATA: Final = types.object_of("metadata", {"name": types.STRING, "generateName": types.STRING})
ROOT: Final = {"apiVersion": types.STRING, "kind": types.STRING, "metadata": METADATA}
"""What expressions see of every object, besides what its schema says."""


def type_of_schema(schema: Mapping[str, Any], name: str = "object", *, root: bool = False) -> Type | None:
    """Return the type of what a schema (as a tree of JSON) allows; None if expressions cannot look at it.

    `root` is for whole objects, which have a name and a kind; embedded ones are recognized.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return types.DYN
    kind = schema.get("type")
    if kind == "array":
        items = _child(schema.get("items"))
        item = type_of_schema(items, f"{name}.@idx") if items is not None else None
        return types.list_of(item) if item is not None else None
    if kind == "object":
        return _object(schema, name, root=root or bool(schema.get("x-kubernetes-embedded-resource")))
    if kind == "string":
        return FORMATS.get(str(schema.get("format")), types.STRING)
    return SCALARS.get(str(kind))


def _object(schema: Mapping[str, Any], name: str, *, root: bool) -> Type | None:
    values = _child(schema.get("additionalProperties"))
    if values is not None:
        value = type_of_schema(values, f"{name}.@elem")
        return types.map_of(types.STRING, value) if value is not None else None
    fields: dict[str, Type] = dict(ROOT) if root else {}
    keys: dict[str, str] = {}
    properties = schema.get("properties")
    for key, child in (properties if isinstance(properties, Mapping) else {}).items():
        escaped = escape(key)
        if escaped is None or not isinstance(child, Mapping) or (root and escaped in ROOT):
            continue
        if (type := type_of_schema(child, f"{name}.{key}")) is not None:
            fields[escaped] = type
            if escaped != key:
                keys[escaped] = key
    return types.object_of(name, fields, keys)


def _child(schema: Any) -> Mapping[str, Any] | None:
    """Return the schema of elements, in whatever of its forms it is."""
    return schema if isinstance(schema, Mapping) else None
