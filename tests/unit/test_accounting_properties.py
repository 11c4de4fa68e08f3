"""Any order of a router's records tells of the same sessions and the same ledger as the order in which they arose."""

from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.accounting import session as sessions
from policies.accounting import usage
from policies.accounting.record import Kind, Record
from policies.accounting.session import Session
from policies.accounting.usage import UsageKey
from tests.unit.accounting_factory import BERLIN, NOON, begin, record

W = 2**32
Ledger = Counter[tuple[UsageKey, str]]


class Told(NamedTuple):
    """One session as it was: its records in order, and what it moved."""

    records: list[Record]
    octets_in: int
    octets_out: int
    falls: bool


def _narrow(counters: list[int]) -> list[int]:
    """32 bits that wrap once at most: what is left after the wrap stays below what was there before it."""
    return [min(octets, W + W // 2 - 1) % W for octets in counters]


def _reset(counters: list[int], at: int) -> list[int]:
    """Begun again at zero at one of them, and then below what was there before."""
    peak = counters[at - 1]
    return counters[:at] + [min(octets - peak, max(peak - 1, 0)) for octets in counters[at:]]


def _total(counters: list[int]) -> int:
    """What such counters mean: each growth, and each value after a fall."""
    total = last = 0
    for counter in counters:
        if counter:
            total += counter - last if counter >= last else counter
            last = counter
    return total


@st.composite
def one_session(draw: st.DrawFn, start: int, number: int) -> Told:
    """A session with its interims; its router counts in 64 bits, or in 32, or begins again."""
    habit = draw(st.sampled_from(["wide", "wide", "narrow", "reset"]))
    times = sorted(draw(st.sets(st.integers(1, 3 * 86400), min_size=1, max_size=9)))
    count = len(times)
    most = W // 4 if habit == "narrow" else 3 * W
    growth = draw(st.lists(st.sampled_from([0, 1, 7, most]) | st.integers(0, most), min_size=count, max_size=count))
    octets_out = [sum(growth[: at + 1]) for at in range(count)]
    octets_in = [at * 10 for at in range(count)]
    moved = octets_out[-1]
    if habit == "narrow":
        moved = min(moved, W + W // 2 - 1)
        octets_out = _narrow(octets_out)
    elif habit == "reset" and count > 1:
        octets_out = _reset(octets_out, draw(st.integers(1, count - 1)))
        moved = _total(octets_out)
    shared = {
        "start": start,
        "has_gigawords": habit != "narrow",
        "acct_session_id": draw(st.sampled_from(["80000001", "80000002"])),
        "session_class": draw(st.sampled_from([None, f"0x544b{number:028x}"])),
        "calling_station_id": draw(st.sampled_from([None, "02:00:00:00:00:0a"])),
    }
    last: Kind = draw(st.sampled_from(["interim", "stop"]))
    kinds: list[Kind] = ["interim"] * (count - 1) + [last]
    told = [record("start", 0, **shared)]  # type: ignore[arg-type]
    for kind, after, sent, received in zip(kinds, times, octets_in, octets_out, strict=True):
        seconds = max(after + draw(st.integers(-2, 2)), 0)  # as routers round
        told.append(record(kind, after, sent, received, session_seconds=seconds, **shared))  # type: ignore[arg-type]
    if last == "stop" and draw(st.booleans()):
        told.append(record("stop", times[-1] + 1, 0, 0, **shared))  # type: ignore[arg-type]
    return Told(told, octets_in[-1], moved, habit != "wide")


@st.composite
def one_router(draw: st.DrawFn) -> tuple[list[Told], list[Record]]:
    """Up to four sessions of a user, one after the other, ids used again, and reboots between them."""
    now, several, reboots = NOON, [], []
    for number in range(draw(st.integers(1, 4))):
        told = draw(one_session(now, number))
        several.append(told)
        now = told.records[-1].event_at + draw(st.integers(1, 300))
        if told.records[-1].kind != "stop" or draw(st.booleans()):
            reboots.append(Record("on", "192.0.2.1", "", "", now))
        now += draw(st.integers(600, 90_000))
    return several, reboots


def lose(draw: st.DrawFn, told: Told) -> list[Record]:
    """Leave out any records but the last two (a Stop may have no counters); nothing where counters fall."""
    if told.falls:
        return told.records
    return [one for one in told.records[:-2] if draw(st.integers(0, 3))] + told.records[-2:]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Told], list[Record], list[Record]]:
    """What was, what arrives in order, and the same with repetitions in any order."""
    several, reboots = draw(one_router())
    in_order = sorted(
        [one for told in several for one in lose(draw, told)] + reboots, key=lambda one: (one.event_at, one.kind)
    )
    again = draw(st.lists(st.sampled_from(in_order), max_size=6))
    return several, in_order, draw(st.permutations(in_order + again))


def fold_all(arriving: list[Record]) -> tuple[list[Session], Ledger]:
    """Fold as the daemon does, with every promise that one step makes checked."""
    found: list[Session] = []
    reboots: set[Record] = set()
    ledger: Ledger = Counter()
    for one in arriving:
        if one.kind == "on":
            reboots.add(one)
        else:
            _tell(found, one, ledger)
        for at, session in enumerate(found):
            for reboot in reboots:
                session = sessions.close_for_reboot(session, reboot) or session
            found[at] = session
    return sorted(found, key=lambda session: (session.started_at, session.acct_session_id)), _without_zeros(ledger)


def _without_zeros(ledger: Ledger) -> Ledger:
    return Counter({key: octets for key, octets in ledger.items() if octets})


def _tell(found: list[Session], one: Record, ledger: Ledger) -> None:
    fitting = [at for at, session in enumerate(found) if sessions.matches(session, one)]
    assert len(fitting) < 2, "a record is of one session"
    if not fitting:
        found.append(begin(one, time_zone=BERLIN, billing_day=23))
        _enter(ledger, None, found[-1])
        return
    before = found[fitting[0]]
    after, effect = sessions.take(before, one)
    assert (effect == "applied") == (after != before)
    assert sessions.take(after, one)[0] == after, "told twice, nothing changes"
    assert sessions.take(after, one)[1] in ("duplicate", "superseded")
    assert after.octets_in >= before.octets_in, "totals never fall"
    assert after.octets_out >= before.octets_out, "totals never fall"
    found[fitting[0]] = after
    _enter(ledger, before, after)


def _enter(ledger: Ledger, before: Session | None, after: Session) -> None:
    for key, (octets_in, octets_out) in usage.deltas(before, after).items():
        ledger[key, "in"] += octets_in
        ledger[key, "out"] += octets_out


def _without_points(session: Session) -> Session:
    return session._replace(points=())


@settings(max_examples=120, deadline=None)
@given(deliveries())
def test_the_order_of_arrival_does_not_matter(delivery: tuple[list[Told], list[Record], list[Record]]) -> None:
    """Any permutation with any repetition gives the sessions and the ledger of the order in which records were made.

    The information allows it where
     * every record has Event-Timestamp, and all but the Start Acct-Session-Time, both right to within the tolerances
       (session.py), and sessions of the same router, id and user without our Class begin further apart than those;
     * what describes a session (addresses, port, Class) is the same in all its records that have it;
     * a counter that wraps or is reset stays below what it was before, and the records around its fall arrive (of a
       counter that only grows, any records may be lost). Else a late record may be the only one to show the fall,
       after the point that it would be measured against was pruned;
     * a router that began anew says nothing more of the sessions before.
    The points that are kept are the same too, where no counter falls.
    """
    several, in_order, arriving = delivery
    ideal, ideal_ledger = fold_all(in_order)
    found, ledger = fold_all(arriving)
    assert [_without_points(session) for session in found] == [_without_points(session) for session in ideal]
    assert ledger == ideal_ledger
    if not any(told.falls for told in several):
        assert found == ideal


@settings(max_examples=120, deadline=None)
@given(deliveries())
def test_sessions_are_what_they_were(delivery: tuple[list[Told], list[Record], list[Record]]) -> None:
    """As many sessions as there were, with the octets that were moved, and the same sum in the ledger."""
    several, _, arriving = delivery
    found, ledger = fold_all(arriving)
    assert [(session.octets_in, session.octets_out) for session in found] == [
        (told.octets_in, told.octets_out) for told in several
    ]
    for direction in ("in", "out"):
        entered = sum(octets for (_, kept), octets in ledger.items() if kept == direction)
        assert entered == sum(getattr(session, f"octets_{direction}") for session in found)
    assert [session.state == "stopped" for session in found] == [told.records[-1].kind == "stop" for told in several]


@settings(max_examples=100, deadline=None)
@given(deliveries())
def test_the_ledger_is_the_sum_of_the_sessions(delivery: tuple[list[Told], list[Record], list[Record]]) -> None:
    """What was entered step by step is what the sessions, as they are at last, are split into; no day is negative."""
    _, _, arriving = delivery
    found, ledger = fold_all(arriving)
    split: Ledger = Counter()
    for session in found:
        _enter(split, None, session)
        assert all(octets >= 0 for both in usage.split(session).values() for octets in both)
    assert _without_zeros(split) == ledger


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            record,
            st.sampled_from(["start", "interim", "stop"]),
            st.integers(0, 3 * 86400),
            st.sampled_from([0, 1, 9, W // 2, W - 1, W, 2**50]) | st.integers(0, 2 * W),
            st.sampled_from([0, 1, 9, W // 2, W - 1, W, 2**50]) | st.integers(0, 2 * W),
            has_gigawords=st.booleans(),
            start=st.sampled_from([NOON, NOON + 7, NOON + 50]),
            flags=st.sampled_from([frozenset(), frozenset({"no_event_time"})]),
        ),
        max_size=12,
    )
)
def test_nonsense_keeps_the_promises_of_one_step(arriving: list[Record]) -> None:
    """Whatever a router sends: told twice changes nothing, totals never fall, the ledger is the sum of the sessions."""
    found: list[Session] = []
    ledger: Ledger = Counter()
    for one in arriving:
        session = found[0] if found else begin(one, time_zone=BERLIN)
        after, _ = sessions.take(session, one)
        assert sessions.take(after, one)[0] == after
        assert after.octets_in >= session.octets_in
        assert after.octets_out >= session.octets_out
        _enter(ledger, found[0] if found else None, after)
        found = [after]
    for session in found:
        split: Ledger = Counter()
        _enter(split, None, session)
        assert _without_zeros(split) == _without_zeros(ledger)
        assert sum(ledger.values()) == session.octets_in + session.octets_out
