"""Who is told that an invoice is overdue, and told again: each once an invoice, and never both at a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.dunning.terms import (
    DUE_INVOICES,
    DUNNED,
    OPEN,
    OPEN_CENTS,
    OVERDUE_DAYS,
    SECOND_NOTICE_DAYS,
    SUSPENSION_DAYS,
    ZONE,
)
from provisioning.scheduling.job import Counts

# suspends_on is the day on which that will really be, if nothing is paid
_TELL = text(f"""
    WITH place AS MATERIALIZED (
        SELECT zone, dunning_day(zone, :at) AS day FROM unnest(CAST(:zones AS text[])) AS zone),
    reached AS (
        SELECT customer.id AS customer_id, number, due_on, {OPEN_CENTS} AS open_cents, place.zone,
               sum({OPEN_CENTS}) OVER (PARTITION BY customer.id) > debt_ignored_cents AS counts,
               CASE WHEN due_on + {SECOND_NOTICE_DAYS} <= day THEN 'second_notice' ELSE 'overdue' END AS kind,
               greatest(due_on + {SUSPENSION_DAYS}, CASE WHEN {SUSPENSION_DAYS} IS NOT NULL THEN day END) AS suspends_on
        FROM {DUE_INVOICES} JOIN place ON place.zone = {ZONE}
        WHERE {OPEN} AND {DUNNED} AND due_on + least({OVERDUE_DAYS}, {SECOND_NOTICE_DAYS}) <= day),
    untold AS MATERIALIZED (
        SELECT * FROM reached WHERE counts AND NOT EXISTS (
            SELECT FROM notice WHERE notice.customer_id = reached.customer_id AND notice.kind = reached.kind
                                 AND about = number)),
    cut AS (
        SELECT zone, suspends_on,
               CAST(cut_moment(zone, local_moment(suspends_on, dunning_minute, zone)) AT TIME ZONE zone AS date) AS day
        FROM (SELECT DISTINCT zone, suspends_on FROM untold WHERE suspends_on IS NOT NULL) AS days, installation)
    INSERT INTO notice (customer_id, kind, about, noticed_at, details)
    SELECT customer_id, kind, number, :at, jsonb_strip_nulls(jsonb_build_object(
               'invoice', number, 'due_on', due_on, 'owed_cents', open_cents, 'suspends_on', cut.day))
    FROM untold LEFT JOIN cut USING (zone, suspends_on)
    ON CONFLICT DO NOTHING RETURNING kind
""")  # noqa: S608 - our own words


def tell(session: Session, at: datetime, zones: Sequence[str]) -> Counts:
    """Note what customers are to be told at this moment, which is the dunning moment of these time zones."""
    if not zones:
        return {}
    told = Counter(session.execute(_TELL, {"at": at, "zones": list(zones)}).scalars())
    return {"overdue": told["overdue"], "second_notice": told["second_notice"]}
