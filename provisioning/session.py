"""Sessions as accounting tells them: open ones, and closed ones by month. Read only; radiusd's fold writes them.

Every query is answered from indexes, and from the monthly partitions in question alone: a filter names rows by account,
router, address or device, a page begins behind a session that is named by its id, and a time bounds the months.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import addresses, moments, writings
from provisioning import nas as routers
from provisioning.acts import check_may_view
from provisioning.errors import BadInput, NotFound, OperatorError

View = dict[str, Any]

_OPEN, _CLOSED = "session", "session_history"
_BY = {_OPEN: "started_at", _CLOSED: "stopped_at"}  # what the pages of each are sorted by, newest first

_COLUMNS = """
    s.id, s.user_name, customer.code AS customer, coalesce(nas.name, host(s.nas_address)) AS nas,
    host(s.nas_address) AS nas_address, host(s.ipv4_address) AS ipv4_address, s.ipv6_prefix::text AS ipv6_prefix,
    s.delegated_ipv6_prefix::text AS delegated_ipv6_prefix, s.calling_station_id, s.called_station_id, s.port, s.state,
    s.started_at, s.last_heard_at, {stopped_at} AS stopped_at, {cause} AS terminate_cause,
    greatest(0, extract(epoch FROM coalesce({stopped_at}, now()) - s.started_at))::bigint AS duration_seconds,
    greatest(s.session_seconds, extract(epoch FROM s.last_heard_at - s.started_at))::bigint AS session_seconds,
    s.octets_in, s.octets_out, s.interim_seconds, s.acct_session_id, s.session_class, s.time_zone, s.billing_day,
    s.flags
"""
_JOINS = """
    LEFT JOIN account ON account.id = s.account_id
    LEFT JOIN customer ON customer.id = account.customer_id
    LEFT JOIN nas ON nas.address = s.nas_address
"""


@dataclass(frozen=True)
class Wanted:
    """Which sessions: of these accounts (None: of all), on this router, with this address or prefix, of this device.

    `since` and `until`: when an open one began, or a closed one ended.
    """

    account_ids: Sequence[int] | None = None
    nas_address: str | None = None
    ip: str | None = None
    mac: str | None = None  # aa:bb:cc:dd:ee:ff
    since: datetime | None = None
    until: datetime | None = None


def opened(session: Session, wanted: Wanted, *, after: int | None = None, limit: int = 100) -> list[View]:
    """Return open sessions, the last begun first, from the one behind id `after` on."""
    return _page(session, _OPEN, wanted, after, limit)


def closed(session: Session, wanted: Wanted, *, after: int | None = None, limit: int = 100) -> list[View]:
    """Return closed sessions, the last ended first, from behind id `after` on; `wanted.since` bounds the months."""
    return _page(session, _CLOSED, wanted, after, limit)


def find(session: Session, session_id: int) -> View:
    """Return a session, open or closed; raise `NotFound`."""
    check_may_view(session, "session")
    for table in (_OPEN, _CLOSED):
        query = text(f"SELECT {_columns(table)} FROM {table} AS s {_JOINS} WHERE s.id = :id LIMIT 1")  # noqa: S608
        row = session.execute(query, {"id": session_id}).mappings().first()
        if row is not None:
            return _view(row)
    raise NotFound(
        f"no session has the id {session_id}", "List them with: tollkeeper session list, or session history."
    )


def count_open(session: Session, account_ids: Sequence[int]) -> int:
    """Return how many sessions of these accounts are open."""
    query = text("SELECT count(*) FROM session WHERE account_id = ANY(:ids)")
    return int(session.execute(query, {"ids": list(account_ids)}).scalar_one())


def nas_address(session: Session, typed: str) -> str:
    """Return the address of a NAS by its name, or an address as it is, also of one that is no longer there."""
    try:
        return addresses.host(typed)
    except BadInput:
        return routers.find(session, typed).address


def parse_ip(typed: str) -> str:
    """Return an IPv4 or IPv6 address, or an IPv6 prefix, in its usual writing."""
    try:
        return addresses.ipv6_prefix(typed) if "/" in typed else addresses.host(typed)
    except OperatorError as exc:
        hint = "Write it as 192.0.2.1, 2001:db8::1 or 2001:db8:1::/64."
        raise BadInput(f"{typed!r} is not an IP address or IPv6 prefix", hint) from exc


def resolve(session: Session, moment: Any, time_zone: str | None = None) -> datetime | None:
    """Return a moment that may not have been given; a bare date begins in the time zone, else in the provider's."""
    return None if moment is None else moments.resolve(session, moment, time_zone)


def statement(
    table: str, wanted: Wanted, cursor: tuple[datetime, int] | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """Return a page's query and its parameters: what is looked for first, and only then what it belongs to.

    An address or a device has few sessions, which PostgreSQL cannot know: it would rather read all of a table in the
    order of the page until enough have been met. So those few are read first, and sorted.
    """
    by = _BY[table]
    conditions = dict(_conditions(by, wanted))
    where = " AND ".join(conditions) or "true"
    behind = "true"
    if cursor is not None:
        behind = f"({by}, id) < (:after_at, :after_id)"
        conditions[behind] = {"after_at": cursor[0], "after_id": cursor[1]}
    fence = "MATERIALIZED" if wanted.ip or wanted.mac else "NOT MATERIALIZED"
    query = f"""
        WITH found AS {fence} (SELECT * FROM {table} WHERE {where}),
        page AS (SELECT * FROM found WHERE {behind} ORDER BY {by} DESC, id DESC LIMIT :limit)
        SELECT {_columns(table)} FROM page AS s {_JOINS} ORDER BY s.{by} DESC, s.id DESC"""  # noqa: S608
    return query, {"limit": limit, **{key: value for given in conditions.values() for key, value in given.items()}}


def _page(session: Session, table: str, wanted: Wanted, after: int | None, limit: int) -> list[View]:
    check_may_view(session, "session")
    cursor = None if after is None else (find(session, after)[_BY[table]], after)
    if cursor is not None and cursor[0] is None:
        raise BadInput(f"session {after} is still open", "Start behind one that is closed, or leave --after out.")
    query, parameters = statement(table, wanted, cursor, limit)
    return [_view(row) for row in session.execute(text(query), parameters).mappings()]


def _conditions(by: str, wanted: Wanted) -> Iterator[tuple[str, dict[str, Any]]]:
    if wanted.account_ids is not None:
        yield "account_id = ANY(:account_ids)", {"account_ids": list(wanted.account_ids)}
    if wanted.nas_address is not None:
        yield "nas_address = CAST(:nas_address AS inet)", {"nas_address": wanted.nas_address}
    if wanted.mac is not None:
        yield _device(wanted.mac)
    if wanted.ip is not None:
        yield _address(wanted.ip)
    if wanted.since is not None:
        yield f"{by} >= :since", {"since": wanted.since}
    if wanted.until is not None:
        yield f"{by} < :until", {"until": wanted.until}


def _device(mac: str) -> tuple[str, dict[str, Any]]:
    """Return a condition that a B-tree answers under row-level security too, as LIKE would not be (not leakproof)."""
    ways = writings.mac_ways(mac)
    values = {f"mac{number}": way for number, way in enumerate(ways)}
    values |= {f"behind{number}": writings.end_of_prefix(way) for number, way in enumerate(ways)}
    ranges = (
        f"calling_station_id ~>=~ :mac{number} AND calling_station_id ~<~ :behind{number}"
        for number in range(len(ways))
    )
    return f"({' OR '.join(ranges)})", values


def _address(ip: str) -> tuple[str, dict[str, Any]]:
    """Return a condition that a B-tree answers: of IPv6, every prefix that the address can be in is looked for."""
    network = ipaddress.ip_network(ip)
    if network.version == 4:
        return "ipv4_address = CAST(:ip AS inet)", {"ip": ip}
    around = writings.networks_around(ip)
    both = ("ipv6_prefix", "delegated_ipv6_prefix")
    found = " OR ".join(f"{column} = ANY(CAST(:around AS cidr[]))" for column in both)
    return f"({found})", {"around": around}


def _columns(table: str) -> str:
    if table == _CLOSED:
        return _COLUMNS.format(stopped_at="s.stopped_at", cause="s.terminate_cause")
    return _COLUMNS.format(stopped_at="CAST(NULL AS timestamptz)", cause="CAST(NULL AS text)")


def _view(row: Mapping[Any, Any]) -> View:
    """Return the row with its average rates, over the time that was accounted for."""
    seconds = row["session_seconds"]
    return dict(row) | {
        "average_upload_bps": row["octets_in"] * 8 // seconds if seconds > 0 else None,
        "average_download_bps": row["octets_out"] * 8 // seconds if seconds > 0 else None,
    }
