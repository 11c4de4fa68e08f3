"""Whether every accounting record is accounted for, and those that nobody could understand.

received = applied + duplicate + superseded + quarantined + waiting, for every node and every UTC day on which records
arrived. What became of a record is counted by radiusd's fold, in the transaction that applies it; what was received by
accountingd, in the transaction that spools it. A record that is replayed was received once more.
"""

import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from provisioning import accountingd, intent, spool
from provisioning.acts import act, check_may_view
from provisioning.errors import NotFound
from provisioning.models import AccountingQuarantine

_TRIES, _PAUSE_SECONDS = 20, 0.05


class Fates(NamedTuple):
    """What became of records, in numbers."""

    applied: int = 0
    duplicate: int = 0
    superseded: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Balance:
    """One node's day, or a sum of them. `received` and `waiting` are None where the spool is on another machine."""

    node: str
    day: date | None
    received: int | None
    fates: Fates
    waiting: int | None

    @property
    def missing(self) -> int | None:
        """Return how many more were received than are accounted for; None where that is not known here."""
        if self.received is None or self.waiting is None:
            return None
        return self.received - self.waiting - sum(self.fates)


class _Folded(NamedTuple):
    node: str
    last_spool_id: int
    day: date | None
    fates: Fates


def node_name() -> str:
    """Return what this node is called in the database: TOLLKEEPER_NODE, else as its fold says, else as the machine."""
    return os.environ.get("TOLLKEEPER_NODE") or accountingd.said_node() or socket.gethostname()


def balance(session: Session) -> list[Balance]:
    """Return every node's days, in order. A node other than this one is known by what it has folded alone."""
    if not spool.path().exists():
        return [_elsewhere(folded) for folded in _folded(session) if folded.day is not None]
    for attempt in range(_TRIES):
        time.sleep(_PAUSE_SECONDS if attempt else 0)
        with spool.snapshot() as seen:
            # one statement: where each fold is and what it has counted belong together
            folded = _folded(session)
            mine = [one for one in folded if one.node == node_name()]
            last_spool_id = max((one.last_spool_id for one in mine), default=0)
            if last_spool_id <= seen.last_given_id or attempt == _TRIES - 1:  # else it has folded what came meanwhile
                here = _here(seen, mine, seen.waiting(last_spool_id))
                break
    others = (_elsewhere(one) for one in folded if one.node != node_name() and one.day is not None)
    return sorted([*here, *others], key=lambda one: (one.node, one.day or date.min))


def total(balances: Iterable[Balance], *, node: str = "all", day: date | None = None) -> Balance:
    """Return the sum of what can be compared: of days whose spool is on this machine."""
    known = [one for one in balances if one.missing is not None]
    fates = Fates(*(sum(counts) for counts in zip(*(one.fates for one in known), strict=True)))
    return Balance(node, day, sum(one.received or 0 for one in known), fates, sum(one.waiting or 0 for one in known))


def last_spool_id(session: Session) -> int:
    """Return up to where this node's spool has been folded; 0 for not at all."""
    query = text("SELECT coalesce(max(last_spool_id), 0) FROM accounting_node WHERE node = :node")
    return int(session.execute(query, {"node": node_name()}).scalar_one())


def quarantined(
    session: Session,
    *,
    node: str | None = None,
    reason: str | None = None,
    day: date | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[AccountingQuarantine]:
    """Return records in quarantine, the latest first, from behind id `after` on. `reason` may be a part of it."""
    check_may_view(session, "accounting")
    query = _filtered(node, reason, day).order_by(AccountingQuarantine.id.desc()).limit(limit)
    if after is not None:
        query = query.where(AccountingQuarantine.id < after)
    return list(session.scalars(query))


def quarantine_counts(session: Session, *, node: str | None, reason: str | None, day: date | None) -> list[Any]:
    """Return how many there are in quarantine: rows of day (UTC), node, reason, number."""
    check_may_view(session, "accounting")
    found = _filtered(node, reason, day).subquery()
    arrived_on = func.date(func.timezone("UTC", found.c.received_at)).label("day")
    query = select(arrived_on, found.c.node, found.c.reason, func.count().label("number")).group_by(
        arrived_on, found.c.node, found.c.reason
    )
    return list(session.execute(query.order_by(arrived_on.desc(), func.count().desc(), found.c.reason)))


def find(session: Session, quarantine_id: int) -> AccountingQuarantine:
    """Return one record in quarantine; raise `NotFound`."""
    check_may_view(session, "accounting")
    found = session.get(AccountingQuarantine, quarantine_id)
    if found is None:
        raise NotFound(
            f"no record in quarantine has the id {quarantine_id}", "List them: tollkeeper accounting quarantine list."
        )
    return found


@act("accounting")
def replay(session: Session, ids: Sequence[int]) -> list[int]:
    """Put records back into this node's spool, as if they had come now, with the time of their first arrival.

    Return the ids of those that were still there. They leave quarantine with the caller's commit: a crash in between
    leaves them in both, and the fold will know the second copy for a duplicate.
    """
    rows = _locked(session, ids)
    if not intent.current().dry_run:
        spool.append([(row.received_at.timestamp(), row.body.encode()) for row in rows])
    return _remove(session, rows)


@act("accounting")
def drop(session: Session, ids: Sequence[int]) -> list[int]:
    """Remove records from quarantine for good; return the ids of those that were there. Their count stays."""
    return _remove(session, _locked(session, ids))


def every_id(session: Session) -> list[int]:
    """Return the ids of all that is in quarantine, the oldest first."""
    check_may_view(session, "accounting")
    return list(session.scalars(select(AccountingQuarantine.id).order_by(AccountingQuarantine.id)))


def _folded(session: Session) -> list[_Folded]:
    query = text(
        "SELECT node, last_spool_id, received_on, applied, duplicate, superseded, quarantined"
        " FROM accounting_node LEFT JOIN accounting_day USING (node) ORDER BY node, received_on"
    )
    return [
        _Folded(row[0], row[1], row[2], Fates(*(number or 0 for number in row[3:])))
        for row in session.execute(query).tuples()
    ]


def _elsewhere(folded: _Folded) -> Balance:
    return Balance(folded.node, folded.day, None, folded.fates, None)


def _here(seen: spool.Snapshot, mine: Sequence[_Folded], waiting: dict[date, int]) -> Iterator[Balance]:
    fates = {one.day: one.fates for one in mine if one.day is not None}
    for day in sorted({*seen.received, *fates, *waiting}):
        yield Balance(node_name(), day, seen.received.get(day, 0), fates.get(day, Fates()), waiting.get(day, 0))


def _filtered(node: str | None, reason: str | None, day: date | None) -> Any:
    query = select(AccountingQuarantine)
    if node is not None:
        query = query.where(AccountingQuarantine.node == node)
    if reason is not None:
        query = query.where(AccountingQuarantine.reason.contains(reason, autoescape=True))
    if day is not None:
        query = query.where(func.date(func.timezone("UTC", AccountingQuarantine.received_at)) == day)
    return query


def _locked(session: Session, ids: Sequence[int]) -> list[AccountingQuarantine]:
    """Lock rows, so that nobody else takes them meanwhile; those that are gone already are left out."""
    query = select(AccountingQuarantine).where(AccountingQuarantine.id.in_(ids))
    return list(session.scalars(query.order_by(AccountingQuarantine.id).with_for_update()))


def _remove(session: Session, rows: Sequence[AccountingQuarantine]) -> list[int]:
    ids = [row.id for row in rows]
    session.execute(delete(AccountingQuarantine).where(AccountingQuarantine.id.in_(ids)))
    return ids
