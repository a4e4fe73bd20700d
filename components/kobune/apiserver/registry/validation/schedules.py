"""When a CronJob runs, and in which time zone."""

import re
from collections.abc import Iterator
from typing import Final

from kobune.apimachinery import schedules
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import invalid

ZONE: Final = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"

_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")


def schedule(at: str, text: str) -> Iterator[FieldError]:
    """Check a schedule."""
    try:
        schedules.parse(text)
    except ValueError as error:
        yield invalid(at, text, str(error))
    if "TZ" in text:
        yield invalid(at, text, ZONE)


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
    elif schedules.time_zone(zone) is None:
        yield invalid(at, zone, f"unknown time zone {zone}")
