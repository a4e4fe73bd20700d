"""The values of expressions: plain Python where it fits, and the few classes below where it does not.

`int`, `float`, `str`, `bytes`, `bool`, `None`, `list` and `dict` are themselves, so that trees of JSON need no
conversion. Beware that Python's `True == 1`: compare with `equal`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import total_ordering
from typing import Any, Final

from kobune.apimachinery.cel.errors import EvaluationError, no_such_overload

LOWEST: Final = -(2**63)
HIGHEST: Final = 2**63 - 1
HIGHEST_UNSIGNED: Final = 2**64 - 1
NANOS: Final = 1_000_000_000
EARLIEST: Final = -62_135_596_800
LATEST: Final = 253_402_300_799


class UInt(int):
    """A number without sign."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time."""

    nanos: int

    def __lt__(self, other: "Duration") -> bool:
        return self.nanos < other.nanos

    def __str__(self) -> str:
        seconds = Decimal(self.nanos) / NANOS
        text = f"{seconds:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) + "s"


@total_ordering
@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment, in nanoseconds since 1970."""

    nanos: int

    def __lt__(self, other: "Timestamp") -> bool:
        return self.nanos < other.nanos

    def __str__(self) -> str:
        seconds, nanos = divmod(self.nanos, NANOS)
        text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
        return text + (f".{nanos:09d}".rstrip("0") if nanos else "") + "Z"


@dataclass(frozen=True, slots=True)
class Optional:
    """A value, or nothing."""

    present: bool
    value: Any = None


NOTHING: Final = Optional(False)


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type, as a value: what `type(1)` is."""

    name: str

    def __str__(self) -> str:
        return self.name


def duration(nanos: int) -> Duration:
    """Return a duration; an error if it is out of range."""
    if not LOWEST <= nanos <= HIGHEST:
        raise EvaluationError("duration overflow")
    return Duration(nanos)


def timestamp(nanos: int) -> Timestamp:
    """Return a timestamp; an error if it is out of range."""
    if not EARLIEST * NANOS <= nanos < (LATEST + 1) * NANOS:
        raise EvaluationError("timestamp overflow")
    return Timestamp(nanos)


NUMBERS: Final = frozenset({int, float, UInt})


def equal(first: Any, second: Any) -> bool:
    """Whether two values are equal: numbers across their types, lists and maps by what they hold."""
    kind, other = type(first), type(second)
    if kind is not other:
        if kind in NUMBERS and other in NUMBERS:
            return bool(first == second)
        if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
            return False
    if kind is list:
        return len(first) == len(second) and all(map(equal, first, second))
    if isinstance(first, Mapping):
        return len(first) == len(second) and all(
            key in second and equal(value, second[key]) for key, value in first.items()
        )
    if kind is Optional:
        return first.present == second.present and equal(first.value, second.value)
    return bool(first == second)


def ordered(first: Any, second: Any) -> int:
    """Return -1, 0 or 1: how two values compare. An error if they cannot be compared, or one is not a number."""
    kind, other = type(first), type(second)
    comparable = kind is other and kind in COMPARABLE
    if not comparable and not (kind in NUMBERS and other in NUMBERS):
        raise no_such_overload()
    if first != first or second != second:
        raise EvaluationError("NaN values cannot be ordered")
    return int(first > second) - int(first < second)


COMPARABLE: Final = frozenset({int, float, UInt, str, bytes, bool, Duration, Timestamp})

KINDS: Final[dict[type, str]] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null",
    list: "list",
    dict: "map",
    Duration: "duration",
    Timestamp: "timestamp",
    Optional: "optional",
    TypeValue: "type",
}


def kind_of(value: Any) -> str:
    """Return the kind of type that a value has; `opaque` for what only a library knows."""
    kind = KINDS.get(type(value))
    if kind is None:
        return "map" if isinstance(value, Mapping) else "opaque"
    return kind


def size_of(value: Any) -> int:
    """Return how much there is to look at in a value: characters, bytes, items; 1 for what has no size."""
    return len(value) if hasattr(value, "__len__") else 1
