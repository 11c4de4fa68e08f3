"""Usage by day: divided by time to the octet, over days of any length and the ends of periods."""

from datetime import date

import pytest

from policies.accounting import session as sessions
from policies.accounting import usage
from policies.accounting.usage import UsageKey
from tests.unit.accounting_factory import BERLIN, NOON, at, begin, record, tell

HOUR = 3600
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def test_a_session_within_a_day_is_of_that_day() -> None:
    """All of it."""
    session = tell(record("start"), record("stop", 600, 5, 7))
    assert usage.split(session) == {UsageKey(date(2026, 11, 22), NOVEMBER): (5, 7)}


def test_a_session_without_octets_is_in_no_day() -> None:
    """There are no zeros in the ledger."""
    assert usage.split(tell(record("start"), record("stop", 600))) == {}


def test_a_stretch_over_midnight_is_divided_by_time() -> None:
    """Rounded so that nothing is lost: ten octets over eighteen hours, twelve before midnight."""
    session = tell(record("start"), record("stop", 18 * HOUR, 10, 1))
    assert usage.split(session) == {
        UsageKey(date(2026, 11, 22), NOVEMBER): (6, 0),
        UsageKey(date(2026, 11, 23), NOVEMBER): (4, 1),
    }


def test_what_ends_at_midnight_is_of_the_day_before() -> None:
    """To the second."""
    session = tell(record("start"), record("interim", 12 * HOUR, 10, 10), record("stop", 12 * HOUR + 1, 15, 15))
    assert [octets for octets, _ in usage.split(session).values()] == [10, 5]


def test_octets_of_one_moment_are_of_the_day_in_which_it_lies() -> None:
    """A Stop that says no session time, at midnight sharp."""
    midnight = at(BERLIN, 2026, 11, 23)
    session = begin(record("stop", 0, 5, 7, event_at=midnight, session_seconds=None), time_zone=BERLIN)
    assert usage.split(session) == {UsageKey(date(2026, 11, 23), NOVEMBER): (5, 7)}


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2028, 2, 29), 24)])
def test_a_day_gets_as_much_as_it_is_long(day: tuple[int, int, int], hours: int) -> None:
    """An octet an hour, from the noon before to the noon after."""
    noon_before = at(BERLIN, *day) - 12 * HOUR
    first = record("start", start=noon_before)
    last = record("stop", (24 + hours) * HOUR, 24 + hours, 0, start=noon_before)
    found = usage.split(tell(first, last, time_zone=BERLIN))
    assert [octets for octets, _ in found.values()] == [12, hours, 12]
    assert list(found)[1].day == date(*day)


def test_a_period_ends_in_the_middle_of_a_session_and_the_session_goes_on() -> None:
    """Billing day 31, in a November of 30 days: the 30th begins a period; nothing is counted twice."""
    session = begin(record("start"), billing_day=31)
    ledger: dict[UsageKey, tuple[int, int]] = {}
    for hour in range(1, 10 * 24 + 1):
        told, _ = sessions.take(session, record("interim", hour * HOUR, hour, 2 * hour))
        for key, (octets_in, octets_out) in usage.deltas(session, told).items():
            so_far = ledger.get(key, (0, 0))
            ledger[key] = so_far[0] + octets_in, so_far[1] + octets_out
        session = told
    assert session.state == "open"
    assert ledger == usage.split(session)
    by_period = dict.fromkeys((date(2026, 10, 31), date(2026, 11, 30)), 0)
    for key, (octets_in, _) in ledger.items():
        by_period[key.period_start] += octets_in
    assert by_period == {date(2026, 10, 31): 7 * 24 + 12, date(2026, 11, 30): 2 * 24 + 12}


def test_a_late_point_moves_usage_between_days() -> None:
    """The sum stays."""
    before = tell(record("start"), record("stop", 24 * HOUR, 100, 0))
    after, effect = sessions.take(before, record("interim", 12 * HOUR, 90, 0))
    assert effect == "applied"
    assert usage.deltas(before, after) == {
        UsageKey(date(2026, 11, 22), NOVEMBER): (40, 0),
        UsageKey(date(2026, 11, 23), NOVEMBER): (-40, 0),
    }


def test_the_ledger_of_what_has_not_changed_is_empty() -> None:
    """So is that of a session which only ended."""
    before = tell(record("start"), record("interim", 600, 5, 7))
    stopped, _ = sessions.take(before, record("stop", 700, 5, 7))
    assert usage.deltas(before, before) == usage.deltas(before, stopped) == {}


def test_an_earlier_start_moves_usage_to_the_day_before() -> None:
    """A session heard of a minute after midnight began a minute before it."""
    midnight = NOON + 12 * HOUR
    before = begin(record("interim", 0, 50, 0, event_at=midnight + 30, session_seconds=None))
    after, _ = sessions.take(before, record("start", event_at=midnight - 20, session_seconds=None))
    assert usage.deltas(before, after) == {
        UsageKey(date(2026, 11, 22), NOVEMBER): (20, 0),
        UsageKey(date(2026, 11, 23), NOVEMBER): (-20, 0),
    }
    assert usage.split(after)[UsageKey(date(2026, 11, 23), NOVEMBER)] == (30, 0)


def test_a_year_of_silence_is_divided_too() -> None:
    """One Stop, 366 days after its start, over a leap year's end of February."""
    session = begin(record("stop", 366 * 86400, 366 * 24, 0, start=at("UTC", 2028, 1, 1)), billing_day=30)
    found = usage.split(session)
    assert set(found.values()) == {(24, 0)}
    assert len(found) == 366
    assert date(2028, 2, 29) in {key.period_start for key in found}
    assert DECEMBER not in {key.period_start for key in found}
