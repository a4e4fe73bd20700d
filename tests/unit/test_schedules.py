"""Schedules of CronJobs: when they are due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.apimachinery.schedules import Cron, parse

BERLIN = ZoneInfo("Europe/Berlin")


def following(text: str, after: str, zone=UTC, times: int = 1) -> str:
    at: float | None = datetime.fromisoformat(after).replace(tzinfo=zone).timestamp()
    for _ in range(times):
        at = parse(text).following(at, zone)
    return datetime.fromtimestamp(at, zone).isoformat() if at is not None else "never"


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("*/15 * * * *", "2026-01-01T10:07:31", "2026-01-01T10:15:00+00:00"),
        ("0 0 * * *", "2026-01-01T00:00:00", "2026-01-02T00:00:00+00:00"),
        ("30 4 1,15 * 5", "2026-01-02T05:00:00", "2026-01-09T04:30:00+00:00"),  # the 15th, or any Friday
        ("30 4 */2 * 5", "2026-01-02T05:00:00", "2026-01-03T04:30:00+00:00"),
        ("0 12 * feb mon-wed", "2026-01-31T13:00:00", "2026-02-02T12:00:00+00:00"),
        ("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00+00:00"),
        ("0 0 30 2 *", "2026-01-01T00:00:00", "never"),
        ("@hourly", "2026-12-31T23:59:59", "2027-01-01T00:00:00+00:00"),
        ("@every 1h30m", "2026-01-01T00:00:10", "2026-01-01T01:30:10+00:00"),
        ("10-12/2 8 * * *", "2026-01-01T08:10:00", "2026-01-01T08:12:00+00:00"),
        ("59 23 31 12 ?", "2026-01-01T00:00:00", "2026-12-31T23:59:00+00:00"),
    ],
)
def test_a_schedule_is_due_when_cron_says(text, after, due):
    assert following(text, after) == due


def test_what_the_clock_leaves_out_is_not_due_that_day():
    assert following("30 2 * * *", "2026-03-28T12:00:00", BERLIN) == "2026-03-30T02:30:00+02:00"


def test_what_the_clock_repeats_is_due_twice():
    assert following("30 2 * * *", "2026-10-25T01:00:00", BERLIN) == "2026-10-25T02:30:00+02:00"
    assert following("30 2 * * *", "2026-10-25T01:00:00", BERLIN, times=2) == "2026-10-25T02:30:00+01:00"


minutes = st.sampled_from(["*", "0", "*/7", "5,35", "10-20"])
hours = st.sampled_from(["*", "3", "*/5", "8-18/2"])
days = st.sampled_from(["*", "1", "*/10", "31"])
months = st.sampled_from(["*", "2", "jan-mar"])
weekdays = st.sampled_from(["*", "0", "mon-fri", "6"])


@settings(max_examples=150, deadline=None)
@given(
    minutes, hours, days, months, weekdays, st.integers(1_700_000_000, 1_900_000_000), st.sampled_from([UTC, BERLIN])
)
def test_no_minute_before_the_one_that_is_due_would_have_been(minute, hour, day, month, weekday, after, zone):
    cron = parse(f"{minute} {hour} {day} {month} {weekday}")
    assert isinstance(cron, Cron)
    due = cron.following(after, zone)

    def is_due(at: float) -> bool:
        local = datetime.fromtimestamp(at, zone)
        is_day = [local.day in cron.days.numbers, local.isoweekday() % 7 in cron.weekdays.numbers]
        fits = all(is_day) if cron.days.is_any or cron.weekdays.is_any else any(is_day)
        return fits and local.month in cron.months.numbers and local.hour in cron.hours.numbers

    assert due is None or (due > after and due % 60 == 0 and is_due(due))
    first = after // 60 * 60 + 60
    until = due if due is not None else after + 86400 * 1900
    for at in range(first, int(min(until, first + 86400 * 3)), 60):
        minute_of = datetime.fromtimestamp(at, zone).minute
        assert not (minute_of in cron.minutes.numbers and is_due(at))
