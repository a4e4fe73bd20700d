"""Amounts of resources: `quantity('1Gi').isGreaterThan(quantity('500Mi'))`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from kobune.apimachinery import quantity
from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.strings import _all
from kobune.apimachinery.cel.types import BOOL, DOUBLE, INT, STRING, opaque
from kobune.apimachinery.cel.values import HIGHEST, LOWEST

TYPE: Final = opaque("kubernetes.Quantity")


@dataclass(frozen=True)
class Quantity:
    """An amount."""

    cel_type: ClassVar[str] = TYPE.name
    amount: Decimal


def overloads() -> list[Overload]:
    """Return the functions of amounts."""
    pair = (TYPE, TYPE)
    return [
        function("quantity", (STRING,), TYPE, parse, _all),
        function("isQuantity", (STRING,), BOOL, is_quantity, _all),
        method("sign", (TYPE,), INT, lambda value: (value.amount > 0) - (value.amount < 0)),
        method("isInteger", (TYPE,), BOOL, is_integer),
        method("asInteger", (TYPE,), INT, as_integer),
        method("asApproximateFloat", (TYPE,), DOUBLE, lambda value: float(value.amount)),
        method("add", pair, TYPE, lambda one, other: Quantity(one.amount + other.amount)),
        method("add", (TYPE, INT), TYPE, lambda one, other: Quantity(one.amount + other)),
        method("sub", pair, TYPE, lambda one, other: Quantity(one.amount - other.amount)),
        method("sub", (TYPE, INT), TYPE, lambda one, other: Quantity(one.amount - other)),
        method("isLessThan", pair, BOOL, lambda one, other: one.amount < other.amount),
        method("isGreaterThan", pair, BOOL, lambda one, other: one.amount > other.amount),
        method("compareTo", pair, INT, lambda one, other: (one.amount > other.amount) - (one.amount < other.amount)),
    ]


def parse(text: str) -> Quantity:
    try:
        return Quantity(quantity.parse(text))
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def is_quantity(text: str) -> bool:
    try:
        quantity.parse(text)
    except ValueError:
        return False
    return True


def is_integer(value: Quantity) -> bool:
    return value.amount == value.amount.to_integral_value() and LOWEST <= value.amount <= HIGHEST


def as_integer(value: Quantity) -> int:
    if not is_integer(value):
        raise EvaluationError("cannot convert value to integer")
    return int(value.amount)
