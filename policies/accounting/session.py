"""A session as its records tell it, in whatever order they come (RFC 2866; DESIGN.md, 6).

Rules:

 1 A session is known by its Acct-Session-Id together with our Class, where router and record have one; else with its
   router, its user and the moment at which it began, for routers use their ids again after a reboot. The Class alone
   is not enough: a Wi-Fi access point that remembers a client sends the old Class with a new session.
 2 It began when the earliest of its records says: the event less Acct-Session-Time (RFC 2866 5.7).
 3 Octets are a function of the set of points (points.py), so neither order nor repetition matters.
 4 A Stop ends it for good; of several the latest counts. A late record may raise usage, and never opens it again.
 5 What we ended ourselves, after a reboot or a long silence, is opened again by a record of a later event.
 6 What describes it (addresses, port) is what the latest record says; an earlier one fills in what is not known.
 7 The event of a record without a believable Event-Timestamp is the session's start plus Acct-Session-Time, so that
   one that was sent again is the same one.

Known weakness: a router whose clock is slow by more than the interims that may be missed is closed and opened again
with each report; a Stop's counters, lower than a report's before it, are taken for a reset unless they are zero.
"""

from operator import attrgetter
from typing import Any, Literal, NamedTuple

from policies.accounting import points
from policies.accounting.points import Point as Point
from policies.accounting.record import ARRIVAL_FLAGS, Record

State = Literal["open", "stopped", "rebooted", "stale"]
Effect = Literal["applied", "duplicate", "superseded"]

# how far the start that a record implies may be from the one that is known: Event-Timestamp and Acct-Session-Time are
# each cut to a second, and the clock is corrected now and then
START_TOLERANCE_SECONDS = 60
# without Event-Timestamp: a router resends for minutes, and not every one counts them in Acct-Delay-Time
ARRIVAL_TOLERANCE_SECONDS = 600
# one that counts seconds with its own crystal is wrong by as much as one in a thousand of the session
DRIFT_DIVISOR = 1000
# two sessions of different Classes begin further apart; a new Class at the same start is an 802.1X re-authentication
OTHER_CLASS_TOLERANCE_SECONDS = 5

_DESCRIBING = (
    "session_class",
    "interim_seconds",
    "port",
    "calling_station_id",
    "called_station_id",
    "ipv4_address",
    "ipv6_prefix",
    "delegated_ipv6_prefix",
)
_descriptions = attrgetter(*_DESCRIBING)


# A named tuple, for it is compared and made anew with every record: a frozen dataclass takes twice as long for both.
class Session(NamedTuple):
    """One session. The columns of schema.sql's tables session and session_history; times in seconds since 1970."""

    user_name: str
    nas_address: str
    acct_session_id: str
    session_class: str | None
    started_at: int
    last_heard_at: int  # its latest event
    time_zone: str
    billing_day: int
    interim_seconds: int | None = None
    port: str | None = None
    calling_station_id: str | None = None
    called_station_id: str | None = None
    ipv4_address: str | None = None
    ipv6_prefix: str | None = None
    delegated_ipv6_prefix: str | None = None
    session_seconds: int = 0  # from its start to its latest event
    octets_in: int = 0
    octets_out: int = 0
    flags: frozenset[str] = frozenset()  # no_start, wrapped, reset, and those of its records
    points: tuple[Point, ...] = ()
    state: State = "open"
    stopped_at: int | None = None  # rebooted: when the router began anew; stale: when it was last heard of
    terminate_cause: str | None = None


def matches(session: Session, record: Record) -> bool:
    """Whether the record is of this session (rule 1)."""
    if session.acct_session_id != record.acct_session_id:
        return False
    if record.session_class is not None and session.session_class == record.session_class:
        return True
    if session.nas_address != record.nas_address or session.user_name != record.user_name:
        return False
    start = _implied_start(record)
    if start is None:
        return _may_continue(session, record)
    if _is_over(session, start) and not record.flags & ARRIVAL_FLAGS:
        return False
    return abs(start - session.started_at) <= _tolerance_seconds(session, record)


def _is_over(session: Session, at: int) -> bool:
    """Whether the router itself ended the session before that."""
    return session.state == "stopped" and session.stopped_at is not None and session.stopped_at < at


def _implied_start(record: Record) -> int | None:
    if record.session_seconds is not None:
        return record.event_at - record.session_seconds
    return record.event_at if record.kind == "start" else None


def _tolerance_seconds(session: Session, record: Record) -> int:
    if None not in (session.session_class, record.session_class):
        least = OTHER_CLASS_TOLERANCE_SECONDS
    elif record.flags & ARRIVAL_FLAGS:
        least = ARRIVAL_TOLERANCE_SECONDS
    else:
        least = START_TOLERANCE_SECONDS
    return max(least, (record.session_seconds or 0) // DRIFT_DIVISOR)


def _may_continue(session: Session, record: Record) -> bool:
    """Without Acct-Session-Time: not before its start, nor after the router itself ended it, or began anew."""
    if record.event_at < session.started_at - START_TOLERANCE_SECONDS:
        return False
    if session.state == "stale" or session.stopped_at is None:
        return True
    return record.event_at <= session.stopped_at + START_TOLERANCE_SECONDS


def begin(record: Record, *, time_zone: str, billing_day: int, interim_seconds: int | None) -> Session:
    """Return the session that this record, of any kind but `on` and `off`, is the first to tell of."""
    blank = Session(
        user_name=record.user_name,
        nas_address=record.nas_address,
        acct_session_id=record.acct_session_id,
        session_class=record.session_class,
        started_at=_began_at(record),
        last_heard_at=record.event_at,
        time_zone=time_zone,
        billing_day=billing_day,
        interim_seconds=interim_seconds,
        flags=frozenset({"no_start"}),
    )
    return _absorb(blank, record)


def _began_at(record: Record) -> int:
    start = _implied_start(record)
    return record.event_at if start is None else start


def take(session: Session, record: Record) -> tuple[Session, Effect]:
    """Return the session with what the record tells, and whether that was anything new.

    duplicate: as its latest or one of its kept records said; superseded: older, or lower than what is known.
    """
    taken = _absorb(session, record)
    if taken.octets_in < session.octets_in or taken.octets_out < session.octets_out:
        return session, "superseded"  # a router that sends Gigawords now and then: what was counted stays
    if taken != session:
        return taken, "applied"
    point = _point(session.started_at, record, _implied_start(record))
    known = point.event_at == session.last_heard_at or point in session.points
    return session, "duplicate" if known else "superseded"


def _absorb(session: Session, record: Record) -> Session:
    start = _implied_start(record)
    started_at = min(session.started_at, record.event_at if start is None else start)
    point = _point(started_at, record, start)
    known = points.add(session.points, point, session.time_zone)
    moved = points.grow(session.points, point, session.octets_in, session.octets_out) or points.count(known)
    last_heard_at = max(session.last_heard_at, point.event_at)
    described = session._replace(
        started_at=started_at,
        last_heard_at=last_heard_at,
        session_seconds=last_heard_at - started_at,
        octets_in=moved.octets_in,
        octets_out=moved.octets_out,
        points=known,
        flags=_flags(session, record, moved),
        **_describe(session, record, point.event_at),
    )
    if record.kind == "stop":
        return _end(described, point.event_at, record.terminate_cause)
    return _reopen(described, point.event_at)


def _point(started_at: int, record: Record, start: int | None) -> Point:
    at = record.event_at
    if start is not None and record.flags & ARRIVAL_FLAGS:
        at = started_at + at - start
    return Point(at, record.octets_in, record.octets_out, record.has_gigawords)


def _flags(session: Session, record: Record, moved: points.Moved) -> frozenset[str]:
    """What its records were flagged with, and what the points show as they are now known."""
    flags = session.flags if record.flags <= session.flags else session.flags | record.flags
    if record.kind == "start":
        flags -= {"no_start"}
    return flags if moved.flags is None else flags - points.FLAGS | moved.flags


def _describe(session: Session, record: Record, event_at: int) -> dict[str, Any]:
    """What the record says of the session, where it is news (rule 6)."""
    said, known = _descriptions(record), _descriptions(session)
    if said == known:
        return {}
    is_latest = event_at >= session.last_heard_at
    return {
        name: value
        for name, value, before in zip(_DESCRIBING, said, known, strict=True)
        if value is not None and value != before and (is_latest or before is None)
    }


def _end(session: Session, event_at: int, cause: str | None) -> Session:
    if session.state == "stopped" and not _is_over(session, event_at):
        return session
    return session._replace(state="stopped", stopped_at=event_at, terminate_cause=cause)


def _reopen(session: Session, event_at: int) -> Session:
    if session.state == "stopped" or session.stopped_at is None or event_at <= session.stopped_at:
        return session
    return session._replace(state="open", stopped_at=None, terminate_cause=None)


def close_for_reboot(session: Session, record: Record) -> Session | None:
    """Return the session closed by its router's `on` or `off`; None: it goes on, having been heard of since.

    It ended at some moment between `last_heard_at` and `stopped_at`, which is that of the earliest such record.
    """
    if session.state in ("stopped", "stale") or session.last_heard_at >= record.event_at:
        return None
    if session.stopped_at is not None and session.stopped_at <= record.event_at:
        return None
    return session._replace(state="rebooted", stopped_at=record.event_at, terminate_cause="NAS-Reboot")


def close_as_stale(
    session: Session, now: float, *, missed_interims: int = 3, default_interim_seconds: int = 600
) -> Session | None:
    """Return the session closed at its latest event; None: it is closed already, or was heard of lately enough."""
    silence_seconds = missed_interims * (session.interim_seconds or default_interim_seconds)
    if session.state != "open" or now - session.last_heard_at <= silence_seconds:
        return None
    return session._replace(state="stale", stopped_at=session.last_heard_at, terminate_cause="Lost-Service")
