"""What a batch means, without a database: fates, poison, reboots; rows as COPY takes them."""

import pytest

from policies.accounting.record import Quarantined, Record
from radiusd.accounting import batch, copying
from radiusd.accounting.batch import Entry, Folding
from radiusd.accounting.spool import SpooledRecord
from radiusd.accounting.working import AccountFacts, Working

NAS = "192.0.2.1"
AT = 1_790_000_000
LISA = AccountFacts(1, "UTC", 1, 300)


def entry(record: Record | Quarantined, *, received_at: float = AT + 10_000) -> Entry:
    """Return a record of the spool."""
    return Entry(SpooledRecord(1, received_at, b""), record)


def told(kind: str, at: int, **others: object) -> Record:
    """Return a record of lisa's session, or of her router."""
    identity = ("", "") if kind in ("on", "off") else ("lisa", "s1")
    return Record(kind, NAS, *identity, AT + at, **others)


def fold(
    *records: Record | Quarantined, reboots: list[tuple[str, int]] | None = None, received_at: float = AT + 10_000
):
    """Fold records; return the sessions in hand and the outcome."""
    working = Working()
    folding = Folding(working, lambda user_name: LISA, reboots or [])
    outcome = folding.fold([entry(record, received_at=received_at) for record in records])
    return [held.session for held in working], outcome


def fates(outcome: batch.Outcome) -> dict[str, int]:
    """Return what became of how many."""
    return {fate: number for (_, fate), number in outcome.fates.items()}


def test_each_record_has_one_fate():
    """Every record is counted once, as what it was."""
    start, interim = told("start", 0), told("interim", 60, octets_in=5)
    _, outcome = fold(start, interim, interim, Quarantined("no user"))
    assert fates(outcome) == {"applied": 2, "duplicate": 1, "quarantined": 1}


def test_usage_is_what_the_batch_added():
    """The ledger gets the sum of a batch's records, once."""
    _, outcome = fold(
        told("start", 0), told("interim", 60, octets_in=5), told("interim", 120, octets_in=9, octets_out=1)
    )
    assert list(outcome.usage.values()) == [(9, 1)]


def test_a_record_that_raises_is_set_aside():
    """What the pure code cannot take goes to quarantine with what it raised; the next record goes on."""
    bad = told("interim", 60, octets_in="many")
    sessions, outcome = fold(told("start", 0), bad, told("interim", 120, octets_in=9))
    assert fates(outcome) == {"applied": 2, "quarantined": 1}
    assert [session.octets_in for session in sessions] == [9]
    ((_, reason),) = outcome.quarantined
    assert reason.startswith("TypeError")


def test_counters_beyond_bigint():
    """A counter that PostgreSQL cannot store is set aside before it gets there."""
    _, outcome = fold(told("interim", 60, octets_in=2**63, has_gigawords=True))
    assert outcome.quarantined[0][1] == "OverflowError: a counter beyond 2^63"


def test_a_fast_clock_ends_no_session_that_is_to_come():
    """A router whose clock was ahead when it began anew: a session that starts after that really is open."""
    (session,), _ = fold(told("start", 5), reboots=[(NAS, AT + 30)], received_at=AT + 5)
    assert session.state == "open"


def test_a_record_that_waited():
    """A session of before a reboot, told when that is over, has ended with it."""
    (session,), _ = fold(told("start", 5), reboots=[(NAS, AT + 30), (NAS, AT + 20), ("192.0.2.2", AT + 10)])
    assert (session.state, session.stopped_at) == ("rebooted", AT + 20)


def test_parse_never_raises():
    """Anything in the spool becomes an entry."""
    bodies = [b"", b"\xff", b"null", b"[]", b'{"User-Name": 5}', b"1e999"]
    entries = batch.parse([SpooledRecord(1, AT, body) for body in bodies])
    assert all(isinstance(one.record, Quarantined) for one in entries)


@pytest.mark.parametrize(
    ("value", "column"),
    [(None, "\\N"), ("\\N", "\\\\N"), ("a\tb\nc\rd", "a\\tb\\nc\\rd"), ("", ""), ("é", "é")],
)
def test_text_columns(value, column):
    """Text is escaped as COPY reads it; NULL is not the text that looks like it."""
    assert copying.text(value) == column
