"""Messages that JSON writes as something else than an object.

Each has a `read` (JSON value to constructor arguments; `ValueError` or `TypeError` if it does not fit) and a `write`
(message to JSON value). `GO` is what Kubernetes calls the JSON type in its error messages.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from kobune.apimachinery import quantity

RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)")
NANOSECONDS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scalar:
    """How one such message is read from JSON and written to it."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    go: str = ""
    empty: Any = None
    """What JSON shows for one that is absent, where it must show something."""


@lru_cache(maxsize=4096)
def parse_time(text: str) -> tuple[int, int]:
    """Return seconds since 1970 and nanoseconds; `ValueError` in Kubernetes' words if it is no RFC 3339 time."""
    match = RFC3339.fullmatch(text) if isinstance(text, str) else None
    try:
        if match is None:
            raise ValueError
        zone = "+00:00" if match[4] == "Z" else match[4]
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}") - EPOCH
    except ValueError:
        layout = "2006-01-02T15:04:05Z07:00"
        raise ValueError(f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "2006"') from None
    fraction = (match[3] or ".0")[1:10].ljust(9, "0")
    return moment.days * 86400 + moment.seconds, int(fraction)


@lru_cache(maxsize=4096)
def format_time(seconds: int) -> str:
    """Return RFC 3339 in UTC with whole seconds."""
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_time(value: Any) -> Any:
    return {"seconds": parse_time(value)[0], "nanos": 0}


def _write_time(time: Any) -> Any:
    seconds = time.seconds
    return format_time(seconds) if seconds or time.HasField("seconds") else None


def _read_micro_time(value: Any) -> Any:
    seconds, nanos = parse_time(value)
    return {"seconds": seconds, "nanos": nanos // 1000 * 1000}


def _write_micro_time(time: Any) -> Any:
    if not time.HasField("seconds"):
        return None
    return f"{format_time(time.seconds)[:-1]}.{time.nanos // 1000:06d}Z"


def _read_duration(value: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError(value)
    text = value.lstrip("+-")
    parts = DURATION.findall(text)
    if text != "0" and (not parts or "".join(number + unit for number, unit in parts) != text):
        raise ValueError(f'time: invalid duration "{value}"')
    nanoseconds = sum(int(float(number) * NANOSECONDS[unit]) for number, unit in parts)
    return {"duration": -nanoseconds if value.startswith("-") else nanoseconds}


def _write_duration(message: Any) -> Any:
    total = abs(message.duration)
    sign = "-" if message.duration < 0 else ""
    if total < 10**9:
        for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if total >= size:
                return f"{sign}{total / size:.9f}".rstrip("0").rstrip(".") + unit
        return "0s"
    seconds, nanoseconds = divmod(total, 10**9)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{nanoseconds:09d}".rstrip("0").rstrip(".")
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}{fraction}s"
    return f"{sign}{minutes}m{seconds}{fraction}s" if minutes else f"{sign}{seconds}{fraction}s"


def _read_quantity(value: Any) -> Any:
    if type(value) is str:
        return {"string": quantity.canonical(value)}
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(quantity.RULE)
    return {"string": quantity.canonical(repr(value))}


def _read_int_or_string(value: Any) -> Any:
    if isinstance(value, str):
        return {"type": 1, "strVal": value}
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    if not -(2**31) <= value < 2**31:
        raise ValueError(f"json: cannot unmarshal number {value} into Go value of type int32")
    return {"type": 0, "intVal": value}


def _write_int_or_string(message: Any) -> Any:
    return message.strVal if message.type == 1 else message.intVal


def _raw(field: str) -> Scalar:
    return Scalar(
        read=lambda value: {field: orjson.dumps(value)},
        write=lambda message: orjson.loads(raw) if (raw := getattr(message, field)) else None,
    )


def _read_items(value: Any) -> Any:
    if not isinstance(value, list):
        raise TypeError(value)
    return {"items": value}


ITEMS = Scalar(_read_items, lambda message: list(message.items), "[]string")

SCALARS = {
    "kobune.api.meta.v1.Time": Scalar(_read_time, _write_time, "v1.Time"),
    "kobune.api.meta.v1.MicroTime": Scalar(_read_micro_time, _write_micro_time, "v1.MicroTime"),
    "kobune.api.meta.v1.Duration": Scalar(_read_duration, _write_duration, "v1.Duration", empty="0s"),
    "kobune.api.meta.v1.FieldsV1": _raw("Raw"),
    "kobune.api.meta.v1.Verbs": ITEMS,
    "kobune.api.runtime.v1.Quantity": Scalar(_read_quantity, lambda message: message.string, "resource.Quantity", "0"),
    "kobune.api.runtime.v1.IntOrString": Scalar(_read_int_or_string, _write_int_or_string, "intstr.IntOrString", 0),
    "kobune.api.runtime.v1.RawExtension": _raw("raw"),
    "kobune.api.apiextensions.v1.JSON": _raw("raw"),
    "kobune.api.authentication.v1.ExtraValue": ITEMS,
    "kobune.api.authorization.v1.ExtraValue": ITEMS,
    "kobune.api.certificates.v1.ExtraValue": ITEMS,
}
"""By full name of the message."""
