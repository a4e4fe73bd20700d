"""When something is due: five fields as cron reads them, in a time zone, or every so often.

Source: the documentation's *CronJob*, *Schedule syntax*.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
FIELDS: Final[Sequence[tuple[int, int, Mapping[str, int]]]] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(DAYS)}),
)
"""Of each field: the least, the most, and the names of its numbers."""
DESCRIPTORS: Final[Mapping[str, str]] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FAR: Final = timedelta(days=5 * 366)
"""What is not due until then never is: the 30th of February."""
MINUTE: Final = timedelta(minutes=1)

_DURATION = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*")
_PART = re.compile(r"([\d.]+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Field:
    """The numbers that one of the five fields allows."""

    numbers: frozenset[int]
    is_any: bool
    """Whether it is a star: what it says of days then does not count beside the other field of days."""


@dataclass(frozen=True)
class Cron:
    """Five fields."""

    minutes: Field
    hours: Field
    days: Field
    months: Field
    weekdays: Field
    zone: tzinfo | None = None
    """The time zone that the text itself names."""

    def following(self, after: float, zone: tzinfo) -> float | None:
        """Return the first time after another (both in seconds since 1970) that is due; None if there never is one.

        A time that the clock leaves out when summer begins is not due that day; one that it repeats is due twice.
        """
        zone = self.zone or zone
        at = datetime.fromtimestamp(after // 60 * 60, UTC) + MINUTE
        end = at + FAR
        while at < end:
            local = at.astimezone(zone)
            if local.month not in self.months.numbers:
                at = _midnight(local, 32 - local.day, zone)
            elif not self._has_day(local):
                at = _midnight(local, 1, zone)
            elif local.hour not in self.hours.numbers:
                at += MINUTE * (60 - local.minute)
            elif local.minute not in self.minutes.numbers:
                at += MINUTE
            else:
                return at.timestamp()
        return None

    def _has_day(self, local: datetime) -> bool:
        by_month = local.day in self.days.numbers
        by_week = local.isoweekday() % 7 in self.weekdays.numbers
        if self.days.is_any or self.weekdays.is_any:
            return by_month and by_week
        return by_month or by_week


@dataclass(frozen=True)
class Every:
    """So often, counted from the last time."""

    seconds: int

    def following(self, after: float, zone: tzinfo) -> float | None:
        """Return the time so many whole seconds after another."""
        return float(int(after) + self.seconds)


Schedule = Cron | Every


def _midnight(local: datetime, days: int, zone: tzinfo) -> datetime:
    """Return the beginning of a later day: of the next month, if `days` lead into it."""
    later = local + timedelta(days=days)
    day = later.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if days > 1:
        day = day.replace(day=1)
    return day.astimezone(UTC)


def parse(text: str) -> Schedule:
    """Return the schedule that a text describes; `ValueError` says, in Kubernetes' words, why it is none."""
    zone: tzinfo | None = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        named, space, text = text.partition(" ")
        name = named.partition("=")[2]
        zone = time_zone(name) if space else None
        if zone is None:
            raise ValueError(f"provided bad location {name}: unknown time zone {name}")
        text = text.strip()
    if text.startswith("@every "):
        return _every(text)
    if text.startswith("@"):
        if text not in DESCRIPTORS:
            raise ValueError(f"unrecognized descriptor: {text}")
        text = DESCRIPTORS[text]
    parts = text.split()
    if len(parts) != len(FIELDS):
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]")
    minutes, hours, days, months, weekdays = (
        _field(part.split(","), least, most, names) for part, (least, most, names) in zip(parts, FIELDS, strict=True)
    )
    return Cron(minutes, hours, days, months, weekdays, zone)


def time_zone(name: str) -> tzinfo | None:
    """Return the time zone of a name; None if there is none of it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC if name in ("UTC", "") else None


def _every(text: str) -> Every:
    duration = text.removeprefix("@every ")
    if duration != "0" and not _DURATION.fullmatch(duration):
        raise ValueError(f'failed to parse duration {text}: time: invalid duration "{duration}"')
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))
    return Every(max(int(seconds), 1))


def _field(items: Sequence[str], least: int, most: int, names: Mapping[str, int]) -> Field:
    ranges = [_range(item, least, most, names) for item in items]
    is_any = any(item[0] in "*?" and span.step == 1 for item, span in zip(items, ranges, strict=True))
    return Field(frozenset(number for span in ranges for number in span), is_any)


def _range(item: str, least: int, most: int, names: Mapping[str, int]) -> range:
    bounds, *steps = item.split("/")
    first, *ends = bounds.split("-")
    if first in ("*", "?"):
        start, end = least, most
        # Kubernetes' parser ignores what stands behind the star.
    else:
        start = _number(first, names)
        if len(ends) > 1:
            raise ValueError(f"too many hyphens: {item}")
        end = _number(ends[0], names) if ends else start
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {item}")
    step = 1
    if steps:
        step = _plain_number(steps[0])
        if len(ends) == 0 and first not in ("*", "?"):
            end = most
    if start < least:
        raise ValueError(f"beginning of range ({start}) below minimum ({least}): {item}")
    if end > most:
        raise ValueError(f"end of range ({end}) above maximum ({most}): {item}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {item}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {item}")
    return range(start, end + 1, step)


def _number(text: str, names: Mapping[str, int]) -> int:
    return names[text.lower()] if text.lower() in names else _plain_number(text)


def _plain_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if len(text) > 18:
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": value out of range')
    return int(text)
