"""The JSON paths of definitions: which values of a tree a column or a selector shows.

`.spec.replicas`, `.status.conditions[0].type`, `.spec.list[*]`, `.status.conditions[?(@.type=="Ready")].status`,
`..name`, `.metadata.annotations['a/b']`. Source: *JSONPath Support* of kubectl.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

Step = Callable[[Any], Iterator[Any]]

TOKEN = re.compile(
    r"\.\.(?P<anywhere>[\w\-/]+|\*)?"
    r"|\.(?P<field>(?:\\.|[^\s.\[\]\\])+)"
    r"|\[(?P<inside>(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\]'\"])*)\]"
    r"|(?P<dot>\.)(?=$|\[)"
)
SLICE = re.compile(r"(-?\d+)?(?::(-?\d+)?)?(?::(-?\d+)?)?")
FILTER = re.compile(r"\?\(\s*(?P<left>.+?)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<right>.+?)\s*)?\)")
NOTHING = object()


class BadPath(ValueError):
    """The text is no JSON path."""


class JsonPath:
    """A compiled path."""

    def __init__(self, text: str) -> None:
        self._steps = list(_steps(text))

    def find(self, tree: Any) -> list[Any]:
        """Return what the path leads to, in order; nothing where something on the way is missing."""
        found: Iterable[Any] = [tree]
        for step in self._steps:
            found = [result for value in found for result in step(value)]
        return list(found)


@lru_cache(maxsize=4096)
def compile(text: str) -> JsonPath:
    """Return the path; `BadPath` if it is none."""
    return JsonPath(text)


def fields_at(tree: Any, path: str) -> Any:
    """Return the value at plain names with dots between them; None if there is none."""
    for name in path.removeprefix(".").split("."):
        if type(tree) is not dict or name not in tree:
            return None
        tree = tree[name]
    return tree


def _steps(text: str) -> Iterator[Step]:
    text = text.strip()
    text = text.removeprefix("$").removeprefix("@")
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise BadPath(f"unrecognized character in path: {text[at:]}")
        at = match.end()
        if match["field"] is not None:
            yield _field(re.sub(r"\\(.)", r"\1", match["field"]))
        elif match["inside"] is not None:
            yield _inside(match["inside"].strip())
        elif match["dot"] is None:
            yield _anywhere
            if match["anywhere"]:
                yield _field(match["anywhere"])


def _field(name: str) -> Step:
    if name == "*":
        return _all

    def step(value: Any) -> Iterator[Any]:
        if type(value) is dict and name in value:
            yield value[name]

    return step


def _all(value: Any) -> Iterator[Any]:
    if type(value) is dict:
        yield from value.values()
    elif type(value) is list:
        yield from value


def _anywhere(value: Any) -> Iterator[Any]:
    yield value
    for inner in _all(value):
        yield from _anywhere(inner)


def _inside(text: str) -> Step:
    if text == "*":
        return _all
    if text.startswith("?"):
        return _filter(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return _field(re.sub(r"\\(.)", r"\1", text[1:-1]))
    if "," in text:
        steps = [_inside(part.strip()) for part in text.split(",")]
        return lambda value: (result for step in steps for result in step(value))
    match = SLICE.fullmatch(text)
    if match is None or not text:
        raise BadPath(f"invalid array index {text}")
    return _slice(text, match)


def _slice(text: str, match: re.Match[str]) -> Step:
    first, last, step_size = (int(part) if part else None for part in match.groups())

    def step(value: Any) -> Iterator[Any]:
        if type(value) is not list:
            return
        if ":" not in text:
            assert first is not None
            if -len(value) <= first < len(value):
                yield value[first]
        elif step_size != 0:
            yield from value[slice(first, last, step_size)]

    return step


def _filter(text: str) -> Step:
    match = FILTER.fullmatch(text)
    if match is None:
        raise BadPath(f"invalid filter {text}")
    left = _operand(match["left"])
    right = _operand(match["right"]) if match["right"] else None
    operator = match["operator"]

    def step(value: Any) -> Iterator[Any]:
        for item in _all(value):
            one = left(item)
            if one is NOTHING:
                continue
            if right is None or _compares(operator, one, right(item)):
                yield item

    return step


def _operand(text: str) -> Callable[[Any], Any]:
    if text.startswith(("@", "$")):
        path = JsonPath(text)

        def find(item: Any) -> Any:
            found = path.find(item)
            return found[0] if found else NOTHING

        return find
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        constant: Any = re.sub(r"\\(.)", r"\1", text[1:-1])
    elif text in ("true", "false"):
        constant = text == "true"
    else:
        try:
            constant = float(text) if "." in text else int(text)
        except ValueError:
            raise BadPath(f"unrecognized value {text}") from None
    return lambda item: constant


def _compares(operator: str, one: Any, other: Any) -> bool:
    if other is NOTHING or isinstance(one, bool) is not isinstance(other, bool):
        return operator == "!="
    try:
        match operator:
            case "==":
                return bool(one == other)
            case "!=":
                return bool(one != other)
            case "<":
                return bool(one < other)
            case "<=":
                return bool(one <= other)
            case ">":
                return bool(one > other)
            case _:
                return bool(one >= other)
    except TypeError:
        return False
