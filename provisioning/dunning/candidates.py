"""Who is to be suspended for debt at a moment, and suspending them.

Whoever suspends first locks the customers, then looks again: a payment locks its customer too (schema.sql,
end_suspension_of_payer), so that of the two who comes second sees what the first has done.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from provisioning.dunning.terms import DUE_INVOICES, DUNNED, INVOICES, OPEN, OPEN_CENTS, SUSPENSION_DAYS, ZONE


class Candidate(NamedTuple):
    """A customer to be suspended, its invoice that has been due longest, and all that it owes of what counts."""

    customer_id: int
    invoice: str
    due_on: date
    owed_cents: int


# a promise holds until the dunning moment after its day
_CANDIDATES = f"""
    SELECT customer.id AS customer_id, (array_agg(number ORDER BY due_on, invoice.id))[1] AS invoice,
           min(due_on) AS due_on, sum({OPEN_CENTS})::bigint AS owed_cents, day - {SUSPENSION_DAYS} AS due_by
    FROM {{invoices}}
    JOIN (SELECT zone, dunning_day(zone, :at) AS day FROM ({{zones}}) AS zones (zone) OFFSET 0) AS place
    ON place.zone = {ZONE}
    WHERE {OPEN} AND {DUNNED} AND NOT customer.suspended AND due_on + {SUSPENSION_DAYS} <= day
      AND (unsuspended_until IS NULL OR unsuspended_until <= :at)
      AND NOT EXISTS (SELECT FROM promise WHERE promise.customer_id = customer.id AND pays_on >= day
                                            AND outcome IS DISTINCT FROM 'withdrawn')
      {{only}}
    GROUP BY customer.id, day, {SUSPENSION_DAYS}, debt_ignored_cents
    HAVING sum({OPEN_CENTS}) > debt_ignored_cents
"""  # noqa: S608 - our own words
_IN_ZONES = _CANDIDATES.format(invoices=DUE_INVOICES, zones="SELECT unnest(CAST(:zones AS text[]))", only="")
_AMONG = _CANDIDATES.format(
    invoices=INVOICES,
    zones=f"SELECT DISTINCT {ZONE} FROM customer, installation WHERE customer.id = ANY(CAST(:ids AS bigint[]))",  # noqa: S608
    only="AND customer.id = ANY(CAST(:ids AS bigint[]))",
)
_FIND = "SELECT customer_id, invoice, due_on, owed_cents FROM ({}) AS candidate ORDER BY customer_id"
_FIND_IN_ZONES, _FIND_AMONG = text(_FIND.format(_IN_ZONES)), text(_FIND.format(_AMONG))

_LOCK = text("SELECT id FROM customer WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
_SUSPEND = text(f"""
    WITH candidate AS MATERIALIZED ({_AMONG})
    UPDATE customer SET suspended = true, suspended_for_debt = true, suspended_at = :at, suspended_due_on = due_by,
                        unsuspended_until = NULL
    FROM candidate WHERE customer.id = candidate.customer_id
    RETURNING customer.id
""")  # noqa: S608 - our own words


def in_zones(session: Session, at: datetime, zones: Sequence[str]) -> list[Candidate]:
    """Return who is to be suspended of all customers in these time zones."""
    return _found(session.execute(_FIND_IN_ZONES, {"at": at, "zones": list(zones)})) if zones else []


def among(session: Session, at: datetime, ids: Sequence[int]) -> list[Candidate]:
    """Return who is to be suspended of these customers."""
    return _found(session.execute(_FIND_AMONG, {"at": at, "ids": list(ids)})) if ids else []


def suspend(session: Session, at: datetime, ids: Sequence[int]) -> int:
    """Suspend those of these customers who still are to be; return how many that were."""
    if not ids:
        return 0
    session.execute(_LOCK, {"ids": list(ids)})
    return len(session.execute(_SUSPEND, {"at": at, "ids": list(ids)}).all())


def _found(rows: Iterable[Row[Any]]) -> list[Candidate]:
    return [Candidate(*row) for row in rows]
