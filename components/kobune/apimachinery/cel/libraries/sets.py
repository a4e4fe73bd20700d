"""Lists as sets: `sets.contains([1, 2], [1])`."""

from typing import Any

from kobune.apimachinery.cel.declarations import Overload, function
from kobune.apimachinery.cel.types import BOOL, list_of, parameter
from kobune.apimachinery.cel.values import equal

T = parameter("T")


def overloads() -> list[Overload]:
    """Return the functions of sets."""
    lists = (list_of(T), list_of(T))
    return [
        function("sets.contains", lists, BOOL, contains, _cost),
        function("sets.equivalent", lists, BOOL, lambda a, b: contains(a, b) and contains(b, a), _cost),
        function("sets.intersects", lists, BOOL, intersects, _cost),
    ]


def contains(items: list[Any], wanted: list[Any]) -> bool:
    return all(_has(items, item) for item in wanted)


def intersects(items: list[Any], others: list[Any]) -> bool:
    return any(_has(items, item) for item in others)


def _has(items: list[Any], value: Any) -> bool:
    return any(equal(item, value) for item in items)


def _cost(items: list[Any], others: list[Any]) -> int:
    return len(items) * len(others)
