"""Functions of lists: `list.isSorted()`, `list.sum()`, `list.min()`, `list.indexOf(x)`."""

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from typing import Any, Final

from kobune.apimachinery.cel.declarations import Overload, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.operators import add
from kobune.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_of,
    parameter,
)
from kobune.apimachinery.cel.values import Duration, UInt, equal, ordered, size_of

T = parameter("T")
ORDERED: Final = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
ZEROS: Final[tuple[tuple[Type, Any], ...]] = ((INT, 0), (UINT, UInt(0)), (DOUBLE, 0.0), (DURATION, Duration(0)))


def overloads() -> list[Overload]:
    """Return the functions of lists."""
    return [
        *(method("isSorted", (list_of(type),), BOOL, is_sorted, size_of) for type in ORDERED),
        *(method("sum", (list_of(type),), type, _sum(zero), size_of) for type, zero in ZEROS),
        *(method("min", (list_of(type),), type, _extreme("min", -1), size_of) for type in ORDERED),
        *(method("max", (list_of(type),), type, _extreme("max", 1), size_of) for type in ORDERED),
        method("indexOf", (list_of(T), T), INT, index_of, _search),
        method("lastIndexOf", (list_of(T), T), INT, last_index_of, _search),
    ]


def is_sorted(items: list[Any]) -> bool:
    return all(ordered(first, second) <= 0 for first, second in pairwise(items))


def _sum(zero: Any) -> Callable[[list[Any]], Any]:
    return lambda items: reduce(add, items, items[0] - items[0] if items and type(items[0]) is float else zero)


def _extreme(name: str, sign: int) -> Callable[[list[Any]], Any]:
    def find(items: list[Any]) -> Any:
        if not items:
            raise EvaluationError(f"{name} called on empty list")
        found = items[0]
        for item in items[1:]:
            if ordered(item, found) == sign:
                found = item
        return found

    return find


def index_of(items: list[Any], value: Any) -> int:
    return next((at for at, item in enumerate(items) if equal(item, value)), -1)


def last_index_of(items: list[Any], value: Any) -> int:
    return next((at for at in range(len(items) - 1, -1, -1) if equal(items[at], value)), -1)


def _search(items: list[Any], value: Any) -> int:
    return len(items)
