"""Whether a configuration that somebody applies fits its type, in the words of Kubernetes' structured merge."""

import json
from collections.abc import Iterator
from typing import Any

from kobune.apimachinery.apply.fieldset import paths
from kobune.apimachinery.apply.items import Unkeyed, step_of
from kobune.apimachinery.apply.types import BOOLEAN, NUMBER, STRING, List, Map, Scalar, Type, settled


def problems(value: Any, type: Type, path: str = "") -> Iterator[str]:
    """Yield what does not fit: a wrong type, an unknown field, items that cannot be told apart."""
    type = settled(type, value)
    if value is None:
        return
    match type:
        case Scalar():
            if not _fits(value, type):
                yield f"{path}: expected {type.expected}, got {_go(value)}"
        case Map():
            if not isinstance(value, dict):
                yield f"{path}: expected map, got {_go(value)}"
                return
            for name, child in value.items():
                below = type.child(name)
                if below is None:
                    yield f"{path}.{name}: field not declared in schema"
                else:
                    yield from problems(child, below, f"{path}.{name}")
        case List():
            if not isinstance(value, list):
                yield f"{path}: expected list, got {_go(value)}"
                return
            yield from _item_problems(value, type, path)


def _item_problems(items: list[Any], type: List, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if type.atomic:
            yield from problems(item, type.element, f"{path}[{index}]")
            continue
        try:
            step = step_of(type, item)
        except Unkeyed as error:
            yield f"{path}: element {index}: {error}"
            continue
        shown = next(paths({step: {}}))
        if step in seen:
            yield f"{path}: duplicate entries for key {shown}"
        seen.add(step)
        yield from problems(item, type.element, f"{path}{shown}")


def _fits(value: Any, type: Scalar) -> bool:
    if type is STRING:
        return isinstance(value, str)
    if type is BOOLEAN:
        return isinstance(value, bool)
    if type is NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return not isinstance(value, dict | list)


def _go(value: Any) -> str:
    return f"&value.valueUnstructured{{Value:{_go_value(value)}}}"


def _go_value(value: Any) -> str:
    match value:
        case dict():
            inside = ", ".join(f"{json.dumps(key)}:{_go_value(item)}" for key, item in sorted(value.items()))
            return f"map[string]interface {{}}{{{inside}}}"
        case list():
            return f"[]interface {{}}{{{', '.join(map(_go_value, value))}}}"
        case None:
            return "interface {}(nil)"
    return json.dumps(value, ensure_ascii=False)
