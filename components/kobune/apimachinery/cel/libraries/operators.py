"""`+`, `==`, `in`, `[…]` and the like. They look at the types of their arguments themselves."""

from collections.abc import Mapping
from math import ceil, inf, nan
from typing import Any, Final

from kobune.apimachinery.cel.declarations import Overload, function
from kobune.apimachinery.cel.errors import EvaluationError, no_such_overload
from kobune.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    list_of,
    map_of,
    optional_of,
    parameter,
)
from kobune.apimachinery.cel.values import (
    HIGHEST,
    HIGHEST_UNSIGNED,
    LOWEST,
    NOTHING,
    Duration,
    Optional,
    Timestamp,
    UInt,
    duration,
    equal,
    ordered,
    size_of,
    timestamp,
)

T, K = parameter("T"), parameter("K")
SIZED: Final = frozenset({str, bytes, list, dict})


def overloads() -> list[Overload]:
    """Return the operators."""
    numbers = (INT, UINT, DOUBLE)
    found = [
        function("_?_:_", (BOOL, T, T), T, less),
        function("_==_", (T, T), BOOL, equals, _compare_cost),
        function("_!=_", (T, T), BOOL, differs, _compare_cost),
        function("!_", (BOOL,), BOOL, complement),
        *(function("-_", (number,), number, negate) for number in (INT, DOUBLE)),
        function("@in", (T, list_of(T)), BOOL, contains, _search_cost),
        function("@in", (K, map_of(K, T)), BOOL, contains, _search_cost),
        function("_[_]", (list_of(T), INT), T, index),
        function("_[_]", (map_of(K, T), K), T, index),
        function("_[_]", (optional_of(list_of(T)), INT), optional_of(T), index),
        function("_[_]", (optional_of(map_of(K, T)), K), optional_of(T), index),
        function("_[?_]", (list_of(T), INT), optional_of(T), index_optional),
        function("_[?_]", (map_of(K, T), K), optional_of(T), index_optional),
        function("_[?_]", (optional_of(list_of(T)), INT), optional_of(T), index_optional),
        function("_[?_]", (optional_of(map_of(K, T)), K), optional_of(T), index_optional),
    ]
    for name, run in (("_+_", add), ("_-_", subtract), ("_*_", multiply), ("_/_", divide)):
        found += [
            function(name, (number, number), number, run, _add_cost if run is add else None) for number in numbers
        ]
    found += [function("_%_", (number, number), number, modulo) for number in (INT, UINT)]
    found += [function("_+_", (type, type), type, add, _add_cost) for type in (STRING, BYTES, list_of(T), DURATION)]
    found += [
        function("_+_", (TIMESTAMP, DURATION), TIMESTAMP, add, _add_cost),
        function("_+_", (DURATION, TIMESTAMP), TIMESTAMP, add, _add_cost),
        function("_-_", (TIMESTAMP, TIMESTAMP), DURATION, subtract),
        function("_-_", (TIMESTAMP, DURATION), TIMESTAMP, subtract),
        function("_-_", (DURATION, DURATION), DURATION, subtract),
    ]
    pairs = [(one, other) for one in numbers for other in numbers]
    pairs += [(type, type) for type in (BOOL, STRING, BYTES, TIMESTAMP, DURATION)]
    for name, compare in (("_<_", less), ("_<=_", less_equal), ("_>_", greater), ("_>=_", greater_equal)):
        found += [function(name, pair, BOOL, compare, _compare_cost) for pair in pairs]
    return found


def whole(value: int) -> int:
    """Return a number that has 64 bits; an error if it needs more."""
    if LOWEST <= value <= HIGHEST:
        return value
    raise EvaluationError("integer overflow")


def unsigned(value: int) -> UInt:
    """Return a number of 64 bits without a sign; an error if it is none."""
    if 0 <= value <= HIGHEST_UNSIGNED:
        return UInt(value)
    raise EvaluationError("unsigned integer overflow")


def add(first: Any, second: Any) -> Any:
    kind = type(first)
    if kind is type(second):
        if kind is int:
            return whole(first + second)
        if kind in (str, float, list, bytes):
            return first + second
        if kind is UInt:
            return unsigned(int(first) + int(second))
        if kind is Duration:
            return duration(first.nanos + second.nanos)
    elif (kind is Timestamp and type(second) is Duration) or (kind is Duration and type(second) is Timestamp):
        return timestamp(first.nanos + second.nanos)
    raise no_such_overload()


def subtract(first: Any, second: Any) -> Any:
    kind = type(first)
    if kind is type(second):
        if kind is int:
            return whole(first - second)
        if kind is float:
            return first - second
        if kind is UInt:
            return unsigned(int(first) - int(second))
        if kind in (Duration, Timestamp):
            return duration(first.nanos - second.nanos)
    elif kind is Timestamp and type(second) is Duration:
        return timestamp(first.nanos - second.nanos)
    raise no_such_overload()


def multiply(first: Any, second: Any) -> Any:
    kind = type(first)
    if kind is type(second):
        if kind is int:
            return whole(first * second)
        if kind is float:
            return first * second
        if kind is UInt:
            return unsigned(int(first) * int(second))
    raise no_such_overload()


def divide(first: Any, second: Any) -> Any:
    kind = type(first)
    if kind is not type(second) or kind not in (int, UInt, float):
        raise no_such_overload()
    if kind is float:
        if second:
            return first / second
        return nan if first == 0 or first != first else inf if first > 0 else -inf
    if not second:
        raise EvaluationError("division by zero")
    quotient = abs(int(first)) // abs(int(second))
    if kind is UInt:
        return UInt(quotient)
    return whole(quotient if (first < 0) == (second < 0) else -quotient)


def modulo(first: Any, second: Any) -> Any:
    kind = type(first)
    if kind is not type(second) or kind not in (int, UInt):
        raise no_such_overload()
    if not second:
        raise EvaluationError("modulus by zero")
    rest = abs(int(first)) % abs(int(second))
    return UInt(rest) if kind is UInt else (-rest if first < 0 else rest)


def negate(value: Any) -> Any:
    if type(value) is int:
        return whole(-value)
    if type(value) is float:
        return -value
    raise no_such_overload()


def complement(value: Any) -> bool:
    if value is True or value is False:
        return not value
    raise no_such_overload()


def equals(first: Any, second: Any) -> bool:
    return equal(first, second)


def differs(first: Any, second: Any) -> bool:
    return not equal(first, second)


def less(first: Any, second: Any) -> bool:
    return ordered(first, second) < 0


def less_equal(first: Any, second: Any) -> bool:
    return ordered(first, second) <= 0


def greater(first: Any, second: Any) -> bool:
    return ordered(first, second) > 0


def greater_equal(first: Any, second: Any) -> bool:
    return ordered(first, second) >= 0


def contains(value: Any, collection: Any) -> bool:
    if isinstance(collection, list):
        if type(value) is str:
            return value in collection
        return any(equal(value, item) for item in collection)
    if isinstance(collection, Mapping):
        return _is_key(value) and value in collection
    raise no_such_overload()


def index(collection: Any, key: Any) -> Any:
    if isinstance(collection, Optional):
        return index_optional(collection, key)
    if isinstance(collection, list):
        at = _position(key)
        if 0 <= at < len(collection):
            return collection[at]
        raise EvaluationError(f"index out of bounds: {at}")
    if isinstance(collection, Mapping) and _is_key(key):
        if key in collection:
            return collection[key]
        raise EvaluationError(f"no such key: {'true' if key is True else 'false' if key is False else key}")
    raise no_such_overload()


def index_optional(collection: Any, key: Any) -> Optional:
    if isinstance(collection, Optional):
        if not collection.present:
            return NOTHING
        collection = collection.value
    if isinstance(collection, list):
        at = _position(key)
        return Optional(True, collection[at]) if 0 <= at < len(collection) else NOTHING
    if isinstance(collection, Mapping) and _is_key(key):
        return Optional(True, collection[key]) if key in collection else NOTHING
    raise no_such_overload()


def _position(key: Any) -> int:
    if type(key) in (int, UInt) or (type(key) is float and key.is_integer()):
        return int(key)
    raise EvaluationError("unsupported index type in list")


def _is_key(key: Any) -> bool:
    return isinstance(key, str | int | float)


def _add_cost(first: Any, second: Any) -> int:
    return ceil((len(first) + len(second)) * 0.1) if type(first) in SIZED and type(second) in SIZED else 0


def _compare_cost(first: Any, second: Any) -> int:
    if type(first) in SIZED and type(second) in SIZED:
        return ceil(min(len(first), len(second)) * 0.1)
    return 0


def _search_cost(value: Any, collection: Any) -> int:
    return size_of(collection) if isinstance(collection, list) else 0
