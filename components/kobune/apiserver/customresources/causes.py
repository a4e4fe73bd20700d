"""Causes of `Invalid` about trees, as Kubernetes words and shows them."""

import math
from collections.abc import Iterable
from typing import Any

import orjson

from kobune.apimachinery.errors import FieldError

ROOT = "<nil>"
"""How Kubernetes shows the path of nothing in particular."""


class Omitted:
    """A value that is not shown."""


OMITTED = Omitted()


def child(path: str, name: str) -> str:
    """Return the path of a field."""
    return f"{path}.{name}" if path else name


def shown(value: Any) -> str:
    """Return a value as errors show it: as JSON, in the way of Go."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    if isinstance(value, str):
        return quoted(value)
    return go_json(value)


def quoted(text: str) -> str:
    """Return a text in quotes, as Go's %q does."""
    body = orjson.dumps(text.encode(errors="replace").decode()).decode()
    return body.replace("\x7f", "\\x7f")


def go_json(value: Any) -> str:
    """Return JSON as Go writes it: what could be HTML is escaped."""
    body = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    return body.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def go_float(value: float) -> str:
    """Return a number as Go's %v shows it: 1.5, 1e+06."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    mantissa, _, exponent = f"{value!r}".partition("e")
    power = int(exponent) if exponent else 0
    digits = mantissa.replace(".", "").lstrip("-")
    point = mantissa.lstrip("-").find(".")
    point = (point if point >= 0 else len(digits)) + power
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0") or "0"
    sign = "-" if value < 0 else ""
    scale = point - 1
    if scale < -4 or scale >= 6:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{'-' if scale < 0 else '+'}{abs(scale):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"


def invalid(path: str, value: Any, why: str) -> FieldError:
    """Return the cause that says: this value is wrong."""
    return FieldError("FieldValueInvalid", path or ROOT, _with(value, "Invalid value", why))


def wrong_type(path: str, value: Any, why: str) -> FieldError:
    """Return the cause that says: this value is of a wrong type."""
    return FieldError("FieldValueTypeInvalid", path or ROOT, _with(value, "Invalid value", why))


def required(path: str, why: str = "") -> FieldError:
    """Return the cause that says: something has to be here."""
    return FieldError("FieldValueRequired", path or ROOT, f"Required value: {why}" if why else "Required value")


def forbidden(path: str, why: str) -> FieldError:
    """Return the cause that says: this may not be here."""
    return FieldError("FieldValueForbidden", path or ROOT, f"Forbidden: {why}")


def duplicate(path: str, value: Any) -> FieldError:
    """Return the cause that says: this value is there already."""
    return FieldError("FieldValueDuplicate", path or ROOT, f"Duplicate value: {shown(value)}")


def not_supported(path: str, value: Any, supported: Iterable[Any]) -> FieldError:
    """Return the cause that says: only these values are known."""
    known = ", ".join(quoted(item if isinstance(item, str) else go_json(item)) for item in supported)
    why = f"Unsupported value: {shown(value)}: supported values: {known}"
    return FieldError("FieldValueNotSupported", path or ROOT, why)


def too_long(path: str, most: int) -> FieldError:
    """Return the cause that says: this text is too long."""
    unit = "byte" if most == 1 else "bytes"
    return FieldError("FieldValueTooLong", path or ROOT, f"Too long: may not be more than {most} {unit}")


def too_many(path: str, count: int, most: int) -> FieldError:
    """Return the cause that says: these are too many."""
    unit = "item" if most == 1 else "items"
    return FieldError("FieldValueTooMany", path or ROOT, f"Too many: {count}: must have at most {most} {unit}")


def _with(value: Any, kind: str, why: str) -> str:
    if isinstance(value, Omitted):
        return f"{kind}: {why}"
    return f"{kind}: {shown(value)}: {why}"
