"""What an object becomes when somebody applies a configuration, and what it loses when they no longer mention it."""

from typing import Any

from kobune.apimachinery.apply.fieldset import Set, holds, node
from kobune.apimachinery.apply.items import Unkeyed, by_step, step_of
from kobune.apimachinery.apply.types import List, Map, Scalar, Type, settled


def merge(live: Any, config: Any, type: Type) -> Any:
    """Return an object with everything that a configuration says, and all else as it was.

    Shares what it can with both.
    """
    type = settled(type, config if config is not None else live)
    if isinstance(type, Scalar) or type.atomic or not (live or config):
        return config
    if isinstance(type, Map):
        return _merge_maps(live or {}, config or {}, type)
    return _merge_lists(live or [], config or [], type)


def _merge_maps(live: Any, config: Any, type: Map) -> Any:
    if not isinstance(live, dict) or not isinstance(config, dict):
        return config
    out = dict(live)
    for name, value in config.items():
        below = type.child(name)
        out[name] = merge(live[name], value, below) if name in live and below is not None else value
    return out


def _merge_lists(live: Any, config: Any, type: List) -> Any:
    """Merge item by item. The configuration's order wins; what it does not mention stays where it is."""
    if not isinstance(live, list) or not isinstance(config, list):
        return config
    ours, theirs = by_step(type, live), by_step(type, config)
    merged = {
        step: merge(ours[step][0], items[0], type.element) if len(ours.get(step, ())) == 1 else items[0]
        for step, items in theirs.items()
    }
    waiting = list(theirs)
    shared = [step for step in theirs if step in ours]
    out: list[Any] = []
    for item in live:
        step = _step(type, item)
        if step not in theirs:
            out.append(item)
        elif shared and step == shared[0]:
            until = waiting.index(step) + 1
            out += (merged[each] for each in waiting[:until])
            waiting = waiting[until:]
            shared = shared[1:]
    return [*out, *(merged[step] for step in waiting)]


def _step(type: List, item: Any) -> str:
    try:
        return step_of(type, item)
    except Unkeyed:
        return ""


def remove(value: Any, fields: Set, type: Type) -> Any:
    """Return a value without some fields; None if nothing is left of an object or list."""
    type = settled(type, value)
    if not fields or isinstance(type, Scalar) or type.atomic or not value:
        return value
    out: Any
    if isinstance(type, Map) and isinstance(value, dict):
        out = {}
        for name, child in value.items():
            found = fields.get(f"f:{name}")
            below = type.child(name)
            if found is None:
                out[name] = child
            elif not holds(found):
                out[name] = child if below is None else remove(child, found, below)
        return out or None
    if not isinstance(type, List) or not isinstance(value, list):
        return value  # what does not fit its type has no parts
    out = []
    for item in value:
        found = fields.get(_step(type, item))
        if found is None:
            out.append(item)
        elif not holds(found):
            out.append(remove(item, found, type.element))
    return out or None


def with_named_fields(fields: Set, type: Type) -> Set:
    """Return a set in which the named fields on the way to a path are too.

    Who claims something in `spec` does not claim `spec`; but it is not theirs to leave behind either.
    """
    out: Set = {}
    for step, below in fields.items():
        if step == ".":
            out[step] = below
            continue
        kind, _, name = step.partition(":")
        child: Type | None = None
        named = False
        if kind == "f" and isinstance(type, Map):
            child, named = type.child(name), name in type.fields
        elif kind == "k" and isinstance(type, List):
            child = type.element
        inside = {key: value for key, value in below.items() if key != "."}
        inside = with_named_fields(inside, child) if child is not None else inside
        out[step] = node(member=named or holds(below), children=inside) or {}
    return out
