"""Fills in what a tree leaves out and its schema has a default for, in place."""

from typing import Any

import orjson

from kobune.apiserver.customresources.schema.structural import Structural


def drop_nulls(tree: Any, schema: Structural | None) -> None:
    """Drop the nulls that the schema neither allows nor has a default for."""
    if type(tree) is dict:
        for name in list(tree):
            value = tree[name]
            known = schema.of(name) if schema is not None else None
            if value is None and known is not None and not known.nullable and not known.has_default:
                del tree[name]
            else:
                drop_nulls(value, known)
    elif type(tree) is list:
        items = schema.items if schema is not None else None
        for item in tree:
            drop_nulls(item, items)


def default(tree: Any, schema: Structural | None) -> None:
    """Fill in the defaults, and those within what was filled in."""
    if schema is None or not schema.gives_defaults:
        return
    if type(tree) is dict:
        for name, known in schema.properties.items():
            if known.has_default and _is_unset(tree.get(name), known, is_there=name in tree):
                tree[name] = orjson.loads(known.default_bytes)
        for name in list(tree):
            known_value = schema.of(name)
            if name not in schema.properties and known_value is not None and _is_unset(tree[name], known_value):
                tree[name] = orjson.loads(known_value.default_bytes) if known_value.has_default else None
            default(tree[name], known_value)
    elif type(tree) is list and schema.items is not None:
        for index, item in enumerate(tree):
            if _is_unset(item, schema.items) and schema.items.has_default:
                tree[index] = orjson.loads(schema.items.default_bytes)
            default(tree[index], schema.items)


def _is_unset(value: Any, schema: Structural, *, is_there: bool = True) -> bool:
    return not is_there or (value is None and not schema.nullable)
