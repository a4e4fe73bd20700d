"""From the JSON of an object to the values that its schema means: durations, times, bytes, fractions."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries import times
from kobune.apimachinery.cel.types import ObjectType, Type

Convert = Callable[[Any], Any]


def converter(type: Type) -> Convert | None:
    """Return what makes the values of a type from JSON; None if JSON is fine as it is."""
    match type.kind:
        case "list":
            return _list(converter(type.parameters[0]))
        case "map":
            return _map(converter(type.parameters[1]))
        case "object" if isinstance(type, ObjectType):
            found = {type.key(name): converter(field) for name, field in type.fields.items()}
            return _object({key: convert for key, convert in found.items() if convert})
    return SCALARS.get(type.kind)


def _list(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda value: [convert(item) for item in value] if isinstance(value, list) else value


def _map(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda value: {key: convert(item) for key, item in value.items()} if isinstance(value, dict) else value


def _object(found: dict[str, Convert]) -> Convert | None:
    if not found:
        return None

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {key: change(value[key]) for key, change in found.items() if key in value}
        return {**value, **changed} if changed else value

    return convert


def _of_text(parse: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except (EvaluationError, ValueError):
            return value

    return convert


def _timestamp(text: str) -> Any:
    return times.parse_timestamp(f"{text}T00:00:00Z" if len(text) == 10 else text)


SCALARS: Final[dict[str, Convert]] = {
    "bytes": _of_text(lambda text: b64decode(text, validate=True)),
    "double": lambda value: float(value) if type(value) is int else value,
    "duration": _of_text(times.parse_duration),
    "timestamp": _of_text(_timestamp),
}
