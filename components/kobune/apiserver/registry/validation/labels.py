"""Labels, annotations, and the selectors of labels."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apimachinery.selectors import from_label_selector
from kobune.apiserver.registry.validation.causes import each, forbidden, invalid, required, too_long

ANNOTATIONS_LIMIT: Final = 256 * 1024


def label_key(field: str, key: str) -> Iterator[FieldError]:
    """Check the key of a label."""
    return each(field, key, names.qualified_name(key))


def labels(field: str, found: Mapping[str, str]) -> Iterator[FieldError]:
    """Check the keys and values of labels."""
    for key, value in found.items():
        for problem in names.qualified_name(key):
            yield invalid(field, key, problem)
        for problem in names.label_value(value) if value else ():
            yield invalid(field, value, problem)


def annotations(field: str, found: Mapping[str, str]) -> Iterator[FieldError]:
    """Check the keys of annotations, and how large they are together."""
    size = 0
    for key, value in found.items():
        yield from each(field, key, names.qualified_name(key.lower()))
        size += len(key.encode()) + len(value.encode())
    if size > ANNOTATIONS_LIMIT:
        yield too_long(field, ANNOTATIONS_LIMIT)


def label_selector(field: str, selector: Any) -> Iterator[FieldError]:
    """Check the requirements of a label selector."""
    yield from labels(f"{field}.matchLabels", selector.matchLabels)
    for index, expression in enumerate(selector.matchExpressions):
        at = f"{field}.matchExpressions[{index}]"
        yield from operator_and_values(at, expression)
        yield from label_key(f"{at}.key", expression.key)
        for position, value in enumerate(expression.values):
            yield from each(f"{at}.values[{position}]", value, names.label_value(value))


def operator_and_values(at: str, expression: Any) -> Iterator[FieldError]:
    """Check that a requirement has as many values as its operator takes."""
    match expression.operator:
        case "In" | "NotIn":
            if not expression.values:
                yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if expression.values:
                yield forbidden(f"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case _:
            yield invalid(f"{at}.operator", expression.operator, "not a valid selector operator")


def is_selector(selector: Any) -> bool:
    """Whether a label selector can be evaluated at all."""
    return next(label_selector("", selector), None) is None


def selects(selector: Any, found: Mapping[str, str]) -> bool:
    """Whether a label selector, which may be a missing one, selects what carries these labels."""
    return from_label_selector(selector).matches(found)
