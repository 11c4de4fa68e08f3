"""Accounting that was wrong elsewhere: a test for each complaint of the users of other systems.

Numbers are of the issues of the project named: FreeRADIUS, toughradius, phpnuxbill, openwisp-radius, PacketFence,
accel-ppp. Where none is named it was read in source.
"""

from datetime import date

import pytest

from policies.accounting import session as sessions
from policies.accounting import usage
from policies.accounting.record import Record
from tests.unit.accounting_factory import NOON, TK1, TK2, at, begin, fold, record, tell

W = 2**32
DAY = 86400
START = record("start")


def test_a_flap_does_not_double_login_time() -> None:
    """FreeRADIUS 4312, 3231: records sent again after the link was back add neither rows nor seconds."""
    once = [START, record("interim", 300, 5, 5), record("interim", 600, 9, 9), record("stop", 660, 10, 10)]
    assert fold(once + once[1:] + [START]) == fold(once)
    assert fold(once)[0].session_seconds == 660


def test_nobody_is_online_twice() -> None:
    """toughradius 172, 302: a Start sent again, with the delay counted anew, is the same session."""
    assert len(fold([START, record("start"), record("start", event_at=NOON + 1), record("interim", 60, 1, 1)])) == 1


def test_cumulative_counters_are_not_added_up() -> None:
    """phpnuxbill 203, 170, 192: three interims of 100, 200 and 300 octets are 300."""
    session = tell(START, *(record("interim", at * 300, at * 100, 0) for at in (1, 2, 3)))
    assert session.octets_in == 300
    assert sum(octets for octets, _ in usage.split(session).values()) == 300


def test_a_late_interim_does_not_lower_usage() -> None:
    """FreeRADIUS' interim update has no order guard."""
    session = tell(START, record("interim", 600, 200, 200), record("interim", 300, 100, 100))
    assert (session.octets_in, session.octets_out, session.session_seconds) == (200, 200, 600)


def test_a_late_interim_does_not_open_a_stopped_session() -> None:
    """openwisp-radius."""
    session = tell(START, record("stop", 600, 200, 200), record("interim", 300, 100, 100))
    assert (session.state, session.stopped_at) == ("stopped", NOON + 600)


def test_four_gigabytes_are_not_the_end() -> None:
    """openwisp-radius 521, 582 and rlm_sqlcounter: Gigawords count, and without them a wrap is seen."""
    assert tell(START, record("stop", 600, 5 * W + 1, 0)).octets_in == 5 * W + 1
    narrow = [record("interim", 600, 0, W - 10, has_gigawords=False), record("stop", 1200, 0, 90, has_gigawords=False)]
    session = tell(START, *narrow)
    assert (session.octets_out, session.flags) == (W + 90, {"wrapped"})


def test_closing_what_is_stale_closes_nothing_else() -> None:
    """openwisp-radius 443: every session was closed."""
    heard, silent = begin(record("start", acct_session_id="a2", start=NOON + 1801)), begin(START)
    assert sessions.close_as_stale(heard, NOON + 1802) is None
    assert sessions.close_as_stale(silent, NOON + 1802) is not None


@pytest.mark.parametrize("joined_on", [29, 30, 31])
def test_a_customer_may_join_on_the_last_days_of_a_month(joined_on: int) -> None:
    """openwisp-radius: monthly cycles crash. Here each day of a year is in the period that began last."""
    first = record("stop", 365 * DAY, 365, 0, start=at("UTC", 2027, 1, 1))
    found = usage.split(begin(first, billing_day=joined_on))
    assert all(octets == (1, 0) for octets in found.values())
    assert len({key.period_start for key in found}) == 13
    assert all(key.period_start <= key.day for key in found)


def test_a_session_is_not_counted_whole_in_each_period_it_touches() -> None:
    """openwisp-radius: each period has what was moved in it."""
    session = tell(START, record("stop", 16 * DAY, 1600, 160))  # noon of the 22nd to noon of December the 8th
    by_period = {date(2026, 11, 1): 0, date(2026, 12, 1): 0}
    for key, (octets_in, _) in usage.split(session).items():
        by_period[key.period_start] += octets_in
    assert by_period == {date(2026, 11, 1): 850, date(2026, 12, 1): 750}


@pytest.mark.parametrize("other", [{"nas_address": "192.0.2.2"}, {"user_name": "eve"}])
def test_two_routers_or_users_may_have_the_same_session_id(other: dict[str, object]) -> None:
    """toughradius keys a session by Acct-Session-Id alone."""
    found = fold([START, record("start", **other), record("interim", 60, 5, 5), record("interim", 60, 7, 7, **other)])  # type: ignore[arg-type]
    assert [session.octets_in for session in found] == [5, 7]


def test_session_ids_are_used_again() -> None:
    """PacketFence 1169, 1499, 1733: after a reboot, and at once; late records find the session that they are of."""
    records = [
        START,
        record("interim", 600, 60, 60),
        Record("on", "192.0.2.1", "", "", NOON + 900),
        record("start", start=NOON + 1000),
        record("interim", 300, 30, 30, start=NOON + 1000),
        record("interim", 700, 70, 70),
        record("stop", 400, 40, 40, start=NOON + 1000),
        record("start", start=NOON + 1401),
        record("interim", 300, 3, 3, start=NOON + 1401),
    ]
    found = fold(records)
    assert [(session.octets_in, session.state) for session in found] == [(70, "rebooted"), (40, "stopped"), (3, "open")]


def test_session_ids_are_used_again_within_a_minute() -> None:
    """With our Class the sessions are told apart."""
    first, second = record("start", session_class=TK1), record("start", session_class=TK2, start=NOON + 30)
    assert len(fold([first, second, record("interim", 600, 5, 5, session_class=TK1)])) == 2


def test_a_wifi_client_that_comes_back_is_another_session() -> None:
    """hostapd caches the Class with the key of a client that roams: the same Class, another Acct-Session-Id."""
    again = record("start", session_class=TK1, acct_session_id="a2", start=NOON + 700)
    found = fold([record("start", session_class=TK1), record("stop", 600, 5, 5, session_class=TK1), again])
    assert [session.state for session in found] == ["stopped", "open"]


def test_a_session_authenticated_again_is_counted_once() -> None:
    """802.1X: a new Class within the session; its counters go on, and so does it."""
    old, new = (
        record("interim", 3600, 100, 100, session_class=TK1),
        record("interim", 7200, 200, 200, session_class=TK2),
    )
    found = fold([record("start", session_class=TK1), old, new])
    assert [(session.octets_in, session.session_class) for session in found] == [(200, TK2)]


def test_a_stop_without_counters_keeps_the_greatest() -> None:
    """accel-ppp 273."""
    session = tell(START, record("interim", 600, 200, 300), record("stop", 660, 0, 0))
    assert (session.octets_in, session.octets_out, session.flags) == (200, 300, frozenset())
    assert session.stopped_at == NOON + 660


def test_usage_before_the_reset_day_is_not_lost() -> None:
    """rlm_sqlcounter: usage was 0 after a restart before the reset day; records alone are enough here."""
    session = begin(record("stop", 2 * DAY, 200, 0, start=at("UTC", 2026, 10, 31)), billing_day=1)
    assert [(key.period_start, octets) for key, (octets, _) in usage.split(session).items()] == [
        (date(2026, 10, 1), 100),
        (date(2026, 11, 1), 100),
    ]


def test_nobody_is_disconnected_at_the_end_of_a_month() -> None:
    """Datatill disconnects everybody; here the session goes on, and nothing counts twice."""
    start = at("UTC", 2026, 11, 30, 23)
    before = tell(record("start", start=start), record("interim", 1800, 100, 0, start=start))
    after, _ = sessions.take(before, record("interim", 5400, 300, 0, start=start))
    assert after.state == "open"
    assert [octets for octets, _ in usage.deltas(before, after).values()] == [100, 100]
    assert [octets for octets, _ in usage.split(after).values()] == [200, 100]


def test_interims_after_an_accounting_on_are_not_lost() -> None:
    """FreeRADIUS' own SQL: a router that says On and keeps its sessions goes on with them."""
    found = fold([START, Record("on", "192.0.2.1", "", "", NOON + 300), record("interim", 600, 9, 9)])
    assert [(session.octets_in, session.state) for session in found] == [(9, "open")]
