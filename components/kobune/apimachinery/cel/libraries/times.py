"""Moments and lengths of time: `timestamp('2025-01-01T00:00:00Z')`, `duration('1h30m')`, and their parts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.types import DURATION, INT, STRING, TIMESTAMP
from kobune.apimachinery.cel.values import HIGHEST, NANOS, Duration, Timestamp, duration, timestamp

UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": NANOS,
    "m": 60 * NANOS,
    "h": 3600 * NANOS,
}
PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
OFFSET: Final = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
MAX_LENGTH: Final = 100


def overloads() -> list[Overload]:
    """Return the functions of time."""
    found = [
        function("timestamp", (STRING,), TIMESTAMP, parse_timestamp),
        function("timestamp", (INT,), TIMESTAMP, lambda seconds: timestamp(seconds * NANOS)),
        function("timestamp", (TIMESTAMP,), TIMESTAMP, lambda value: value),
        function("duration", (STRING,), DURATION, parse_duration),
        function("duration", (DURATION,), DURATION, lambda value: value),
    ]
    for name, part in PARTS.items():
        found.append(method(name, (TIMESTAMP,), INT, _in_utc(part)))
        found.append(method(name, (TIMESTAMP, STRING), INT, _in_zone(part)))
    for name, unit in SPANS.items():
        found.append(method(name, (DURATION,), INT, _span(unit, rest=name == "getMilliseconds")))
    return found


def parse_duration(text: str) -> Duration:
    """Return a length of time as Go writes it: `1h30m`, `-1.5s`."""
    bad = EvaluationError(f'time: invalid duration "{text}"')
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return Duration(0)
    if not rest or len(rest) > MAX_LENGTH:
        raise bad
    total = at = 0
    while at < len(rest):
        if (match := PART.match(rest, at)) is None:
            raise bad
        number, unit = match[1], UNITS[match[2]]
        left, _, fraction = number.partition(".")
        total += int(left or 0) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        at = match.end()
    if total > HIGHEST:
        raise bad
    return duration(sign * total)


def parse_timestamp(text: str) -> Timestamp:
    """Return a moment in RFC 3339: `2025-01-01T00:00:00Z`."""
    match = MOMENT.fullmatch(text)
    if match is None:
        raise EvaluationError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}"')
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        raise EvaluationError(f'parsing time "{text}": day out of range') from None
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += offset if sign == "-" else -offset
    return timestamp(seconds * NANOS + int((fraction or "").ljust(9, "0")))


PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}
SPANS: Final = {
    "getHours": 3600 * NANOS,
    "getMinutes": 60 * NANOS,
    "getSeconds": NANOS,
    "getMilliseconds": 1_000_000,
}


def _moment(value: Timestamp) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value.nanos // 1000)


def _in_utc(part: Callable[[datetime], int]) -> Callable[[Timestamp], int]:
    return lambda value: part(_moment(value))


def _in_zone(part: Callable[[datetime], int]) -> Callable[[Timestamp, str], int]:
    return lambda value, zone: part(_moment(value).astimezone(_zone(zone)))


def _zone(name: str) -> tzinfo:
    if match := OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset < timedelta(hours=24):
            return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvaluationError(f"unknown time zone {name}") from None


def _span(unit: int, *, rest: bool) -> Callable[[Duration], int]:
    def span(value: Duration) -> int:
        nanos = abs(value.nanos)
        whole = (nanos % NANOS if rest else nanos) // unit
        return -whole if value.nanos < 0 else whole

    return span
