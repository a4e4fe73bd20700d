"""Trees of YAML become dataclasses: every field checked, and named where it is wrong."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, Final, Literal, TypeVar, Union, cast

import orjson
from google.protobuf.message import Message

from kobune.apimachinery import codec
from kobune.component_base.failure import CannotStart

C = TypeVar("C")

WORDS: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
LISTS: Final = (list, tuple, set, frozenset, Sequence, Iterable, AbstractSet)
MAPS: Final = (dict, Mapping)


class Wrong(CannotStart):
    """A field says what cannot be; the message has the path of the field and the reason."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path
        self.why = why


def build(kind: type[C], tree: Any, path: str = "", *, but: Sequence[str] = ()) -> C:
    """Return the dataclass that a mapping describes; its fields may be written in camelCase or snake_case.

    `but` are fields that may not be given.
    """
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        raise Wrong(path, f"{tree!r} is not a mapping of fields")
    fields = {_written(field): field for field in dataclasses.fields(cast(Any, kind)) if field.init}
    fields = {written: field for written, field in fields.items() if field.name not in but}
    known = {**{field.name: field for field in fields.values()}, **fields}
    types_of = _types(kind, path)
    given: dict[str, Any] = {}
    for key, value in tree.items():
        field = known.get(key)
        if field is None:
            raise Wrong(path, _unknown(key, list(fields)))
        if field.name in given:
            raise Wrong(join(path, key), "is given twice")
        given[field.name] = convert(types_of[field.name], value, join(path, key))
    for written, field in fields.items():
        if field.name not in given and _is_required(field):
            raise Wrong(join(path, written), "is required")
    try:
        return kind(**given)
    except Wrong as wrong:
        raise Wrong(join(path, wrong.path), wrong.why) from None
    except (TypeError, ValueError) as error:
        raise Wrong(path, str(error)) from error


def convert(kind: Any, value: Any, path: str) -> Any:
    """Return a value as its type wants it."""
    origin = typing.get_origin(kind)
    if kind is Any or kind is object:
        return value
    if origin in (Union, types.UnionType):
        return _one_of_types(typing.get_args(kind), value, path)
    if origin is Literal:
        return _choice({str(choice): choice for choice in typing.get_args(kind)}, value, path)
    if (origin or kind) in LISTS:
        return _list(origin or kind, typing.get_args(kind), value, path)
    if (origin or kind) in MAPS:
        return _map(typing.get_args(kind), value, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice({str(member.value): member for member in kind}, value, path)
    if isinstance(kind, type) and issubclass(kind, Message):
        return _message(kind, value, path)
    if dataclasses.is_dataclass(kind):
        return build(cast(type, kind), value, path)
    return _scalar(kind, value, path)


def camel(name: str) -> str:
    """Return `minCandidateNodes` for `min_candidate_nodes`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _written(field: "dataclasses.Field[Any]") -> str:
    return str(field.metadata.get("name") or camel(field.name))


def join(path: str, field: str) -> str:
    """Return the path of a field of a field."""
    return f"{path}.{field}" if path and field and not field.startswith("[") else path + field


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return what may have been meant, as the end of a sentence; nothing if nothing is like it."""
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _unknown(key: Any, known: Sequence[str]) -> str:
    there = f"there are {', '.join(known)}" if known else "there are none"
    return f"there is no field {key!r}{suggestion(key, known) or f'; {there}'}"


def _types(kind: type, path: str) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(kind)
    except Exception as error:
        raise Wrong(path, f"the types of the fields of {kind.__name__} cannot be worked out: {error}") from error


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _one_of_types(kinds: Sequence[Any], value: Any, path: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    wrongs = []
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return convert(kind, value, path)
        except Wrong as wrong:
            wrongs.append(wrong)
    raise wrongs[0] if len(wrongs) == 1 else Wrong(path, " and ".join(dict.fromkeys(wrong.why for wrong in wrongs)))


def _choice(choices: Mapping[str, Any], value: Any, path: str) -> Any:
    if str(value) not in choices:
        raise Wrong(path, f"{value!r} is not one of {', '.join(choices)}")
    return choices[str(value)]


def _list(kind: Any, inner: Sequence[Any], value: Any, path: str) -> Any:
    if not isinstance(value, list):
        raise Wrong(path, f"{value!r} is not a list")
    if kind is tuple and inner and Ellipsis not in inner:
        if len(value) != len(inner):
            raise Wrong(path, f"has {len(value)} items, not {len(inner)}")
        return tuple(
            convert(one, item, f"{path}[{at}]") for at, (one, item) in enumerate(zip(inner, value, strict=True))
        )
    items = [convert(inner[0] if inner else Any, item, f"{path}[{at}]") for at, item in enumerate(value)]
    if kind in (set, frozenset, AbstractSet):
        return frozenset(items) if kind is not set else set(items)
    return items if kind is list else tuple(items)


def _map(inner: Sequence[Any], value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise Wrong(path, f"{value!r} is not a mapping")
    keys, values = inner or (Any, Any)
    return {convert(keys, key, path): convert(values, item, join(path, str(key))) for key, item in value.items()}


def _message(kind: type[Message], value: Any, path: str) -> Message:
    if not isinstance(value, dict):
        raise Wrong(path, f"{value!r} is not a {kind.__name__}")
    try:
        return codec.from_json(kind, orjson.dumps(value))
    except codec.Undecodable as error:
        raise Wrong(path, str(error)) from None


def _scalar(kind: Any, value: Any, path: str) -> Any:
    wanted = (int, float) if kind is float else kind
    if not isinstance(kind, type) or kind not in WORDS:
        raise Wrong(path, f"fields of the type {kind!r} cannot be set in a file")
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise Wrong(path, f"{value!r} is not {WORDS[kind]}")
    return kind(value)
