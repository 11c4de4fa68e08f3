"""Sessions: whose a record is, what it tells, when a session ends and when it is opened again."""

import pytest

from policies.accounting import record as records
from policies.accounting import session as sessions
from policies.accounting.record import CLOCK_CLAMPED, NO_EVENT_TIME, Record
from tests.unit.accounting_factory import NOON, TK1, TK2, begin, record, tell

START = record("start")
ARRIVED = frozenset({NO_EVENT_TIME})


@pytest.mark.parametrize(
    ("changed", "is_his"),
    [
        ({}, True),
        ({"nas_address": "192.0.2.2"}, False),
        ({"user_name": "eve"}, False),
        ({"acct_session_id": "a2"}, False),
        ({"start": NOON + 60}, True),
        ({"start": NOON + 61}, False),
        ({"start": NOON - 61}, False),
        ({"start": NOON + 600, "flags": ARRIVED}, True),
        ({"start": NOON + 601, "flags": ARRIVED}, False),
        ({"session_class": TK1, "start": NOON + 60}, True),
        ({"after": 30 * 86400, "start": NOON + 2592}, True),
        ({"after": 30 * 86400, "start": NOON + 2593}, False),
        ({"session_seconds": None}, True),
        ({"session_seconds": None, "after": -60}, True),
        ({"session_seconds": None, "after": -61}, False),
        ({"session_seconds": None, "after": 9 * 86400}, True),
    ],
)
def test_a_record_is_known_by_router_user_id_and_start(changed: dict[str, object], is_his: bool) -> None:
    """Without a Class: the same three, and a start within what clocks are wrong by."""
    one = record(**({"after": 300} | changed))  # type: ignore[arg-type]
    assert sessions.matches(begin(START), one) == is_his


@pytest.mark.parametrize(
    ("changed", "is_his"),
    [
        ({"session_class": TK1, "nas_address": "192.0.2.2", "start": NOON + 9999}, True),
        ({"session_class": TK1, "acct_session_id": "a2"}, False),
        ({"session_class": None}, True),
        ({"session_class": TK2}, True),
        ({"session_class": TK2, "start": NOON + 5}, True),
        ({"session_class": TK2, "start": NOON + 6}, False),
        ({"session_class": TK2, "start": NOON + 9, "after": 9000}, True),
        ({"session_class": TK2, "user_name": "eve"}, False),
    ],
)
def test_our_class_and_the_session_id_are_enough(changed: dict[str, object], is_his: bool) -> None:
    """Wherever it comes from. Another Class at the same start is the session authenticated again (802.1X)."""
    one = record(**({"after": 300} | changed))  # type: ignore[arg-type]
    assert sessions.matches(begin(record("start", session_class=TK1)), one) == is_his


@pytest.mark.parametrize(
    ("one", "is_his"),
    [
        (record("start", start=NOON + 20), True),
        (record("start", start=NOON + 21), False),
        (record("interim", 5, start=NOON + 21), False),
        (record("interim", 30), True),
        (record("interim", 5, start=NOON + 21, flags=ARRIVED), True),
        (record("interim", 80, session_seconds=None), True),
        (record("interim", 81, session_seconds=None), False),
    ],
)
def test_what_begins_after_a_stop_is_another_session(one: Record, is_his: bool) -> None:
    """The id is used again at once, by the same user."""
    assert sessions.matches(tell(START, record("stop", 20)), one) == is_his


def test_without_a_session_time_a_silent_session_goes_on_and_one_before_a_reboot_does_not() -> None:
    """Silence is no evidence of an end, a reboot is."""
    late = record("interim", 9000, session_seconds=None)
    stale = sessions.close_as_stale(begin(START), NOON + 9000)
    rebooted = sessions.close_for_reboot(begin(START), record("on", 600))
    assert stale is not None
    assert rebooted is not None
    assert sessions.matches(stale, late)
    assert not sessions.matches(rebooted, late)


def test_a_start_begins_a_session() -> None:
    """With what it says, and what the account says."""
    session = sessions.begin(
        record("start", session_class=TK1, port="ether1"), time_zone="Europe/Berlin", billing_day=31, interim_seconds=60
    )
    assert (session.started_at, session.last_heard_at, session.session_seconds) == (NOON, NOON, 0)
    assert (session.time_zone, session.billing_day, session.interim_seconds) == ("Europe/Berlin", 31, 60)
    assert (session.session_class, session.port) == (TK1, "ether1")
    assert (session.state, session.flags) == ("open", frozenset())


def test_the_interim_interval_that_the_router_says_counts() -> None:
    """It knows better than the account when it will be heard of."""
    assert begin(record("start", interim_seconds=300)).interim_seconds == 300


@pytest.mark.parametrize(("kind", "state"), [("interim", "open"), ("stop", "stopped")])
def test_a_session_begins_without_its_start(kind: str, state: str) -> None:
    """Its start is the event less Acct-Session-Time, and it is flagged."""
    session = begin(record(kind, 300, 5, 7))  # type: ignore[arg-type]
    assert (session.started_at, session.last_heard_at) == (NOON, NOON + 300)
    assert (session.state, session.flags) == (state, frozenset({"no_start"}))
    assert (session.octets_in, session.octets_out, session.session_seconds) == (5, 7, 300)


def test_a_late_start_takes_the_flag_away() -> None:
    """The session is then as if it had come first."""
    interim = record("interim", 300, 5, 7)
    assert tell(interim, START) == tell(START, interim)


def test_a_session_without_a_session_time_begins_with_its_first_record() -> None:
    """Until an earlier one is heard of."""
    session = begin(record("interim", 300, session_seconds=None))
    assert session.started_at == NOON + 300
    assert sessions.take(session, record("interim", 250, session_seconds=None))[0].started_at == NOON + 250


def test_a_record_told_twice_is_a_duplicate() -> None:
    """Nothing changes."""
    session = tell(START, record("interim", 300, 5, 7))
    assert sessions.take(session, record("interim", 300, 5, 7)) == (session, "duplicate")
    assert sessions.take(session, START) == (session, "duplicate")


def test_an_older_record_is_superseded() -> None:
    """What it tells is known better."""
    session = tell(START, record("interim", 300, 5, 7), record("interim", 900, 9, 9))
    assert sessions.take(session, record("interim", 600, 6, 8)) == (session, "superseded")


def test_a_record_sent_again_without_a_timestamp_is_the_same_one() -> None:
    """A router without a clock that stored it: its place is the start plus Acct-Session-Time."""
    session = tell(START, record("interim", 300, 5, 7, flags=ARRIVED), record("interim", 600, 50, 70, flags=ARRIVED))
    again = record("interim", 300, 5, 7, event_at=NOON + 720, flags=frozenset({CLOCK_CLAMPED}))
    told, effect = sessions.take(session, again)
    assert (told.octets_in, told.octets_out, told.last_heard_at, effect) == (50, 70, NOON + 600, "applied")
    assert sessions.take(told, again) == (told, "duplicate")


def test_a_start_sent_again_without_a_timestamp_is_the_same_one() -> None:
    """It adds no seconds."""
    session = begin(record("start", flags=ARRIVED))
    assert sessions.take(session, record("start", event_at=NOON + 12, flags=ARRIVED)) == (session, "duplicate")


def test_a_stop_ends_a_session() -> None:
    """At its event, with its cause."""
    session = tell(START, record("stop", 300, 5, 7, terminate_cause="User-Request"))
    assert (session.state, session.stopped_at, session.terminate_cause) == ("stopped", NOON + 300, "User-Request")


def test_of_two_stops_the_later_counts() -> None:
    """In whichever order they come."""
    early, late = (record("stop", at, at, at, terminate_cause=f"cause-{at}") for at in (300, 310))
    one, other = tell(START, early, late), tell(START, late, early)
    assert (one.stopped_at, one.terminate_cause) == (NOON + 310, "cause-310")
    assert one == other


def test_a_late_interim_raises_usage_and_opens_nothing() -> None:
    """Even one whose event is after the Stop's."""
    session = tell(START, record("stop", 300, 5, 7), record("interim", 301, 9, 9))
    assert (session.state, session.stopped_at, session.octets_in) == ("stopped", NOON + 300, 9)


def test_a_reboot_closes_what_was_not_heard_of_since() -> None:
    """At the event of the reboot; one that was heard of later goes on, one that is closed stays as it is."""
    session = begin(START)
    closed = sessions.close_for_reboot(session, record("on", 600))
    assert closed is not None
    assert (closed.state, closed.stopped_at, closed.terminate_cause) == ("rebooted", NOON + 600, "NAS-Reboot")
    assert sessions.close_for_reboot(session, record("on", 0)) is None
    assert sessions.close_for_reboot(tell(START, record("stop", 5)), record("off", 600)) is None


def test_of_several_reboots_the_first_after_its_last_event_closed_it() -> None:
    """In whichever order they come."""
    closed = sessions.close_for_reboot(begin(START), record("on", 600))
    assert closed is not None
    assert sessions.close_for_reboot(closed, record("on", 900)) is None
    assert sessions.close_for_reboot(closed, record("off", 500)) == sessions.close_for_reboot(
        begin(START), record("off", 500)
    )


@pytest.mark.parametrize(("after", "state", "stopped_at"), [(590, "rebooted", NOON + 600), (601, "open", None)])
def test_a_session_closed_by_a_reboot_opens_by_evidence(after: int, state: str, stopped_at: int | None) -> None:
    """A record from before the reboot only adds to it."""
    closed = sessions.close_for_reboot(begin(START), record("on", 600))
    assert closed is not None
    told, effect = sessions.take(closed, record("interim", after, 9, 9))
    assert (told.state, told.stopped_at, told.octets_in, effect) == (state, stopped_at, 9, "applied")


def test_a_stop_tells_better_when_a_rebooted_session_ended() -> None:
    """The router's word counts more than our conclusion."""
    closed = sessions.close_for_reboot(begin(START), record("on", 600))
    assert closed is not None
    told, _ = sessions.take(closed, record("stop", 500, terminate_cause="Admin-Reboot"))
    assert (told.state, told.stopped_at, told.terminate_cause) == ("stopped", NOON + 500, "Admin-Reboot")


@pytest.mark.parametrize(
    ("interim_seconds", "silence_seconds", "is_closed"),
    [(600, 1800, False), (600, 1801, True), (60, 181, True), (None, 1800, False), (None, 1801, True)],
)
def test_silence_closes_a_session_after_the_missed_interims(
    interim_seconds: int | None, silence_seconds: int, is_closed: bool
) -> None:
    """With what is known, at its last event."""
    session = begin(START, interim_seconds=interim_seconds)
    closed = sessions.close_as_stale(session, NOON + silence_seconds)
    assert (closed is not None) == is_closed
    if closed is not None:
        assert (closed.state, closed.stopped_at, closed.terminate_cause) == ("stale", NOON, "Lost-Service")
        assert sessions.close_as_stale(closed, NOON + 10**6) is None
        assert sessions.close_for_reboot(closed, record("on", 9000)) is None
        assert sessions.take(closed, START) == (closed, "duplicate")
        assert sessions.take(closed, record("interim", 9000))[0].state == "open"


def test_descriptions_are_filled_in_and_the_latest_counts() -> None:
    """An address that comes with the first interim stays; a late record changes nothing that is known."""
    session = tell(
        record("start", port="ether1"),
        record("interim", 600, ipv4_address="192.0.2.9"),
        record("interim", 300, ipv4_address="192.0.2.8", calling_station_id="02:00:00:00:00:0a", port="ether2"),
    )
    assert (session.port, session.ipv4_address) == ("ether1", "192.0.2.9")
    assert session.calling_station_id == "02:00:00:00:00:0a"
    moved, _ = sessions.take(session, record("interim", 900, ipv4_address="192.0.2.10", session_class=TK1))
    assert (moved.ipv4_address, moved.port, moved.session_class) == ("192.0.2.10", "ether1", TK1)


def test_flags_tell_what_happened() -> None:
    """A wrap, a reset, a clock that nobody believed."""
    narrow = {"has_gigawords": False}
    session = tell(
        START,
        record("interim", 600, 2**32 - 1, 50, **narrow),
        record("interim", 1200, 9, 20, flags=frozenset({records.CLOCK_CLAMPED}), **narrow),
    )
    assert session.flags == {"wrapped", "reset", "clock_clamped"}
    assert (session.octets_in, session.octets_out) == (2**32 + 9, 70)


def test_a_router_that_sends_gigawords_now_and_then_lowers_nothing() -> None:
    """A record by which less would have been used is superseded."""
    narrow = {"has_gigawords": False}
    session = tell(START, record("interim", 600, 2**32 - 1, 0, **narrow), record("interim", 1200, 9, 0, **narrow))
    assert sessions.take(session, record("interim", 900, 3, 0)) == (session, "superseded")


def test_points_of_a_day_are_few() -> None:
    """The first, that after the zeros, and the last."""
    session = tell(START, *(record("interim", at * 60, at, at) for at in range(1, 400)))
    assert [point.event_at - NOON for point in session.points] == [0, 60, 399 * 60]
