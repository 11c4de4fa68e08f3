"""Open rows of radacct as open sessions, so that usage goes on from where it stood.

Counters are cumulative, and usage is what they grow by (policies/accounting/usage.py). A session that is taken over
begins here with one point, its last counters; so its next interim counts the difference only, and what was used before
stays the old server's to account for. The rules by which a record finds its session are those of any other.
"""

import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session as Transaction

from provisioning.errors import Forbidden
from provisioning.importing.recorder import Recorder
from provisioning.migration.meaning import Remark
from provisioning.migration.report import Report
from provisioning.models import Account, Customer, Installation, Session

_AT_ONCE = 1000
_GHOST_SECONDS = 86_400
_KNOWN = text("SELECT host(nas_address), acct_session_id, user_name FROM session")
_ENDED = text(
    "SELECT host(nas_address), acct_session_id, user_name FROM session_history"
    " WHERE stopped_at > now() - interval '7 days'"
)
_MAY = text("SELECT has_table_privilege('session', 'INSERT')")


def take(
    transaction: Transaction, recorder: Recorder, report: Report, sessions: list[Mapping[str, Any]], now: float
) -> int:
    """Open the sessions that are not there yet; return how many. One not heard of for a day is a ghost, and left."""
    rows = _rows(transaction, report, sessions, now)
    if rows and not transaction.execute(_MAY).scalar_one():
        raise Forbidden("only the database's owner may open sessions", "Leave them: --no-sessions.")
    for at in range(0, len(rows), _AT_ONCE):
        made = transaction.scalars(insert(Session).returning(Session.id), rows[at : at + _AT_ONCE])
        recorder.added(Session, id=list(made))
    return len(rows)


def _rows(
    transaction: Transaction, report: Report, sessions: list[Mapping[str, Any]], now: float
) -> list[dict[str, Any]]:
    known = {tuple(row) for query in (_KNOWN, _ENDED) for row in transaction.execute(query)} if sessions else set()
    accounts = _accounts(transaction) if sessions else {}
    rows = []
    for one in sessions:
        why = _why_not(one, accounts, now)
        identity = (_address(one["nasipaddress"]), one["acctsessionid"], one["username"])
        if why is not None:
            report.add(str(one["username"]), Remark("note", "radacct", why))
        elif identity not in known:
            known.add(identity)
            rows.append(_row(one, *accounts[one["username"]]))
    return rows


def _accounts(transaction: Transaction) -> dict[str, tuple[int, str, int]]:
    """Return each account's id, time zone and billing day, by user name."""
    zone = transaction.scalars(select(Installation.time_zone)).one()
    query = select(Account.user_name, Account.id, Customer.time_zone, Customer.billing_day).join(
        Customer, Customer.id == Account.customer_id
    )
    return {name: (row_id, own or zone, day) for name, row_id, own, day in transaction.execute(query).tuples()}


def _why_not(one: Mapping[str, Any], accounts: Mapping[str, Any], now: float) -> str | None:
    if one["username"] not in accounts:
        return "an open session of nobody who was taken over"
    if _address(one["nasipaddress"]) is None or not one["acctsessionid"] or one["acctstarttime"] is None:
        return "an open session without router, id or beginning"
    if now - _heard_at(one) > _GHOST_SECONDS:
        return "an open session that was not heard of for a day: a ghost"
    return None


def _heard_at(one: Mapping[str, Any]) -> int:
    started_at = int(one["acctstarttime"])
    return max(started_at, int(one["acctupdatetime"] or 0), started_at + int(one["acctsessiontime"] or 0))


def _row(one: Mapping[str, Any], account_id: int, time_zone: str, billing_day: int) -> dict[str, Any]:
    heard_at = _heard_at(one)
    octets_in, octets_out = (max(0, int(one[key] or 0)) for key in ("acctinputoctets", "acctoutputoctets"))
    return {
        "user_name": one["username"],
        "account_id": account_id,
        "nas_address": _address(one["nasipaddress"]),
        "acct_session_id": one["acctsessionid"],
        "port": one["nasportid"],
        "started_at": _moment(int(one["acctstarttime"])),
        "last_heard_at": _moment(heard_at),
        "session_seconds": heard_at - int(one["acctstarttime"]),
        "calling_station_id": one["callingstationid"],
        "called_station_id": one["calledstationid"],
        "ipv4_address": _address(one["framedipaddress"]),
        "ipv6_prefix": _prefix(one["framedipv6prefix"]),
        "delegated_ipv6_prefix": _prefix(one["delegatedipv6prefix"]),
        "octets_in": octets_in,
        "octets_out": octets_out,
        "time_zone": time_zone,
        "billing_day": billing_day,
        "flags": [],
        "points": [[heard_at, octets_in, octets_out, True]],
    }


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _address(value: str | None) -> str | None:
    try:
        return str(ipaddress.ip_interface(value).ip) if value else None
    except ValueError:
        return None


def _prefix(value: str | None) -> str | None:
    try:
        return str(ipaddress.ip_network(value, strict=False)) if value else None
    except ValueError:
        return None
