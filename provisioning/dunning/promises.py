"""Promises to pay: who gave one is not suspended for debt until its day is over, and the next dunning moment has come.

A promise ends with the customer's own day. It was kept if by then all is paid that was due by that day, but for what is
ignored anyway; if not, the customer is told, and the usual rules hold again.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.dunning.terms import OPEN, OPEN_CENTS, ZONE
from provisioning.scheduling.job import Counts

_SETTLE = text(f"""
    WITH ended AS MATERIALIZED (
        SELECT promise.id, promise.customer_id, pays_on, debt_ignored_cents < (
            SELECT coalesce(sum({OPEN_CENTS}), 0) FROM invoice
            WHERE invoice.customer_id = promise.customer_id AND due_on <= pays_on AND {OPEN}) AS broken
        FROM promise JOIN customer ON customer.id = promise.customer_id CROSS JOIN installation
        WHERE ended_at IS NULL AND local_moment(pays_on + 1, 0, {ZONE}) <= :at),
    settled AS (
        UPDATE promise SET ended_at = :at, outcome = CASE WHEN broken THEN 'broken' ELSE 'kept' END
        FROM ended WHERE promise.id = ended.id),
    told AS (
        INSERT INTO notice (customer_id, kind, about, noticed_at, details)
        SELECT customer_id, 'promise_broken', id::text, :at, jsonb_build_object('pays_on', pays_on)
        FROM ended WHERE broken ON CONFLICT DO NOTHING)
    SELECT count(*) FILTER (WHERE NOT broken), count(*) FILTER (WHERE broken) FROM ended
""")  # noqa: S608 - our own words


def settle(session: Session, at: datetime) -> Counts:
    """End the promises whose day is over, as kept or broken."""
    kept, broken = session.execute(_SETTLE, {"at": at}).one()
    return {"promises_kept": kept, "promises_broken": broken}
