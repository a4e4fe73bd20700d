"""Fields that JSON has twice: parsers keep the last one, and do not tell."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

_LOOSE: Final = re.compile(rb'"[ \t\r\n]+:')


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object of JSON with all its fields."""


def suspected(body: bytes, tree: Any) -> bool:
    """Whether a body may have a field twice, of which `tree` is what a parser made.

    This costs next to nothing: a tree that has lost a field is written with fewer keys than the body has.
    """
    try:
        written = orjson.dumps(tree)
    except orjson.JSONEncodeError:
        # Deeper than can be written, so something else is wrong with it; looking for duplicates would end like this.
        return False
    return _keys(body) != _keys(written) or _LOOSE.search(body) is not None


def find(body: bytes, unknown: Sequence[str] = ()) -> list[str]:
    """Return the paths of the fields that a body has twice; inside of fields that are `unknown` nobody looks."""
    try:
        pairs = json.loads(body, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return []
    return sorted(dict.fromkeys(_walk(pairs, "", frozenset(unknown))))


def _keys(text: bytes) -> int:
    # A quote before a colon ends a key, unless a backslash makes it part of some text.
    return text.count(b'":') - text.count(b'\\":')


def _walk(value: Any, at: str, hidden: frozenset[str]) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen = set()
        for name, item in value:
            path = f"{at}.{name}" if at else name
            if path in hidden:
                continue
            if name in seen:
                yield path
            seen.add(name)
            yield from _walk(item, path, hidden)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{at}[{index}]", hidden)
