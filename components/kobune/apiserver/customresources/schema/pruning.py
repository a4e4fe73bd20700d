"""Drops what a schema does not know from a tree, in place."""

from dataclasses import replace
from typing import Any

from kobune.apimachinery.custom import deep_copy
from kobune.apiserver.customresources.schema.structural import Structural

META_FIELDS = frozenset({"apiVersion", "kind", "metadata"})


def prune(tree: Any, schema: Structural | None) -> list[str]:
    """Drop what is not in the schema, and return the paths of what was dropped, sorted.

    The metadata of embedded objects stays: it has a schema of its own.
    """
    unknown: list[str] = []
    _prune(tree, schema, "", unknown)
    return sorted(unknown)


def prune_defaults(schema: Structural) -> Structural:
    """Return the schema with everything dropped from its defaults that it does not know."""
    if not schema.gives_defaults:
        return schema
    default = deep_copy(schema.default) if schema.has_default else schema.default
    if schema.has_default:
        prune(default, schema)
    return replace(
        schema,
        default=default,
        properties={name: prune_defaults(inner) for name, inner in schema.properties.items()},
        additional=prune_defaults(schema.values) if schema.values is not None else schema.additional,
        items=prune_defaults(schema.items) if schema.items is not None else None,
    )


def _prune(value: Any, schema: Structural | None, path: str, unknown: list[str]) -> None:
    if schema is not None and schema.preserve_unknown:
        _skip(value, schema, path, unknown)
    elif type(value) is dict:
        _prune_object(value, schema, path, unknown)
    elif type(value) is list:
        items = schema.items if schema is not None else None
        for index, item in enumerate(value):
            _prune(item, items, f"{path}[{index}]", unknown)


def _prune_object(value: dict[str, Any], schema: Structural | None, path: str, unknown: list[str]) -> None:
    if schema is None:
        unknown.extend(_join(path, name) for name in value)
        value.clear()
        return
    gone = []
    for name, item in value.items():
        if schema.embedded and name in META_FIELDS:
            continue
        known = schema.properties.get(name)
        if known is not None:
            _prune(item, known, _join(path, name), unknown)
        elif schema.additional is not None:
            _prune(item, schema.values, _join(path, name), unknown)
        else:
            gone.append(name)
    for name in gone:
        unknown.append(_join(path, name))
        del value[name]


def _skip(value: Any, schema: Structural, path: str, unknown: list[str]) -> None:
    """Keep everything of a value, but prune what its schema does describe."""
    if type(value) is dict:
        for name, item in value.items():
            if schema.embedded and name in META_FIELDS:
                continue
            known = schema.properties.get(name)
            if known is not None or schema.additional is not None:
                _prune(item, known or schema.values, _join(path, name), unknown)
    elif type(value) is list and schema.items is not None:
        for index, item in enumerate(value):
            _skip(item, schema.items, f"{path}[{index}]", unknown)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
