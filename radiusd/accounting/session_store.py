"""Sessions in PostgreSQL: those that a batch may concern are read, and what has become of them is written.

Every statement is about a whole batch. Interims, nearly all there is, go the narrow way: what counts on, copied into a
temporary table and from there into the rows in place (HOT: no index has those columns). Whatever opens, closes, comes
back or learns something new goes the wide way, with every column. A session keeps its id when it moves between
`session` and `session_history`.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import orjson
from psycopg2.extensions import cursor

from policies.accounting.record import Record
from policies.accounting.session import Point, Session
from radiusd.accounting import copying
from radiusd.accounting.copying import number, text, words
from radiusd.accounting.working import Held, Working, identity

BACK_SECONDS = 31 * 86_400  # a session closed longer ago than this before a record is not looked for

# in the order of Session's fields, after id and account_id
_READ = (
    "id, account_id, user_name, host(nas_address), acct_session_id, session_class,"
    " date_part('epoch', started_at)::bigint, date_part('epoch', last_heard_at)::bigint, time_zone, billing_day,"
    " interim_seconds, port, calling_station_id, called_station_id, host(ipv4_address), ipv6_prefix::text,"
    " delegated_ipv6_prefix::text, session_seconds, octets_in, octets_out, flags, points::text, state"
)
_OPEN = f"SELECT {_READ}, NULL::bigint, NULL FROM session"  # noqa: S608 - our own columns
_CLOSED = f"SELECT {_READ}, date_part('epoch', stopped_at)::bigint, terminate_cause FROM session_history"  # noqa: S608
_BY_KEY = (
    "JOIN unnest(%(nas)s::inet[], %(sid)s::text[], %(user)s::text[]) AS key (nas, sid, who)"
    " ON nas_address = nas AND acct_session_id = sid AND user_name = who"
)
_NOT_BEFORE = "stopped_at >= to_timestamp(%(not_before)s)"

_FIND_OPEN = f"{_OPEN} WHERE session_class = ANY(%(classes)s) UNION ALL {_OPEN} {_BY_KEY}"
_FIND_CLOSED = (
    f"{_OPEN} {_BY_KEY}"
    f" UNION ALL {_CLOSED} WHERE session_class = ANY(%(classes)s) AND {_NOT_BEFORE}"
    f" UNION ALL {_CLOSED} {_BY_KEY} WHERE {_NOT_BEFORE}"
)
_FIND_OF_NAS = (
    f"{_OPEN} WHERE nas_address = ANY(%(nas)s::inet[])"
    f" UNION ALL {_CLOSED} WHERE nas_address = ANY(%(nas)s::inet[]) AND state = 'rebooted' AND {_NOT_BEFORE}"
)
_FIND_BY_ID = f"{_OPEN} WHERE id = ANY(%s)"

# what an interim leaves as it is; a change of it is a new row, of which the hook is told
_lasting_of = attrgetter(
    *("user_name", "nas_address", "acct_session_id", "session_class", "time_zone", "billing_day"),
    *("interim_seconds", "port", "calling_station_id", "called_station_id", "ipv4_address", "ipv6_prefix"),
    *("delegated_ipv6_prefix", "state"),
)
_COLUMNS = (
    "account_id, user_name, nas_address, acct_session_id, session_class, started_at, time_zone, billing_day,"
    " interim_seconds, port, calling_station_id, called_station_id, ipv4_address, ipv6_prefix, delegated_ipv6_prefix,"
    " last_heard_at, session_seconds, octets_in, octets_out, flags, points"
)
_VALUES = (
    "account_id, user_name, nas_address, acct_session_id, session_class, to_timestamp(started_at), time_zone,"
    " billing_day, interim_seconds, port, calling_station_id, called_station_id, ipv4_address, network(ipv6_prefix),"
    " network(delegated_ipv6_prefix), to_timestamp(last_heard_at), session_seconds, octets_in, octets_out, flags,"
    " points"
)
_SET_UP = """
CREATE TEMPORARY TABLE counted (
    id bigint, started_at bigint, last_heard_at bigint, session_seconds bigint, octets_in bigint, octets_out bigint,
    flags text[], points jsonb) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE changed (
    id bigint, started_at bigint, last_heard_at bigint, session_seconds bigint, octets_in bigint, octets_out bigint,
    flags text[], points jsonb, was_stopped_at bigint, account_id bigint, user_name text, nas_address inet,
    acct_session_id text, session_class text, time_zone text, billing_day smallint, interim_seconds integer, port text,
    calling_station_id text, called_station_id text, ipv4_address inet, ipv6_prefix inet, delegated_ipv6_prefix inet,
    state text, stopped_at bigint, terminate_cause text) ON COMMIT DELETE ROWS;
"""
_COUNT_ON = """
UPDATE session SET started_at = to_timestamp(counted.started_at),
    last_heard_at = to_timestamp(counted.last_heard_at), session_seconds = counted.session_seconds,
    octets_in = counted.octets_in, octets_out = counted.octets_out, flags = counted.flags, points = counted.points
FROM counted WHERE session.id = counted.id
"""
_REMOVE_OPEN = "DELETE FROM session USING changed WHERE session.id = changed.id AND was_stopped_at IS NULL"
_REMOVE_CLOSED = (
    "DELETE FROM session_history AS history USING changed"
    " WHERE history.id = changed.id AND history.stopped_at = to_timestamp(was_stopped_at)"
)
_PUT_OPEN = (
    f"INSERT INTO session (id, {_COLUMNS}) OVERRIDING SYSTEM VALUE"  # noqa: S608
    f" SELECT coalesce(id, nextval('session_id_seq')), {_VALUES} FROM changed WHERE state = 'open'"
)
_PUT_CLOSED = (
    f"INSERT INTO session_history (id, {_COLUMNS}, stopped_at, terminate_cause, state)"  # noqa: S608
    f" SELECT coalesce(id, nextval('session_id_seq')), {_VALUES}, to_timestamp(stopped_at), terminate_cause, state"
    " FROM changed WHERE state <> 'open'"
)


def set_up(cur: cursor) -> None:
    """Make the temporary tables of a connection."""
    cur.execute(_SET_UP)


def load(cur: cursor, records: Sequence[Record]) -> tuple[Working, list[Record]]:
    """Read every session that one of these records may belong to, or end (`on`, `off`).

    Return with them the records that belong to none, unless to one that another record of the batch begins.
    """
    working = Working()
    of_sessions = [record for record in records if record.kind not in ("on", "off")]
    _add(cur, working, _FIND_OPEN, _keys(of_sessions, with_class=False))
    strangers = [record for record in of_sessions if working.find(record) is None]
    if strangers:
        not_before = min(record.event_at for record in strangers) - BACK_SECONDS
        _add(cur, working, _FIND_CLOSED, {**_keys(strangers, with_class=True), "not_before": not_before})
    reboots = [record for record in records if record.kind in ("on", "off")]
    if reboots:
        not_before = min(record.event_at for record in reboots)
        nas_addresses = list({record.nas_address for record in reboots})
        _add(cur, working, _FIND_OF_NAS, {"nas": nas_addresses, "not_before": not_before})
    return working, [record for record in strangers if working.find(record) is None]


def load_by_id(cur: cursor, ids: Sequence[int]) -> Working:
    """Read the open sessions with these ids."""
    working = Working()
    _add(cur, working, _FIND_BY_ID, (list(ids),))
    return working


def write(cur: cursor, several: Iterable[Held]) -> None:
    """Write what has become of these sessions."""
    counted: list[str] = []
    changed: list[tuple[Held, str]] = []
    for held in several:
        if held.is_changed:
            if _only_counts(held):
                counted.append(_counting(held) + "\n")
            else:
                changed.append((held, _counting(held) + _lasting(held)))
    if counted:
        copying.into(cur, "counted", counted)
        cur.execute(_COUNT_ON)
    if changed:
        copying.into(cur, "changed", (line for _, line in changed))
        for statement in _moves([held for held, _ in changed]):
            cur.execute(statement)


def _moves(several: Sequence[Held]) -> Iterator[str]:
    before = [held.before.state == "open" for held in several if held.before is not None]
    after = [held.session.state == "open" for held in several]
    if any(before):
        yield _REMOVE_OPEN
    if not all(before):
        yield _REMOVE_CLOSED
    if any(after):
        yield _PUT_OPEN
    if not all(after):
        yield _PUT_CLOSED


def _keys(records: Iterable[Record], *, with_class: bool) -> dict[str, list[str]]:
    """Return what to look for. With a Class of ours, the identity is asked for where nothing has that Class only."""
    classes = {record.session_class for record in records if record.session_class is not None}
    keys = {identity(record) for record in records if with_class or record.session_class is None}
    nas, sid, user = zip(*keys, strict=True) if keys else ((), (), ())
    return {"classes": list(classes), "nas": list(nas), "sid": list(sid), "user": list(user)}


def _add(cur: cursor, working: Working, statement: str, arguments: Any) -> None:
    cur.execute(statement, arguments)
    for row in cur.fetchall():
        fields: Any = (*row[2:20], frozenset(row[20]), _points(row[21]), *row[22:])
        session = Session(*fields)
        working.add(Held(session, before=session, id=row[0], account_id=row[1]))


def _points(stored: str) -> tuple[Point, ...]:
    return tuple(map(Point._make, orjson.loads(stored)))


def _only_counts(held: Held) -> bool:
    before, session = held.before, held.session
    return before is not None and session.state == "open" and _lasting_of(before) == _lasting_of(session)


def _counting(held: Held) -> str:
    one = held.session
    points = ",".join([f"[{at},{into},{out},{'true' if wide else 'false'}]" for at, into, out, wide in one.points])
    return (
        f"{number(held.id)}\t{one.started_at}\t{one.last_heard_at}\t{one.session_seconds}\t{one.octets_in}\t{one.octets_out}"
        f"\t{words(one.flags)}\t[{points}]"
    )


def _lasting(held: Held) -> str:
    one = held.session
    return "\t".join(
        (
            *("", number(held.before.stopped_at if held.before else None), number(held.account_id)),
            *(text(one.user_name), text(one.nas_address), text(one.acct_session_id), text(one.session_class)),
            *(text(one.time_zone), number(one.billing_day), number(one.interim_seconds)),
            *(text(one.port), text(one.calling_station_id), text(one.called_station_id), text(one.ipv4_address)),
            *(text(one.ipv6_prefix), text(one.delegated_ipv6_prefix), one.state, number(one.stopped_at)),
            text(one.terminate_cause) + "\n",
        )
    )
