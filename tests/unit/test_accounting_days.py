"""Local days and billing periods: days of 23 and 25 hours, days that the clock skips or shows twice, short months."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.accounting import days
from tests.unit.accounting_factory import BERLIN, HAVANA, SAO_PAULO, at

ZONES = ["UTC", BERLIN, SAO_PAULO, HAVANA, "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (BERLIN, date(2028, 2, 29), 24),
        (SAO_PAULO, date(2018, 11, 4), 23),
        (SAO_PAULO, date(2018, 2, 17), 25),
        (HAVANA, date(2026, 11, 1), 25),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(zone: str, day: date, hours: int) -> None:
    """A day has 23, 24 or 25 hours; one that a country left out has none."""
    start, end = (days.day_start(zone, number) for number in (day.toordinal(), day.toordinal() + 1))
    assert end - start == hours * 3600


@pytest.mark.parametrize(("zone", "wall"), [(HAVANA, (2026, 11, 1, 0, 30)), (BERLIN, (2026, 10, 25, 2, 30))])
def test_an_hour_that_the_clock_shows_twice_is_in_one_day(zone: str, wall: tuple[int, ...]) -> None:
    """Both of them belong to the day whose date they show."""
    found = {days.find_day(zone, at(zone, *wall, fold=fold)) for fold in (0, 1)}
    assert found == {date(*wall[:3]).toordinal()}


def test_a_clock_put_back_over_midnight_does_not_bring_back_the_day_before() -> None:
    """In St. John's in 1987 00:01 was followed by 23:01 of the day before: a day that has begun goes on."""
    zone = "America/St_Johns"
    moment = at(zone, 1987, 10, 24, 23, 30, fold=1)
    assert days.find_day(zone, moment) == date(1987, 10, 25).toordinal()


@given(st.sampled_from(ZONES), st.integers(0, 2**32))
def test_every_moment_is_in_its_day(zone: str, moment: int) -> None:
    """It is not before the start of its day, and before that of the next."""
    day = days.find_day(zone, moment)
    assert days.day_start(zone, day) <= moment < days.day_start(zone, day + 1)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "a\0b", "Europe"])
def test_a_zone_that_this_machine_does_not_have_is_utc(name: str) -> None:
    """PostgreSQL may know one that Python does not: the customer's days are then UTC's, not quarantine."""
    moment = at("UTC", 2026, 3, 29, 23, 30)
    assert days.find_day(name, moment) == days.find_day("UTC", moment)
    assert days.day_start(name, days.find_day(name, moment)) == at("UTC", 2026, 3, 29)


@pytest.mark.parametrize(
    ("day", "billing_day", "start"),
    [
        (date(2026, 1, 31), 31, date(2026, 1, 31)),
        (date(2026, 2, 27), 31, date(2026, 1, 31)),
        (date(2026, 2, 28), 31, date(2026, 2, 28)),
        (date(2026, 3, 30), 31, date(2026, 2, 28)),
        (date(2026, 3, 31), 31, date(2026, 3, 31)),
        (date(2028, 2, 28), 29, date(2028, 1, 29)),
        (date(2028, 2, 29), 29, date(2028, 2, 29)),
        (date(2027, 2, 28), 29, date(2027, 2, 28)),
        (date(2028, 2, 29), 30, date(2028, 2, 29)),
        (date(2026, 1, 14), 15, date(2025, 12, 15)),
        (date(2026, 4, 30), 31, date(2026, 4, 30)),
        (date(2026, 5, 1), 1, date(2026, 5, 1)),
    ],
)
def test_a_period_begins_on_the_billing_day_or_the_last_of_a_shorter_month(
    day: date, billing_day: int, start: date
) -> None:
    """29 to 31 mean the last day of a month that has none of them, in leap years too."""
    assert days.period_start(day, billing_day) == start


@pytest.mark.parametrize("billing_day", range(1, 32))
def test_every_month_begins_one_period(billing_day: int) -> None:
    """For every billing day, from 2023 to 2028: one start a month, and every day in the latest that began."""
    day, begun = date(2023, 1, 1), days.period_start(date(2023, 1, 1), billing_day)
    while day.year < 2029:
        if day.day == min(billing_day, monthrange(day.year, day.month)[1]):
            begun = day
        assert days.period_start(day, billing_day) == begun
        day += timedelta(days=1)
