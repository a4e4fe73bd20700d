"""From one type to another: `int('5')`, `string(1.5)`, `type(x)`, and `size(x)`."""

from collections.abc import Mapping
from math import isfinite, trunc
from typing import Any, Final

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError, no_such_overload
from kobune.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    list_of,
    map_of,
    parameter,
    type_of,
)
from kobune.apimachinery.cel.values import HIGHEST, HIGHEST_UNSIGNED, LOWEST, NANOS, Timestamp, TypeValue, UInt, kind_of

T, K = parameter("T"), parameter("K")
TRUTHS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("0", "f", "F", "false", "False", "FALSE"), False),
}


def overloads() -> list[Overload]:
    """Return the conversions."""
    sized = (STRING, BYTES, list_of(T), map_of(K, T))
    return [
        function("type", (T,), type_of(T), kind),
        function("dyn", (T,), DYN, same),
        *(function("int", (type,), INT, to_int) for type in (INT, UINT, DOUBLE, STRING, TIMESTAMP)),
        *(function("uint", (type,), UINT, to_uint) for type in (UINT, INT, DOUBLE, STRING)),
        *(function("double", (type,), DOUBLE, to_double) for type in (DOUBLE, INT, UINT, STRING)),
        *(
            function("string", (type,), STRING, to_string)
            for type in (STRING, BOOL, INT, UINT, DOUBLE, BYTES, TIMESTAMP, DURATION)
        ),
        *(function("bytes", (type,), BYTES, to_bytes) for type in (BYTES, STRING)),
        *(function("bool", (type,), BOOL, to_bool) for type in (BOOL, STRING)),
        *(function("size", (type,), INT, len) for type in sized),
        *(method("size", (type,), INT, len) for type in sized),
    ]


def same(value: Any) -> Any:
    return value


def kind(value: Any) -> TypeValue:
    if isinstance(value, TypeValue):
        return TypeValue("type")
    name = kind_of(value)
    if name == "opaque":
        name = value.cel_type
    return TypeValue({"null": "null_type", "optional": "optional_type"}.get(name, name))


def to_int(value: Any) -> int:
    if isinstance(value, Timestamp):
        return value.nanos // NANOS
    number = _number(value, "int")
    if not LOWEST <= number <= HIGHEST:
        raise EvaluationError("integer overflow")
    return number


def to_uint(value: Any) -> UInt:
    number = _number(value, "uint")
    if not 0 <= number <= HIGHEST_UNSIGNED:
        raise EvaluationError("unsigned integer overflow")
    return UInt(number)


def _number(value: Any, name: str) -> int:
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("+", "-") and name == "int" else value
        if not (digits.isascii() and digits.isdigit() and len(digits) < 40):
            raise EvaluationError(f'strconv.Parse{name.title()}: parsing "{value}": invalid syntax')
        return int(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise EvaluationError("integer overflow" if name == "int" else "unsigned integer overflow")
        return trunc(value)
    return int(value)


def to_double(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise EvaluationError(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from None


def to_string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None
    if isinstance(value, float):
        return shown_double(value)
    return str(value)


def shown_double(value: float) -> str:
    """Return a number with a fraction as Go writes it."""
    if value != value:
        return "NaN"
    if not isfinite(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if exponent:
        power = int(exponent)
        if -5 < power < 21:
            return f"{value:.0f}" if power > 0 else f"{value:f}"
        return f"{mantissa.removesuffix('.0')}e{power:+03d}"
    return text.removesuffix(".0")


def to_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value


def to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in TRUTHS:
        return TRUTHS[value]
    raise EvaluationError(f'strconv.ParseBool: parsing "{value}": invalid syntax')


def length(value: Any) -> int:
    """Return how many elements a list or map has."""
    if isinstance(value, list | Mapping):
        return len(value)
    raise no_such_overload()
