"""Which sessions have to be looked at: those that a change concerns, and those for whom a moment has come.

The change log is read as the hook's feed reads it (radiusd/source.py): what could not be seen at the last reading is
new, however late it was committed. A reader that is too far behind, or whose database is another one now, looks at all.

Session-Timeout ends most sessions at their account's last second; those still there some seconds later are looked at.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import writings

EXPIRY_GRACE = timedelta(seconds=5)
_MANY = 50_000  # changes beyond which looking at all sessions is quicker

_POSITION = text("""
    SELECT snapshot::text, looked_until, pg_current_snapshot()::text,
           floor.xid >= pg_snapshot_xmin(snapshot)
           OR pg_snapshot_xmax(snapshot) > pg_snapshot_xmax(pg_current_snapshot())
    FROM enforcement_position, change_log_floor AS floor
""")
_MOVE = text("UPDATE enforcement_position SET snapshot = CAST(:snapshot AS pg_snapshot), looked_until = :looked_until")
_LOGGED = text("""
    SELECT DISTINCT relation, key FROM change_log
    WHERE xid >= pg_snapshot_xmin(CAST(:snapshot AS pg_snapshot))
     AND NOT pg_visible_in_snapshot(xid, CAST(:snapshot AS pg_snapshot)) AND relation = ANY(:relations) LIMIT :most
""")
_ALL = text("SELECT id FROM session WHERE account_id IS NOT NULL ORDER BY id")
_CUSTOMERS = """
    WITH RECURSIVE concerned AS (
        SELECT id FROM customer WHERE {where}
        UNION SELECT customer.id FROM customer JOIN concerned ON customer.parent_id = concerned.id)
    SELECT session.id FROM session JOIN account ON account.id = account_id JOIN concerned ON concerned.id = customer_id
"""
_ACCOUNTS = "SELECT session.id FROM session JOIN account ON account.id = account_id WHERE "
# joined, not `= ANY`: a long list of names fell into the index of parts of names, 38 s for ten thousand
_NAMED = """
    SELECT session.id FROM unnest(CAST(:keys AS text[])) AS changed (user_name)
    JOIN account ON account.user_name = changed.user_name JOIN session ON account_id = account.id
"""
_BOTH_PACKAGES = """
    account.package_id = ANY(:ids) OR account.id IN (
        SELECT account_id FROM package_change
        WHERE package_id = ANY(:ids) AND applied_at IS NULL AND cancelled_at IS NULL)
"""
_DEVICES = """
    SELECT session.id FROM session JOIN unnest(CAST(:starts AS text[]), CAST(:ends AS text[])) AS mac (start, behind)
     ON calling_station_id ~>=~ start AND calling_station_id ~<~ behind
    UNION SELECT session.id FROM session JOIN device ON device.account_id = session.account_id
          WHERE mac = ANY(CAST(:macs AS macaddr[]))
"""
# by what the change log calls rows, with the parameter that its keys are
_CONCERNED = {
    "account": (text(_NAMED), "keys"),
    "customer": (text(_CUSTOMERS.format(where="id = ANY(:ids)")), "ids"),
    "group": (text(_CUSTOMERS.format(where="group_id = ANY(:ids)")), "ids"),
    "package": (text(_ACCOUNTS + f"({_BOTH_PACKAGES})"), "ids"),
    "nas": (
        text(
            "SELECT session.id FROM session LEFT JOIN nas ON nas.address = nas_address"
            " WHERE nas.id = ANY(:ids) OR nas.id IS NULL"
        ),
        "ids",
    ),
    "session": (text("SELECT id FROM session WHERE id = ANY(:ids)"), "ids"),
    "disconnect": (text("SELECT id FROM session WHERE id = ANY(:ids)"), "ids"),
    "device": (text(_DEVICES), "macs"),
}
_MOMENTS = (
    text(_ACCOUNTS + "account.expires_at > :since AND account.expires_at <= :until"),
    text(_CUSTOMERS.format(where="expires_at > :since AND expires_at <= :until")),
    text(
        "SELECT session.id FROM session JOIN package_change AS coming ON coming.account_id = session.account_id"
        " WHERE activates_at > :since AND activates_at <= :until AND applied_at IS NULL AND cancelled_at IS NULL"
    ),
)


class Concerned(NamedTuple):
    """Sessions to be looked at, and where the next reading begins."""

    session_ids: list[int]
    snapshot: str
    looked_until: datetime


def read(session: Session, at: datetime) -> Concerned:
    """Return the sessions that are to be looked at by `at`; take away what was known of those that are over."""
    since, looked_until, snapshot, is_lost = session.execute(_POSITION).tuples().one()
    until = max(looked_until, at - EXPIRY_GRACE)
    logged = {} if is_lost else _logged(session, since)
    if logged is None or is_lost or any("*" in keys for keys in logged.values()):
        _take_away(session, None)
        return Concerned(list(session.scalars(_ALL)), snapshot, until)
    found = set(_by_moment(session, looked_until, until))
    for relation, keys in logged.items():
        statement, parameter = _CONCERNED[relation]
        found.update(session.scalars(statement, _parameters(parameter, keys)))
    if "session" in logged:
        _take_away(session, [int(key) for key in logged["session"]])
    return Concerned(sorted(found), snapshot, until)


def move(session: Session, concerned: Concerned) -> None:
    """Note that those have been looked at."""
    session.execute(_MOVE, {"snapshot": concerned.snapshot, "looked_until": concerned.looked_until})


def _by_moment(session: Session, since: datetime, until: datetime) -> Iterator[int]:
    """Yield the sessions of those for whom a moment has come after `since`."""
    for statement in _MOMENTS if until > since else ():
        yield from session.scalars(statement, {"since": since, "until": until})


def _logged(session: Session, since: str) -> Mapping[str, list[str]] | None:
    """Return the keys of what has changed, by relation; None where that is too much."""
    asked = {"snapshot": since, "relations": list(_CONCERNED), "most": _MANY + 1}
    rows = session.execute(_LOGGED, asked).tuples().all()
    if len(rows) > _MANY:
        return None
    logged: dict[str, list[str]] = defaultdict(list)
    for relation, key in rows:
        logged[relation].append(key)
    return logged


def _parameters(name: str, keys: list[str]) -> dict[str, list[str] | list[int]]:
    if name == "ids":
        return {"ids": [int(key) for key in keys]}
    if name == "macs":
        ways = [way for key in keys for way in writings.mac_ways(key)]
        return {"macs": keys, "starts": ways, "ends": [writings.end_of_prefix(way) for way in ways]}
    return {name: keys}


def _take_away(session: Session, ids: list[int] | None) -> None:
    """Forget what was known of sessions that are over: of these, None: of any."""
    for table in ("session_treatment", "disconnect_order"):
        which = "true" if ids is None else "gone.session_id = ANY(:ids)"
        statement = (
            f"DELETE FROM {table} AS gone WHERE {which}"  # noqa: S608 - our own words
            " AND NOT EXISTS (SELECT FROM session WHERE session.id = gone.session_id)"
        )
        session.execute(text(statement), {} if ids is None else {"ids": ids})
