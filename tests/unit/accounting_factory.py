"""Records and sessions with usual values, for tests that care about one or two of them."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from policies.accounting import session as sessions
from policies.accounting.record import Kind, Record
from policies.accounting.session import Session

NOON = 1_795_348_800  # 2026-11-22 12:00:00 UTC
TK1 = "0x544b" + "1" * 28
TK2 = "0x544b" + "2" * 28
BERLIN, SAO_PAULO, HAVANA = "Europe/Berlin", "America/Sao_Paulo", "America/Havana"


def record(kind: Kind = "interim", after: int = 0, octets_in: int = 0, octets_out: int = 0, **values: object) -> Record:
    """Return bob's record, `after` seconds into a session that began at noon, unless `start` says otherwise."""
    start = values.pop("start", NOON)
    assert isinstance(start, int)
    usual = {"nas_address": "192.0.2.1", "user_name": "bob", "acct_session_id": "a1", "has_gigawords": True}
    seconds = None if kind == "start" else after
    known = usual | {"event_at": start + after, "session_seconds": seconds} | values
    return Record(kind=kind, octets_in=octets_in, octets_out=octets_out, **known)  # type: ignore[arg-type]


def begin(first: Record, *, time_zone: str = "UTC", billing_day: int = 1, interim_seconds: int | None = 600) -> Session:
    """Begin a session."""
    return sessions.begin(first, time_zone=time_zone, billing_day=billing_day, interim_seconds=interim_seconds)


def tell(*records: Record, time_zone: str = "UTC", billing_day: int = 1) -> Session:
    """Return the session that these records, all of one, tell of."""
    session = begin(records[0], time_zone=time_zone, billing_day=billing_day)
    for one in records[1:]:
        assert sessions.matches(session, one)
        session, _ = sessions.take(session, one)
    return session


def fold(records: Iterable[Record], *, time_zone: str = "UTC", billing_day: int = 1) -> list[Session]:
    """Return the sessions that these records tell of, in the order in which they were heard of."""
    found: list[Session] = []
    for one in records:
        if one.kind in ("on", "off"):
            found = [sessions.close_for_reboot(session, one) or session for session in found]
            continue
        place = next((at for at, session in enumerate(found) if sessions.matches(session, one)), None)
        if place is None:
            found.append(begin(one, time_zone=time_zone, billing_day=billing_day))
        else:
            found[place], _ = sessions.take(found[place], one)
    return found


def at(zone: str, *wall: int, fold: int = 0) -> int:
    """Return the moment at which the clock of that zone shows this."""
    return int(datetime(*wall, tzinfo=ZoneInfo(zone), fold=fold).timestamp())  # type: ignore[misc, arg-type]
