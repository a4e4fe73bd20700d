"""The causes of an `Invalid`: one function for each way in which a field can be wrong, in Kubernetes' words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.shown import shown

NEGATIVE: Final = "must be greater than or equal to 0"
NOT_POSITIVE: Final = "must be greater than zero"
IMMUTABLE: Final = "field is immutable"


class _Omitted:
    """Stands for a value that is not shown."""


OMITTED: Final = _Omitted()


def required(field: str, why: str = "") -> FieldError:
    """Return the cause that says: something has to be here."""
    return FieldError("FieldValueRequired", field, f"Required value: {why}" if why else "Required value")


def invalid(field: str, value: Any, why: str) -> FieldError:
    """Return the cause that says: this value is wrong."""
    text = "Invalid value" if value is OMITTED else f"Invalid value: {shown(value)}"
    return FieldError("FieldValueInvalid", field, f"{text}: {why}" if why else text)


def duplicate(field: str, value: Any, why: str = "") -> FieldError:
    """Return the cause that says: this value is there already."""
    text = f"Duplicate value: {shown(value)}"
    return FieldError("FieldValueDuplicate", field, f"{text}: {why}" if why else text)


def forbidden(field: str, why: str) -> FieldError:
    """Return the cause that says: this may not be here."""
    return FieldError("FieldValueForbidden", field, f"Forbidden: {why}" if why else "Forbidden")


def unsupported(field: str, value: Any, supported: Iterable[str]) -> FieldError:
    """Return the cause that says: only these values are known; they are listed in the order given."""
    known = ", ".join(f'"{item}"' for item in supported)
    return FieldError("FieldValueNotSupported", field, f"Unsupported value: {shown(value)}: supported values: {known}")


def not_found(field: str, value: Any, why: str = "") -> FieldError:
    """Return the cause that says: what is referred to is not there."""
    text = f"Not found: {shown(value)}"
    return FieldError("FieldValueNotFound", field, f"{text}: {why}" if why else text)


def too_long(field: str, most: int) -> FieldError:
    """Return the cause that says: these are too many bytes."""
    return FieldError("FieldValueTooLong", field, f"Too long: may not be more than {most} bytes")


def too_many(field: str, count: int, most: int) -> FieldError:
    """Return the cause that says: the list has too many items."""
    noun = "item" if most == 1 else "items"
    return FieldError("FieldValueTooMany", field, f"Too many: {count}: must have at most {most} {noun}")


def each(field: str, value: Any, problems: Iterable[str]) -> Iterator[FieldError]:
    """Yield a cause for each of the problems that a value has."""
    for problem in problems:
        yield invalid(field, value, problem)


def one_of(field: str, value: str, supported: Sequence[str]) -> Iterator[FieldError]:
    """Check that a value is there, and one of some."""
    if not value:
        yield required(field)
    elif value not in supported:
        yield unsupported(field, value, supported)


def known(field: str, message: Any, name: str, supported: Sequence[str]) -> Iterator[FieldError]:
    """Check that a field of a message is absent, or one of some values."""
    if message.HasField(name) and (value := getattr(message, name)) not in supported:
        yield unsupported(field, value, supported)


def not_negative(field: str, value: int) -> Iterator[FieldError]:
    """Check that a number is zero or more."""
    if value < 0:
        yield invalid(field, value, NEGATIVE)


def not_negative_fields(at: str, message: Any, *names: str) -> Iterator[FieldError]:
    """Check that numbers of a message are zero or more."""
    for name in names:
        if (value := getattr(message, name)) < 0:
            yield invalid(f"{at}.{name}", value, NEGATIVE)


def only_one(at: str, message: Any, names: Sequence[str], why: str) -> Iterator[FieldError]:
    """Check that at most one of some fields is set; each further one is forbidden."""
    present = [name for name in names if message.HasField(name)]
    for name in present[1:]:
        yield forbidden(f"{at}.{name}", why)
