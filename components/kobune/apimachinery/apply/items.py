"""The items of a list that is merged item by item, and what tells them apart."""

from typing import Any

import orjson

from kobune.apimachinery.apply.types import List


class Unkeyed(ValueError):
    """An item lacks what tells it apart. The text says what, in Kubernetes' words."""


def step_of(list_type: List, item: Any) -> str:
    """Return the step of a path that leads to an item; `Unkeyed` if it has none."""
    if not list_type.keys:
        if isinstance(item, dict | list):
            raise Unkeyed("associative lists without keys cannot contain objects")
        return f"v:{_json(item)}"
    if not isinstance(item, dict):
        raise Unkeyed("associative list with keys may not have non-map elements")
    found: dict[str, Any] = {}
    for key in list_type.keys:
        value = item.get(key.name)
        if value is None:
            value = key.default
        if value is not None:
            found[key.name] = value
    if not found:
        names = " and ".join(f'"{key.name}"' for key in list_type.keys)
        raise Unkeyed(
            f"associative list with keys has an element that omits key field {names} (and doesn't have default value)"
        )
    return f"k:{_json(found)}"


def by_step(list_type: List, items: list[Any]) -> dict[str, list[Any]]:
    """Return the items by their steps, in order: more than one where a list that may not repeat itself does."""
    out: dict[str, list[Any]] = {}
    for item in items:
        try:
            out.setdefault(step_of(list_type, item), []).append(item)
        except Unkeyed:
            # Only objects from before the rule have such items, and nobody can own them.
            continue
    return out


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
