"""Quiet hours: messages wait until the customer's morning, whatever its clock does in between."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.messages import quiet

ZONES = ("Africa/Johannesburg", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
MINUTES = st.integers(0, 1439)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def local(moment, zone):
    """Return the minute of the day that a clock there shows."""
    at = moment.astimezone(ZoneInfo(zone))
    return at.hour * 60 + at.minute


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-22T18:59Z", "2026-11-22T18:59Z"),  # 20:59
        ("2026-11-22T19:00Z", "2026-11-23T05:00Z"),  # 21:00: until 07:00
        ("2026-11-23T04:59Z", "2026-11-23T05:00Z"),
        ("2026-11-23T05:00Z", "2026-11-23T05:00Z"),
    ],
)
def test_over_midnight(at, expected):
    """From 21:00 to 07:00 in Johannesburg."""
    moment = quiet.not_before(
        datetime.fromisoformat(at), "Africa/Johannesburg", from_minute=21 * 60, until_minute=7 * 60
    )
    assert moment == datetime.fromisoformat(expected)


def test_over_the_hour_that_is_skipped():
    """In Berlin 02:30 of 2026-03-29 is not there: the message leaves at 03:30, not before."""
    at = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert quiet.not_before(at, "Europe/Berlin", from_minute=0, until_minute=150) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_without_quiet_hours():
    """Where there are none, nothing waits."""
    at = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert quiet.not_before(at, "UTC", from_minute=None, until_minute=None) == at


@given(MOMENTS, st.sampled_from(ZONES), MINUTES, MINUTES)
def test_it_is_later_and_within_a_day(at, zone, begins, ends):
    """A message never leaves earlier, waits 25 hours at most, and outside of quiet hours not at all."""
    moment = quiet.not_before(at, zone, from_minute=begins, until_minute=ends)
    minute = local(at, zone)
    is_quiet = begins <= minute < ends if begins <= ends else minute >= begins or minute < ends

    assert at <= moment
    assert (moment - at).total_seconds() <= 25 * 3600
    assert is_quiet or moment == at
