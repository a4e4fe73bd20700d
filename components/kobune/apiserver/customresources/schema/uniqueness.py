"""Lists of type set hold each value once, lists of type map each key."""

from collections.abc import Iterator
from typing import Any

import orjson

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import child, duplicate, invalid
from kobune.apiserver.customresources.schema.structural import Structural


def duplicates(tree: Any, schema: Structural | None, path: str = "") -> Iterator[FieldError]:
    """Yield a cause for each element that is there already, once for each value."""
    if schema is None or not schema.has_keyed_lists:
        return
    if type(tree) is dict:
        for name, value in tree.items():
            if name in schema.properties:
                yield from duplicates(value, schema.properties[name], child(path, name))
            elif schema.values is not None:
                yield from duplicates(value, schema.values, f"{path}[{name}]")
    elif type(tree) is list:
        if schema.list_type == "set":
            for index in _repeated(tree):
                yield duplicate(f"{path}[{index}]", tree[index])
        elif schema.list_type == "map":
            yield from _repeated_keys(tree, schema.list_map_keys, path)
        for index, item in enumerate(tree):
            yield from duplicates(item, schema.items, f"{path}[{index}]")


def _repeated_keys(items: list[Any], names: tuple[str, ...], path: str) -> Iterator[FieldError]:
    for index, item in enumerate(items):
        if item is not None and type(item) is not dict:
            yield invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map")
            return
    keys = [{name: item[name] for name in names if name in item} if item else {} for item in items]
    for index in _repeated(keys):
        yield duplicate(f"{path}[{index}]", keys[index])


def _repeated(items: list[Any]) -> Iterator[int]:
    """Yield where a value is for the second time."""
    seen: dict[bytes, int] = {}
    for index, item in enumerate(items):
        key = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 2:
            yield index
