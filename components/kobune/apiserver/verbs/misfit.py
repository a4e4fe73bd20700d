"""What is said of a patch that leaves something that is no object of its kind: the words of Kubernetes' decoders."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from google.protobuf.descriptor import Descriptor

from kobune.apimachinery.codec.shape import fields
from kobune.apimachinery.errors import FieldError, Invalid
from kobune.apimachinery.patch import go_value

UNMARSHAL: Final = re.compile(r"json: cannot unmarshal (\w+) into Go .* of type (.+)")
KINDS: Final = {"object": "map", "array": "slice", "number": "int64"}
"""What the decoder that strategic merge patches go through calls JSON's types."""


def as_text(patched: Any, original: Any, shape: Descriptor | None, why: str) -> Invalid:
    """Return the error about an object that was patched as text: one of a message with this shape, or a custom one."""
    within = _shapes(shape)
    shown = {name: _reordered(patched[name], original.get(name), within.get(name)) for name in sorted(patched)}
    return _invalid(orjson.dumps(shown).decode(), why)


def as_tree(patch: Any, why: str) -> Invalid:
    """Return the error about an object that was patched as a tree."""
    return _invalid(go_value(patch), _tree_words(why))


def _invalid(value: str, why: str) -> Invalid:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return Invalid.named("", "", "", [FieldError("FieldValueInvalid", "patch", f'Invalid value: "{quoted}": {why}')])


def _reordered(patched: Any, original: Any, shape: Descriptor | None) -> Any:
    """Return a tree as its text comes out of patching: objects that the patch went through have their keys sorted."""
    if patched == original:
        return _in_order(original, shape)
    if isinstance(patched, dict):
        before = original if isinstance(original, dict) else {}
        within = _shapes(shape)
        return {name: _reordered(patched[name], before.get(name), within.get(name)) for name in sorted(patched)}
    if isinstance(patched, list) and isinstance(original, list) and len(patched) == len(original):
        return [_reordered(*pair, shape) for pair in zip(patched, original, strict=True)]
    return patched


def _in_order(tree: Any, shape: Descriptor | None) -> Any:
    """Return a tree with its keys in the order of the definition."""
    if isinstance(tree, list):
        return [_in_order(item, shape) for item in tree]
    if not isinstance(tree, dict):
        return tree
    within = _shapes(shape)
    names = [*(name for name in within if name in tree), *(name for name in tree if name not in within)]
    return {name: _in_order(tree[name], within.get(name)) for name in names}


def _shapes(shape: Descriptor | None) -> Mapping[str, Descriptor | None]:
    """Return the shapes of the fields of a message, in order; nothing for what is no message."""
    return {} if shape is None else {field.json: field.message for field in fields(shape)}


def _tree_words(why: str) -> str:
    match = UNMARSHAL.fullmatch(why)
    if match is None:
        return why
    found, wanted = KINDS.get(match[1], match[1]), match[2]
    if wanted.startswith("[]"):
        return f"cannot restore slice from {found}"
    if wanted.startswith("map["):
        return f"cannot restore map from {found}"
    return f"cannot restore struct from: {found}" if "." in wanted else f"unrecognized type: {wanted}"
