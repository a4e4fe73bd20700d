"""Which fields there are, and which differ between two objects."""

from dataclasses import dataclass
from typing import Any

from kobune.apimachinery.apply.fieldset import SELF, Set
from kobune.apimachinery.apply.items import by_step
from kobune.apimachinery.apply.types import List, Map, Scalar, Type, settled


@dataclass(slots=True)
class Comparison:
    """The fields that only the newer object has, that only the older one had, and that have another value."""

    added: Set
    removed: Set
    modified: Set

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.modified)


def compare(old: Any, new: Any, type: Type) -> Comparison:
    """Return how two objects differ."""
    found = Comparison({}, {}, {})
    _compare_parts(old, new, settled(type, new), found)
    return found


def field_set(value: Any, type: Type) -> Set:
    """Return the fields that somebody claims who applies this object.

    An object with named fields is only claimed by what is in it; the items of lists and empty objects are themselves.
    """
    type = settled(type, value)
    out: Set = {}
    match type:
        case Map(atomic=False) if isinstance(value, dict):
            for name, child in value.items():
                below = type.child(name)
                inside = {} if below is None else _owned(child, below)
                free = name not in type.fields
                if inside:
                    out[f"f:{name}"] = {SELF: {}, **inside} if free else inside
                elif free or child is None or child == {} or below is None or _whole(child, below):
                    out[f"f:{name}"] = {}
        case List(atomic=False) if isinstance(value, list):
            for step, items in by_step(type, value).items():
                inside = _owned(items[0], type.element)
                out[step] = {SELF: {}, **inside} if inside else {}
    return out


def _owned(value: Any, type: Type) -> Set:
    return {} if _whole(value, type) else field_set(value, type)


def _whole(value: Any, type: Type) -> bool:
    type = settled(type, value)
    return isinstance(type, Scalar) or type.atomic


def everything(value: Any, type: Type) -> Set:
    """Return the node of a value of which everything is new, or gone: itself and all that is in it.

    A value that does not fit its type (nobody has validated it yet) has no parts.
    """
    type = settled(type, value)
    if not value or isinstance(type, Scalar) or type.atomic:
        return {}
    out: Set = {SELF: {}}
    if isinstance(type, Map) and isinstance(value, dict):
        for name, child in value.items():
            below = type.child(name)
            out[f"f:{name}"] = {} if below is None else everything(child, below)
    elif isinstance(type, List) and isinstance(value, list):
        for step, items in by_step(type, value).items():
            out[step] = everything(items[0], type.element)
    return out if len(out) > 1 else {}


def _compare_parts(old: Any, new: Any, type: Scalar | List | Map, found: Comparison) -> None:
    match type:
        case Map():
            _compare_maps(old or {}, new or {}, type, found)
        case List():
            _compare_lists(by_step(type, old or []), by_step(type, new or []), type.element, found)


def _compare_maps(old: dict[str, Any], new: dict[str, Any], type: Map, found: Comparison) -> None:
    for name, before in old.items():
        step, below = f"f:{name}", type.child(name)
        if name not in new:
            found.removed[step] = {} if below is None else everything(before, below)
        elif (after := new[name]) != before:
            if below is None:
                found.modified[step] = {}
            else:
                _compare_values(step, before, after, below, found)
    for name, after in new.items():
        if name not in old:
            below = type.child(name)
            found.added[f"f:{name}"] = {} if below is None else everything(after, below)


def _compare_lists(old: dict[str, list[Any]], new: dict[str, list[Any]], element: Type, found: Comparison) -> None:
    for step, before in old.items():
        after = new.get(step)
        if after is None:
            found.removed[step] = everything(before[0], element)
        elif after != before:
            if len(after) == len(before) == 1:
                _compare_values(step, before[0], after[0], element, found)
            else:
                found.modified[step] = {}
    for step, after in new.items():
        if step not in old:
            found.added[step] = everything(after[0], element)


def _compare_values(step: str, old: Any, new: Any, type: Type, found: Comparison) -> None:
    settled_type = settled(type, new if new is not None else old)
    parts = not isinstance(settled_type, Scalar) and not settled_type.atomic
    parts = parts and _fits(old, settled_type) and _fits(new, settled_type)
    if not parts or not (old or new):
        found.modified[step] = {}
        return
    inside = Comparison({}, {}, {})
    _compare_parts(old, new, settled_type, inside)
    if inside.added:
        found.added[step] = inside.added
    if inside.removed:
        found.removed[step] = inside.removed
    if inside.modified:
        found.modified[step] = inside.modified


def _fits(value: Any, type: Scalar | List | Map) -> bool:
    return value is None or isinstance(value, dict if isinstance(type, Map) else list)
