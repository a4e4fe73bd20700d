"""When a CronJob runs: five fields, as cron reads them, in a time zone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import invalid

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
DESCRIPTORS: Final = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
ZONE: Final = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"

_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_DURATION = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*")


def schedule(at: str, text: str) -> Iterator[FieldError]:
    """Check a schedule."""
    try:
        parse(text)
    except ValueError as error:
        yield invalid(at, text, str(error))
    if "TZ" in text:
        yield invalid(at, text, ZONE)


def parse(text: str) -> None:
    """Raise `ValueError` that says why a text is no schedule."""
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, space, text = text.partition(" ")
        name = zone.partition("=")[2]
        if not space:
            raise ValueError(f"provided bad location {name}: unknown time zone {name}")
        if not _is_zone(name):
            raise ValueError(f"provided bad location {name}: unknown time zone {name}")
        text = text.strip()
    if text.startswith("@"):
        _check_descriptor(text)
        return
    parts = text.split()
    if len(parts) != len(FIELDS):
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]")
    for part, (least, most, names) in zip(parts, FIELDS, strict=True):
        for item in part.split(","):
            _check_range(item, least, most, names)


def _check_descriptor(text: str) -> None:
    if text in DESCRIPTORS:
        return
    if text.startswith("@every "):
        duration = text.removeprefix("@every ")
        if duration != "0" and not _DURATION.fullmatch(duration):
            raise ValueError(f'failed to parse duration {text}: time: invalid duration "{duration}"')
        return
    raise ValueError(f"unrecognized descriptor: {text}")


def _check_range(item: str, least: int, most: int, names: Mapping[str, int]) -> None:
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


def _number(text: str, names: Mapping[str, int]) -> int:
    return names[text.lower()] if text.lower() in names else _plain_number(text)


def _plain_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if len(text) > 18:
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": value out of range')
    return int(text)


def time_zone(at: str, zone: str) -> Iterator[FieldError]:
    """Check the name of a time zone."""
    if not zone:
        yield invalid(at, zone, "timeZone must be nil or non-empty string")
        return
    for part in zone.split("/"):
        if part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part):
            yield invalid(at, zone, f"unknown time zone {zone}")
            return
    if zone.lower() == "local":
        why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield invalid(at, zone, why)
    elif not _is_zone(zone):
        yield invalid(at, zone, f"unknown time zone {zone}")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return name in ("UTC", "")
    return True
