"""JSON patch, RFC 6902, with pointers of RFC 6901."""

import copy
from typing import Any, Final

import orjson

MOST_OPERATIONS: Final = 10_000
MOST_COPIED: Final = 3 * 1024 * 1024
"""How many bytes all copies of a patch may have together: each could double the document."""


class Unpatchable(ValueError):
    """The patch makes no sense, or does not fit the object."""


class PatchTooLarge(Unpatchable):
    """The patch has more operations than one may have."""


class PatchTestFailed(Unpatchable):
    """A `test` operation found something else."""


def apply_json_patch(target: Any, operations: Any) -> Any:
    """Return what `operations` make of `target`, which is left alone; `Unpatchable` if one cannot be carried out."""
    if not isinstance(operations, list):
        raise Unpatchable("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    if len(operations) > MOST_OPERATIONS:
        most = f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}"
        raise PatchTooLarge(f"{most}, got {len(operations)}")
    document = copy.deepcopy(target)
    copied = 0
    for operation in operations:
        if not isinstance(operation, dict):
            raise Unpatchable("json: cannot unmarshal an element of the patch")
        if operation.get("op") == "copy":
            copied += _size(document, operation.get("from"))
            if copied > MOST_COPIED:
                raise Unpatchable(f"Unable to complete the copy, the accumulated size exceeds the limit {MOST_COPIED}")
        document = _apply(document, operation)
    return document


def _size(document: Any, path: Any) -> int:
    try:
        return len(orjson.dumps(_get(document, path, "copy"))) if isinstance(path, str) else 0
    except TypeError:
        raise Unpatchable("the value to copy is nested too deep") from None


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str):
        raise Unpatchable(f"{kind} operation needs a path")
    if path == "" and kind not in ("replace", "test"):
        raise Unpatchable(f'{kind} operation does not apply: doc is missing path: "{path}": missing value')
    match kind:
        case "add":
            return _add(document, path, copy.deepcopy(operation.get("value")))
        case "remove":
            return _remove(document, path)[0]
        case "replace":
            _get(document, path, "replace")
            if path == "":
                if not isinstance(operation.get("value"), dict | list):
                    raise Unpatchable("replace operation value must be object or array")
                return copy.deepcopy(operation["value"])
            return _add(_remove(document, path)[0], path, copy.deepcopy(operation.get("value")))
        case "move" | "copy":
            source = operation.get("from")
            if not isinstance(source, str):
                raise Unpatchable(f"{kind} operation needs a from: {path}")
            if kind == "copy":
                return _add(document, path, copy.deepcopy(_get(document, source, "copy")))
            document, value = _remove(document, source)
            return _add(document, path, value)
        case "test":
            try:
                found = _get(document, path, "test")
            except Unpatchable:
                found = None
                if operation.get("value") is not None:
                    raise PatchTestFailed(f"testing value {path} failed: test failed") from None
            if not _equal(found, operation.get("value")):
                raise PatchTestFailed(f"testing value {path} failed: test failed")
            return document
    raise Unpatchable(f"Unexpected kind: {kind}")


def _equal(one: Any, other: Any) -> bool:
    # True == 1 in Python, but not in JSON.
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _parts(path: str) -> list[str]:
    if not path.startswith("/"):
        raise Unpatchable(f"error in path {path!r}: it must begin with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _get(document: Any, path: str, operation: str) -> Any:
    found = document
    for part in _parts(path) if path else []:
        found = _child(found, part, path, operation)
    return found


def _child(parent: Any, part: str, path: str, operation: str) -> Any:
    if isinstance(parent, dict) and part in parent:
        return parent[part]
    if isinstance(parent, list):
        return parent[_index(part, len(parent) - 1, path)]
    raise Unpatchable(f'{operation} operation does not apply: doc is missing path: "{path}": missing value')


def _index(part: str, last: int, path: str) -> int:
    digits = part[1:] if part.startswith("-") else part
    if not (digits.isascii() and digits.isdigit()) or (len(digits) > 1 and digits[0] == "0"):
        raise Unpatchable(f"unable to use {part!r} as an index: {path}")
    index = int(part)
    if not -last - 1 <= index <= last:
        raise Unpatchable(f"Unable to access invalid index: {index}: invalid index referenced")
    return index


def _parent(document: Any, path: str, operation: str) -> tuple[Any, str]:
    *above, last = _parts(path)
    parent = document
    for part in above:
        parent = _child(parent, part, path, operation)
    if not isinstance(parent, dict | list):
        raise Unpatchable(f'{operation} operation does not apply: doc is missing path: "{path}": missing value')
    return parent, last


def _add(document: Any, path: str, value: Any) -> Any:
    if path == "":
        return value
    parent, last = _parent(document, path, "add")
    if isinstance(parent, dict):
        parent[last] = value
    elif last == "-":
        parent.append(value)
    else:
        index = _index(last, len(parent), path)
        parent.insert(index if index >= 0 else len(parent) + index + 1, value)
    return document


def _remove(document: Any, path: str) -> tuple[Any, Any]:
    if path == "":
        return None, document
    parent, last = _parent(document, path, "remove")
    if isinstance(parent, dict):
        if last not in parent:
            raise Unpatchable(f'remove operation does not apply: doc is missing path: "{path}": missing value')
        return document, parent.pop(last)
    return document, parent.pop(_index(last, len(parent) - 1, path))
