"""Numbers that may be given as a share: `1` or `25%`."""

from collections.abc import Iterator
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import NEGATIVE, invalid
from kobune.apiserver.registry.validation.formats import percent


def number_or_percent(at: str, value: Any) -> Iterator[FieldError]:
    """Check a number that is zero or more, or a share."""
    if value.type == 1:
        for problem in percent(value.strVal):
            yield invalid(at, value, problem)
    elif value.intVal < 0:
        yield invalid(at, value.intVal, NEGATIVE)


def at_most_all(at: str, value: Any) -> Iterator[FieldError]:
    """Check that a share is no more than everything."""
    if value.type == 1 and not percent(value.strVal) and int(value.strVal[:-1]) > 100:
        yield invalid(at, value, "must not be greater than 100%")


def plain(value: Any) -> int:
    """Return the number, or the number of percents; 0 if it is neither."""
    if value.type != 1:
        return int(value.intVal)
    text = value.strVal.removesuffix("%")
    return int(text) if text.isascii() and text.lstrip("+-").isdigit() and len(text) < 12 else 0
