"""Functions of numbers: `math.greatest(a, b)`, `math.abs(x)`."""

from math import ceil, floor, isfinite, isinf, isnan, trunc
from typing import Any, Final

from kobune.apimachinery.cel.declarations import Overload, function
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.operators import whole
from kobune.apimachinery.cel.types import BOOL, DOUBLE, DYN, INT, UINT, list_of
from kobune.apimachinery.cel.values import UInt, ordered, size_of

NUMBERS: Final = (INT, UINT, DOUBLE)
MOST: Final = 5
"""How many numbers may be compared without making a list of them."""


def overloads() -> list[Overload]:
    """Return the functions of numbers."""
    found: list[Overload] = []
    for name, sign in (("math.greatest", 1), ("math.least", -1)):
        for count in range(1, MOST + 1):
            for number in NUMBERS:
                found.append(function(name, (number,) * count, number, _extreme(sign)))
            found.append(function(name, (DYN,) * count, DYN, _extreme(sign)))
        found += [function(name, (list_of(number),), number, _extreme(sign), size_of) for number in NUMBERS]
    found += [function("math.abs", (number,), number, absolute) for number in NUMBERS]
    found += [function("math.sign", (number,), number, sign_of) for number in NUMBERS]
    for name, run in (("ceil", ceil), ("floor", floor), ("trunc", trunc), ("round", rounded)):
        found.append(function(f"math.{name}", (DOUBLE,), DOUBLE, _finite(run)))
    for name, test in (("isNaN", isnan), ("isInf", isinf), ("isFinite", isfinite)):
        found.append(function(f"math.{name}", (DOUBLE,), BOOL, test))
    return found


def _extreme(sign: int) -> Any:
    def find(*values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], list):
            values = tuple(values[0])
        if not values:
            raise EvaluationError("math.@max(list) argument must not be empty" if sign > 0 else "empty list")
        found = values[0]
        for value in values[1:]:
            if ordered(value, found) == sign:
                found = value
        return found

    return find


def absolute(value: Any) -> Any:
    return UInt(value) if type(value) is UInt else whole(abs(value)) if type(value) is int else abs(value)


def sign_of(value: Any) -> Any:
    kind: Any = type(value)
    return value if value != value else kind((value > 0) - (value < 0))


def rounded(value: float) -> int:
    return floor(abs(value) + 0.5) * (-1 if value < 0 else 1)


def _finite(run: Any) -> Any:
    return lambda value: float(run(value)) if isfinite(value) else value
