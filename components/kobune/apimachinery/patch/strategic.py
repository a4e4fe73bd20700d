"""Strategic merge patch: a merge patch that knows which lists are sets and which are maps.

What is merged how comes from the schema's `patch_strategy` and `patch_merge_key`. Source: the documentation's *Update
API Objects in Place Using kubectl patch*, and the design document of the directives.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor

from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import Field, json_fields
from kobune.apimachinery.patch.json_patch import Unpatchable

PATCH = "$patch"
RETAIN = "$retainKeys"
ORDER = "$setElementOrder/"
DROP = "$deleteFromPrimitiveList/"


class Contradictory(Unpatchable):
    """The patch names its parts in a way that cannot be meant."""


class Misplaced(Unpatchable):
    """What the patch has is not where its directives say."""


class NoMergeKey(Unpatchable):
    """An item of a list lacks what tells it apart."""


def apply_strategic_patch(target: Any, patch: Any, descriptor: Descriptor | None) -> Any:
    """Return `target` with `patch` merged in as the message's schema says; neither is changed.

    Raises `Unpatchable` for directives that make no sense.
    """
    if not isinstance(patch, dict):
        raise Unpatchable("the patch is not an object")
    return _merge(target if isinstance(target, dict) else {}, patch, descriptor)


def _merge(target: dict[str, Any], patch: Mapping[str, Any], descriptor: Descriptor | None) -> dict[str, Any]:
    match patch.get(PATCH):
        case None | "merge":
            pass
        case "replace":
            return {name: _without_directives(value) for name, value in patch.items() if name != PATCH}
        case "delete":
            return {}
        case unknown:
            raise Contradictory(f"unknown patch type: {go_value(unknown)} in map: {go_value(dict(patch))}")
    merged = dict(target)
    if RETAIN in patch:
        merged = _retain(merged, patch)
    fields = json_fields(descriptor) if descriptor is not None else {}
    for name, value in patch.items():
        if name in (PATCH, RETAIN):
            continue
        if name.startswith(DROP):
            _drop(merged, name[len(DROP) :], value)
        elif name.startswith(ORDER):
            continue
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge_value(merged.get(name), value, fields.get(name))
    for name, order in patch.items():
        if name.startswith(ORDER):
            _reorder(merged, name[len(ORDER) :], order, fields, target, patch.get(name[len(ORDER) :]))
    return merged


def _merge_value(current: Any, value: Any, field: Field | None) -> Any:
    strategies = field.schema.patch_strategy.split(",") if field is not None else []
    if isinstance(value, dict):
        if "replace" in strategies and PATCH not in value:
            return _without_directives(value)
        return _merge(current if isinstance(current, dict) else {}, value, _message_of(field))
    if isinstance(value, list) and field is not None and "merge" in strategies:
        current = current if isinstance(current, list) else []
        key = field.schema.patch_merge_key
        merged = _merge_list(current, value, field) if key else _union(current, value)
        return _in_order(merged, value, current, key)
    return _without_directives(value)


def _union(current: list[Any], patch: list[Any]) -> list[Any]:
    known = {_identity(item, "") for item in current}
    fresh = {_identity(item, ""): item for item in patch}
    return [*current, *(item for identity, item in fresh.items() if identity not in known)]


def _message_of(field: Field | None) -> Descriptor | None:
    if field is None or field.is_map or field.message is None or field.message.full_name in SCALARS:
        return None
    return field.message


def _merge_list(current: list[Any], patch: list[Any], field: Field) -> list[Any]:
    key = field.schema.patch_merge_key
    if any(isinstance(item, dict) and item.get(PATCH) == "replace" and len(item) == 1 for item in patch):
        return [_without_directives(item) for item in patch if item != {PATCH: "replace"}]
    merged: dict[Any, Any] = {}
    for at, found in enumerate(current):
        # The first of equal elements is the one that is patched; deletions are of all of them.
        identity = _identity(found, key)
        merged[(identity, at) if identity in merged else identity] = found
    gone: set[Any] = set()
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise NoMergeKey(f"map: {go_value(item)} does not contain declared merge key: {key}")
        identity = _identity(item, key)
        if item.get(PATCH) == "delete":
            merged.pop(identity, None)
            gone.add(identity)
        else:
            merged[identity] = _merge(merged.get(identity, {}), item, field.message)
    return [item for identity, item in merged.items() if not (isinstance(identity, tuple) and identity[0] in gone)]


def _retain(target: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    keep = patch[RETAIN]
    if not isinstance(keep, list):
        raise Unpatchable("invalid patch format of retainKeys")
    kept = {name for name in keep if isinstance(name, str)}
    for name, value in patch.items():
        if not name.startswith("$") and value is not None and name not in kept:
            raise Misplaced("patch content doesn't match retainKeys list")
    return {name: value for name, value in target.items() if name in kept}


def _drop(target: dict[str, Any], name: str, values: Any) -> None:
    if not isinstance(values, list):
        raise Unpatchable("invalid patch format of primitive list")
    if isinstance(target.get(name), list):
        dropped = {_identity(value, "") for value in values}
        target[name] = [item for item in target[name] if _identity(item, "") not in dropped]


def _reorder(
    merged: dict[str, Any], name: str, order: Any, fields: Mapping[str, Field], live: Mapping[str, Any], patch: Any
) -> None:
    """Put the elements of a list into the order that the patch's author asks for."""
    found, before = merged.get(name), live.get(name)
    if not isinstance(order, list):
        raise Unpatchable("invalid patch format of setElementOrder list")
    field = fields.get(name)
    key = field.schema.patch_merge_key if field is not None else ""
    _check_order(patch, order, key)
    if isinstance(found, list):
        merged[name] = _in_order(found, order, before if isinstance(before, list) else [], key)


def _check_order(patch: Any, order: list[Any], key: str) -> None:
    """Raise `Contradictory` unless the patch has its elements in the order that it asks for."""
    if not isinstance(patch, list) or not order:
        return
    wanted = iter(_identity(item, key) for item in order)
    stay = [item for item in patch if not (isinstance(item, dict) and item.get(PATCH) in ("delete", "replace"))]
    if not all(_identity(item, key) in wanted for item in stay):
        raise Contradictory(
            f"The order in patch list:\n{go_value(patch)}\n doesn't match $setElementOrder list:\n{go_value(order)}\n"
        )


def _in_order(merged: list[Any], wanted: list[Any], live: list[Any], key: str) -> list[Any]:
    """Return the elements that `wanted` names in its order, and among them the others in the order of `live`.

    One that is not named comes right before the first named one that it was before; behind all of them otherwise.
    """
    wanted_at = _places(wanted, key)
    live_at = _places(live, key)

    places = [(_identity(item, key), item) for item in merged]
    named = sorted((pair for pair in places if pair[0] in wanted_at), key=lambda pair: wanted_at[pair[0]])
    others = deque(
        sorted((pair for pair in places if pair[0] not in wanted_at), key=lambda pair: live_at.get(pair[0], 0))
    )
    result: list[Any] = []
    for identity, item in named:
        at = live_at.get(identity, -1)
        while others and live_at.get(others[0][0], len(live)) < at:
            result.append(others.popleft()[1])
        result.append(item)
    return result + [item for _, item in others]


def _places(items: list[Any], key: str) -> dict[Any, int]:
    """Return where each element is first."""
    places: dict[Any, int] = {}
    for at, item in enumerate(items):
        places.setdefault(_identity(item, key), at)
    return places


def _identity(item: Any, key: str) -> Any:
    """Return what tells an element of a list from others, for use in sets."""
    value = item.get(key) if key and isinstance(item, dict) else item
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def go_value(value: Any) -> str:
    """Return how Go prints a value."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{go_value(item)}' for name, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_value, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_directives(item)
            for name, item in value.items()
            if item is not None and name not in (PATCH, RETAIN) and not name.startswith((ORDER, DROP))
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value
