"""Strategic merge patch: a merge patch that knows which lists are sets and which are maps.

What is merged how comes from the schema's `patch_strategy` and `patch_merge_key`. Source: the documentation's *Update
API Objects in Place Using kubectl patch*, and the design document of the directives.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor

from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import Field, json_fields
from kobune.apimachinery.patch.json_patch import Unpatchable

PATCH = "$patch"
RETAIN = "$retainKeys"
ORDER = "$setElementOrder/"
DROP = "$deleteFromPrimitiveList/"


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
            raise Unpatchable(f"unknown patch type: {unknown}")
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
            _reorder(merged, name[len(ORDER) :], order, fields, patch)
    return merged


def _merge_value(current: Any, value: Any, field: Field | None) -> Any:
    strategies = field.schema.patch_strategy.split(",") if field is not None else []
    if isinstance(value, dict):
        if "replace" in strategies and PATCH not in value:
            return _without_directives(value)
        return _merge(current if isinstance(current, dict) else {}, value, _message_of(field))
    if isinstance(value, list) and field is not None and "merge" in strategies:
        current = current if isinstance(current, list) else []
        if field.schema.patch_merge_key:
            return _merge_list(current, value, field)
        return [*current, *(item for item in dict.fromkeys(value) if item not in current)]
    return _without_directives(value)


def _message_of(field: Field | None) -> Descriptor | None:
    if field is None or field.is_map or field.message is None or field.message.full_name in SCALARS:
        return None
    return field.message


def _merge_list(current: list[Any], patch: list[Any], field: Field) -> list[Any]:
    key = field.schema.patch_merge_key
    if any(isinstance(item, dict) and item.get(PATCH) == "replace" and len(item) == 1 for item in patch):
        return [_without_directives(item) for item in patch if item != {PATCH: "replace"}]
    merged = list(current)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise Unpatchable(f"map: {item} does not contain declared merge key: {key}")
        places = [at for at, found in enumerate(merged) if isinstance(found, dict) and found.get(key) == item[key]]
        if item.get(PATCH) == "delete":
            merged = [found for at, found in enumerate(merged) if at not in places]
        elif places:
            merged[places[0]] = _merge(merged[places[0]], item, field.message)
        else:
            merged.append(_merge({}, item, field.message))
    return merged


def _retain(target: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    keep = patch[RETAIN]
    if not isinstance(keep, list):
        raise Unpatchable("invalid value for special key: $retainKeys must be a list")
    for name, value in patch.items():
        if not name.startswith("$") and value is not None and name not in keep:
            raise Unpatchable(f"a field of the patch is not in its $retainKeys: {name}")
    return {name: value for name, value in target.items() if name in keep}


def _drop(target: dict[str, Any], name: str, values: Any) -> None:
    if not isinstance(values, list):
        raise Unpatchable(f"{DROP}{name} must be a list")
    if isinstance(target.get(name), list):
        target[name] = [item for item in target[name] if item not in values]


def _reorder(
    target: dict[str, Any], name: str, order: Any, fields: Mapping[str, Field], patch: Mapping[str, Any]
) -> None:
    """Put the elements into the order that the patch's author saw; those he did not know keep their neighbours."""
    found = target.get(name)
    if not isinstance(found, list) or not isinstance(order, list):
        return
    field = fields.get(name)
    key = field.schema.patch_merge_key if field is not None else ""

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [identity(item) for item in order]
    rank = {value: at for at, value in enumerate(wanted) if isinstance(value, str | int | float | bool)}
    known = sorted((item for item in found if identity(item) in rank), key=lambda item: rank[identity(item)])
    merged: list[Any] = []
    queue = iter(known)
    # Each unknown element stays behind as many known ones as were before it.
    for item in found:
        merged.append(item if identity(item) not in rank else next(queue))
    target[name] = merged


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
