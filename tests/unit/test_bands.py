"""Time bands: over midnight, on weekdays, on days of 23 and 25 hours."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import bands
from policies.facts import TimeBand
from tests.unit import facts_factory

EVERY_DAY, MONDAY, FRIDAY, SUNDAY = 127, 1, 16, 64
BERLIN, SAO_PAULO, JOHANNESBURG = "Europe/Berlin", "America/Sao_Paulo", "Africa/Johannesburg"
ZONES = ["UTC", BERLIN, SAO_PAULO, JOHANNESBURG, "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]


def at(zone: str, *wall: int, fold: int = 0) -> int:
    """Return the moment at which the clock of that zone shows this."""
    return int(datetime(*wall, tzinfo=ZoneInfo(zone), fold=fold).timestamp())  # type: ignore[misc, arg-type]


def band(starts: str, ends: str, weekdays: int = EVERY_DAY, bps: int = 1) -> TimeBand:
    """Return the band between two times of day."""
    return TimeBand(weekdays, minute(starts), minute(ends), bps, bps)


def minute(time_of_day: str) -> int:
    """Return the minute of the day."""
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


EVENING = band("18:00", "23:00")
NIGHT = band("22:00", "06:00")


@pytest.mark.parametrize(
    ("wall", "is_on", "changes_at"),
    [
        ((2027, 1, 15, 17, 59), False, (2027, 1, 15, 18, 0)),
        ((2027, 1, 15, 18, 0), True, (2027, 1, 15, 23, 0)),
        ((2027, 1, 15, 22, 59, 59), True, (2027, 1, 15, 23, 0)),
        ((2027, 1, 15, 23, 0), False, (2027, 1, 16, 18, 0)),
    ],
)
def test_a_band_is_on_from_its_first_minute_until_before_its_last(
    wall: tuple[int, ...], is_on: bool, changes_at: tuple[int, ...]
) -> None:
    """It begins with its start and is over with its end, in the customer's time zone."""
    found = bands.window((EVENING,), JOHANNESBURG, at(JOHANNESBURG, *wall))
    assert found == bands.Window(EVENING if is_on else None, at(JOHANNESBURG, *changes_at))


@pytest.mark.parametrize(("hour", "is_on"), [(21, False), (22, True), (0, True), (5, True), (6, False)])
def test_a_band_goes_past_midnight(hour: int, is_on: bool) -> None:
    """A band whose end is before its start goes on until the morning."""
    assert (bands.window((NIGHT,), BERLIN, at(BERLIN, 2027, 1, 15, hour, 30)).band is NIGHT) == is_on


@pytest.mark.parametrize(
    ("day", "hour", "is_on"),
    [(15, 5, False), (15, 23, True), (16, 5, True), (16, 6, False), (16, 23, False), (17, 5, False)],
)
def test_a_night_belongs_to_the_weekday_on_which_it_starts(day: int, hour: int, is_on: bool) -> None:
    """A Friday night ends on Saturday morning; Friday morning is Thursday's night."""
    night = band("22:00", "06:00", FRIDAY)
    assert (bands.window((night,), BERLIN, at(BERLIN, 2027, 1, day, hour)).band is night) == is_on


def test_sundays_night_ends_on_monday() -> None:
    """The week is round."""
    night = band("22:00", "06:00", SUNDAY)
    found = bands.window((night,), BERLIN, at(BERLIN, 2027, 1, 18, 1))
    assert found == bands.Window(night, at(BERLIN, 2027, 1, 18, 6))


def test_a_weekly_band_is_found_a_week_ahead() -> None:
    """A band of one weekday, just over, begins again in a week."""
    monday = band("00:00", "24:00", MONDAY)
    found = bands.window((monday,), BERLIN, at(BERLIN, 2027, 1, 19))
    assert found == bands.Window(None, at(BERLIN, 2027, 1, 25))


def test_a_weekly_band_of_every_minute_but_one_is_found_a_week_ahead() -> None:
    """What lacks a minute a week has that minute found."""
    rest = (band("00:00", "24:00", EVERY_DAY - MONDAY), band("00:01", "24:00", MONDAY))
    found = bands.window(rest, BERLIN, at(BERLIN, 2027, 1, 18, 0, 1))
    assert found == bands.Window(rest[1], at(BERLIN, 2027, 1, 19))
    assert bands.window(rest, BERLIN, at(BERLIN, 2027, 1, 18)) == bands.Window(None, at(BERLIN, 2027, 1, 18, 0, 1))


def test_a_band_of_all_hours_never_ends() -> None:
    """Midnight is no end where the next day goes on."""
    always = band("00:00", "24:00")
    assert bands.window((always,), BERLIN, facts_factory.NOW) == bands.Window(always, None)


def test_the_first_band_wins() -> None:
    """Where two are on, the first counts, and then the other."""
    found = bands.window((EVENING, NIGHT), "UTC", at("UTC", 2027, 1, 15, 22, 30))
    assert found == bands.Window(EVENING, at("UTC", 2027, 1, 15, 23))
    assert bands.window((EVENING, NIGHT), "UTC", at("UTC", 2027, 1, 15, 23)).band is NIGHT


def test_the_clock_of_the_customer_counts() -> None:
    """One moment is evening in Johannesburg and afternoon in Sao Paulo."""
    now = at("UTC", 2027, 1, 15, 17)
    assert bands.window((EVENING,), JOHANNESBURG, now).band is EVENING
    assert bands.window((EVENING,), SAO_PAULO, now).band is None


def test_a_night_of_seven_hours() -> None:
    """In spring a night band is an hour shorter."""
    found = bands.window((NIGHT,), BERLIN, at(BERLIN, 2027, 3, 27, 22))
    assert found == bands.Window(NIGHT, at(BERLIN, 2027, 3, 27, 22) + 7 * 3600)


def test_a_night_of_nine_hours() -> None:
    """In autumn it is an hour longer."""
    found = bands.window((NIGHT,), BERLIN, at(BERLIN, 2027, 10, 30, 22))
    assert found == bands.Window(NIGHT, at(BERLIN, 2027, 10, 30, 22) + 9 * 3600)


def test_an_end_that_the_clock_skips_is_when_it_skips_it() -> None:
    """A band until 02:30 ends at 02:00 on the night when 03:00 follows."""
    early = band("01:00", "02:30")
    found = bands.window((early,), BERLIN, at(BERLIN, 2027, 3, 28, 1))
    assert found == bands.Window(early, at(BERLIN, 2027, 3, 28, 3))


def test_a_start_that_the_clock_skips_is_when_it_skips_it() -> None:
    """A band from 02:30 on begins at 03:00 on that night."""
    late = band("02:30", "04:00")
    found = bands.window((late,), BERLIN, at(BERLIN, 2027, 3, 28, 1))
    assert found == bands.Window(None, at(BERLIN, 2027, 3, 28, 3))


def test_a_band_in_the_hour_that_comes_twice_is_on_twice() -> None:
    """When the clock is put back, it shows the band's times once more."""
    half = band("02:00", "02:30")
    first, second = (at(BERLIN, 2027, 10, 31, 2, 0, fold=fold) for fold in (0, 1))
    assert bands.window((half,), BERLIN, first) == bands.Window(half, first + 1800)
    assert bands.window((half,), BERLIN, first + 1800) == bands.Window(None, second)
    assert bands.window((half,), BERLIN, second) == bands.Window(half, second + 1800)


def test_midnight_itself_may_be_skipped() -> None:
    """In Sao Paulo summer began at midnight: 4 November 2018 began at one o'clock."""
    evening = band("20:00", "24:00")
    found = bands.window((evening,), SAO_PAULO, at(SAO_PAULO, 2018, 11, 3, 20))
    assert found == bands.Window(evening, at(SAO_PAULO, 2018, 11, 4, 1))


def _shown(some: tuple[TimeBand, ...], zone: str, moment: int) -> TimeBand | None:
    """Which band is on, told another way: by asking for today and yesterday what the clock shows."""
    local = datetime.fromtimestamp(moment, ZoneInfo(zone)).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0)
    for one in some:
        length = (one.ends_minute - one.starts_minute) % 1440 or 1440
        for day in (midnight, midnight - timedelta(days=1)):
            start = day + timedelta(minutes=one.starts_minute)
            if one.weekdays & 1 << day.weekday() and start <= local < start + timedelta(minutes=length):
                return one
    return None


some_bands = st.lists(facts_factory.bands(), min_size=1, max_size=3).map(tuple)
changing_days = st.sampled_from(
    [
        at(BERLIN, 2027, 3, 27),
        at(BERLIN, 2027, 10, 30),
        at(SAO_PAULO, 2018, 11, 3),
        at(SAO_PAULO, 2019, 2, 16),
        at("America/St_Johns", 2027, 3, 13),
        at("Australia/Lord_Howe", 2027, 4, 3),
    ]
)
moments = st.integers(facts_factory.NOW, facts_factory.NOW + 10**8) | st.builds(
    int.__add__, changing_days, st.integers(0, 2 * 86400)
)


@settings(max_examples=200, deadline=None)
@given(some_bands, st.sampled_from(ZONES), moments)
def test_the_band_is_the_one_that_the_clock_shows(some: tuple[TimeBand, ...], zone: str, now: int) -> None:
    """At any moment, anywhere."""
    assert bands.window(some, zone, now).band == _shown(some, zone, now)


@settings(max_examples=200, deadline=None)
@given(some_bands, st.sampled_from(ZONES), moments, st.lists(st.integers(0, 2**30), max_size=20))
def test_a_band_stays_until_it_changes(some: tuple[TimeBand, ...], zone: str, now: int, samples: list[int]) -> None:
    """Until `changes_at` it is the same band all the time; at `changes_at` it is another."""
    found = bands.window(some, zone, now)
    until = found.changes_at or now + 14 * 86400
    for moment in {until - 1, *(now + sample % (until - now) for sample in samples)}:
        assert _shown(some, zone, moment) == found.band
    if found.changes_at is not None:
        assert _shown(some, zone, found.changes_at) != found.band
        assert bands.window(some, zone, found.changes_at).band != found.band


def test_a_zone_that_this_machine_does_not_have() -> None:
    """PostgreSQL may know one that Python does not: its bands go by UTC, and nobody is left without an answer."""
    band = TimeBand(127, 60, 120, 1, 1)
    assert bands.window((band,), "Atlantis/Nautilus", 3600).band is band
    assert bands.window((band,), "../../etc/passwd", 7200).band is None
