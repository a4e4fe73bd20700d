"""Checks numbers against the bounds of a schema."""

from collections.abc import Mapping
from typing import Any

from kobune.apiserver.customresources.causes import go_float
from kobune.apiserver.customresources.schema.result import Result, Rule, Violation

EXACT = 2**53 - 1
"""The largest whole number that a float tells from its neighbours."""
LIMITS = {"int32": 2**31, "": 2**63, "int64": 2**63}
LARGEST_SINGLE = 3.4028235677973366e38
"""Half a step above the largest number with single precision."""


def is_whole(value: float) -> bool:
    """Whether a number is as good as whole."""
    if value != value or abs(value) > EXACT:
        return False
    rounded = round(value)
    difference = abs(value - rounded)
    return difference == 0 or difference < 1e-9 * max(abs(value), 1e-300)


def check(schema: Mapping[str, Any], types: tuple[str, ...], format: str, value: float, path: str) -> Result:
    """Return what is wrong with a number."""
    name = types[0] if len(types) == 1 and types[0] in ("integer", "number") else ""
    result = Result(matches=1)
    _check_range(value, name, format, "Checked", path, result)
    if (factor := schema.get("multipleOf")) is not None:
        _check_multiple(value, factor, name, format, path, result)
    if (most := schema.get("maximum")) is not None:
        _check_bound(value, most, bool(schema.get("exclusiveMaximum")), name, format, path, result, upper=True)
    if (least := schema.get("minimum")) is not None:
        _check_bound(value, least, bool(schema.get("exclusiveMinimum")), name, format, path, result, upper=False)
    return result


def _check_range(value: float, name: str, format: str, what: str, path: str, result: Result) -> bool:
    """Note if a number does not fit the type; return whether it does."""
    if name == "integer":
        limit = LIMITS[format]
        fits = float(value).is_integer() and -limit <= int(value) < limit
    elif format == "float":
        fits = abs(value) < LARGEST_SINGLE
    else:
        return True
    if not fits:
        kind = f"{name} with format {format}" if format else f"{name} (default format)"
        result.add(Violation(Rule.COMPOSITE, "", None, f"{what} value must be of type {kind} in {path}"))
    return fits


def _check_multiple(value: float, factor: float, name: str, format: str, path: str, result: Result) -> None:
    natively = _check_range(float(factor), name, format, "MultipleOf", path, result) and type(value) is int
    step = int(factor) if natively else float(factor)
    if step <= 0:
        words = f"factor MultipleOf declared for {path} must be positive: {_show(step)}"
        result.add(Violation(Rule.VALUE, path, step, words))
        return
    if natively:
        fits = value % step == 0
    else:
        fits = is_whole(1 / step * value if step < 1 else value / step)
    if not fits:
        words = f"{path} in body should be a multiple of {_show(step)}"
        result.add(Violation(Rule.VALUE, path, value if natively else float(value), words))


def _check_bound(
    value: float, bound: float, exclusive: bool, name: str, format: str, path: str, result: Result, *, upper: bool
) -> None:
    what = "Maximum boundary" if upper else "Minimum boundary"
    natively = _check_range(float(bound), name, format, what, path, result) and type(value) is int
    limit = int(bound) if natively else float(bound)
    seen = value if natively else float(value)
    beyond = seen > limit if upper else seen < limit
    if beyond or (exclusive and seen == limit):
        direction = "less than" if upper else "greater than"
        words = f"{direction} {_show(limit)}" if exclusive else f"{direction} or equal to {_show(limit)}"
        result.add(Violation(Rule.VALUE, path, seen, f"{path} in body should be {words}"))


def _show(value: float) -> str:
    return str(value) if isinstance(value, int) else go_float(value)
