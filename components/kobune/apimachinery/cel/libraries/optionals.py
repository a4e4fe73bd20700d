"""What may be there or not: `optional.of(x)`, `object.?spec.orValue({})`."""

from typing import Any

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.types import BOOL, optional_of, parameter
from kobune.apimachinery.cel.values import NOTHING, Optional

T = parameter("T")


def overloads() -> list[Overload]:
    """Return the functions of optional values. Those that evaluate an alternative are the evaluator's."""
    return [
        function("optional.of", (T,), optional_of(T), lambda value: Optional(True, value)),
        function("optional.ofNonZeroValue", (T,), optional_of(T), of_non_zero),
        function("optional.none", (), optional_of(T), lambda: NOTHING),
        method("hasValue", (optional_of(T),), BOOL, lambda optional: optional.present),
        method("value", (optional_of(T),), T, value),
        method("or", (optional_of(T), optional_of(T)), optional_of(T), value),
        method("orValue", (optional_of(T), T), T, value),
    ]


def of_non_zero(value: Any) -> Optional:
    if hasattr(value, "nanos"):
        return Optional(True, value) if value.nanos else NOTHING
    return Optional(True, value) if value else NOTHING


def value(optional: Optional, *others: Any) -> Any:
    if not optional.present:
        raise EvaluationError("optional.none() dereference")
    return optional.value
