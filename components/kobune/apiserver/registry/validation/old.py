"""Rules that several kinds share. Each yields what is wrong, in Kubernetes' words."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apimachinery.selectors import from_label_selector

PROTOCOLS = ("SCTP", "TCP", "UDP")


def required(field: str, why: str = "") -> FieldError:
    """Return the cause that says: something has to be here."""
    return FieldError("FieldValueRequired", field, f"Required value: {why}" if why else "Required value")


def invalid(field: str, value: Any, why: str) -> FieldError:
    """Return the cause that says: this value is wrong."""
    return FieldError("FieldValueInvalid", field, f"Invalid value: {_show(value)}: {why}")


def duplicate(field: str, value: Any) -> FieldError:
    """Return the cause that says: this value is there already."""
    return FieldError("FieldValueDuplicate", field, f"Duplicate value: {_show(value)}")


def forbidden(field: str, why: str) -> FieldError:
    """Return the cause that says: this may not be here."""
    return FieldError("FieldValueForbidden", field, f"Forbidden: {why}")


def unsupported(field: str, value: Any, supported: Iterable[str]) -> FieldError:
    """Return the cause that says: only these values are known."""
    known = ", ".join(f'"{item}"' for item in sorted(supported))
    return FieldError("FieldValueNotSupported", field, f"Unsupported value: {_show(value)}: supported values: {known}")


def one_of(field: str, value: str, supported: Iterable[str]) -> Iterator[FieldError]:
    """Check that a value is one of some."""
    if not value:
        yield required(field)
    elif value not in supported:
        yield unsupported(field, value, supported)


def not_negative(field: str, value: int) -> Iterator[FieldError]:
    """Check that a number is zero or more."""
    if value < 0:
        yield invalid(field, value, "must be greater than or equal to 0")


def port_number(field: str, value: int) -> Iterator[FieldError]:
    """Check that a number is a port."""
    if not 0 < value < 65536:
        yield invalid(field, value, "must be between 1 and 65535, inclusive")


def port_name(field: str, value: str) -> Iterator[FieldError]:
    """Check the name of a port: at most 15 letters, digits and single hyphens, with a letter among them."""
    if len(value) > 15:
        yield invalid(field, value, "must be no more than 15 characters")
    if not all(letter.islower() or letter.isdigit() or letter == "-" for letter in value):
        yield invalid(field, value, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    elif not any(letter.islower() for letter in value):
        yield invalid(field, value, "must contain at least one letter (a-z)")
    if "--" in value:
        yield invalid(field, value, "must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        yield invalid(field, value, "must not begin or end with a hyphen")


def labels(field: str, found: Mapping[str, str]) -> Iterator[FieldError]:
    """Check the keys and values of labels."""
    for key, value in found.items():
        for problem in names.qualified_name(key):
            yield invalid(field, key, problem)
        for problem in names.label_value(value):
            yield invalid(field, value, problem)


def label_selector(field: str, selector: Any) -> Iterator[FieldError]:
    """Check the requirements of a label selector."""
    yield from labels(f"{field}.matchLabels", selector.matchLabels)
    for index, expression in enumerate(selector.matchExpressions):
        at = f"{field}.matchExpressions[{index}]"
        match expression.operator:
            case "In" | "NotIn" if not expression.values:
                yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
            case "Exists" | "DoesNotExist" if expression.values:
                yield forbidden(f"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            case "In" | "NotIn" | "Exists" | "DoesNotExist":
                pass
            case _:
                yield invalid(f"{at}.operator", expression.operator, "not a valid selector operator")
        for problem in names.qualified_name(expression.key):
            yield invalid(f"{at}.key", expression.key, problem)
        for position, value in enumerate(expression.values):
            for problem in names.label_value(value):
                yield invalid(f"{at}.values[{position}]", value, problem)


def selects_template(field: str, selector: Any, template: Any) -> Iterator[FieldError]:
    """Check that a workload selects the pods that it makes."""
    if not selector.matchLabels and not selector.matchExpressions:
        yield invalid(field, {}, "empty selector is invalid for deployment")
        return
    yield from label_selector(field, selector)
    if not from_label_selector(selector).matches(template.metadata.labels):
        yield invalid(
            "spec.template.metadata.labels",
            dict(template.metadata.labels),
            "`selector` does not match template `labels`",
        )


def immutable(field: str, new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a value did not change."""
    if isinstance(new, Message):
        if not codec.same(new, old):
            yield invalid(field, codec.encode(new), "field is immutable")
    elif new != old:
        yield invalid(field, new if isinstance(new, str | int | bool) else dict(new), "field is immutable")


def _show(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
