"""The job `reports`: at the second when a billing period begins, a notice about the one that has ended.

Billing periods begin where the customer is (policies/accounting/days.py). What is missed while nobody runs it is
caught up moment by moment; who asks for reports in the middle of a period gets the first one at its end.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from policies.accounting import days
from provisioning import usage
from provisioning.acts import check_may_view
from provisioning.messages import addressee, fields, report, wording
from provisioning.models import Customer
from provisioning.scheduling.job import Counts

_LATE = timedelta(days=1)  # a run that late still tells of it
_CALENDARS = text(
    """
    WITH RECURSIVE abroad AS (  -- by jumps from one to the next in the index, however many customers there are
        (SELECT time_zone, billing_day FROM customer
         WHERE cycle_report AND deleted_at IS NULL AND time_zone IS NOT NULL ORDER BY time_zone, billing_day LIMIT 1)
        UNION ALL
        SELECT following.* FROM abroad, LATERAL (
            SELECT time_zone, billing_day FROM customer
            WHERE cycle_report AND deleted_at IS NULL
              AND (customer.time_zone, customer.billing_day) > (abroad.time_zone, abroad.billing_day)
            ORDER BY time_zone, billing_day LIMIT 1) AS following)
    SELECT time_zone, billing_day FROM abroad
    UNION SELECT installation.time_zone, day FROM generate_series(1, 31) AS day CROSS JOIN installation
    WHERE EXISTS (SELECT FROM customer WHERE cycle_report AND deleted_at IS NULL AND customer.time_zone IS NULL
                                         AND billing_day = day)
    """
)
_INSERT = text(
    """
    INSERT INTO notice (customer_id, kind, about, noticed_at, details)
    SELECT customer.id, 'report', ended.first_day::text, ended.at,
           jsonb_build_object('period_start', ended.first_day::text)
    FROM unnest(CAST(:zones AS text[]), CAST(:billing_days AS smallint[]), CAST(:first_days AS date[]),
                CAST(:moments AS timestamptz[])) AS ended (time_zone, billing_day, first_day, at)
    CROSS JOIN installation
    JOIN customer ON customer.billing_day = ended.billing_day
                 AND coalesce(customer.time_zone, installation.time_zone) = ended.time_zone
    WHERE cycle_report AND deleted_at IS NULL AND customer.created_at < ended.at
      AND (expires_at IS NULL OR expires_at > ended.at - interval '31 d')
    ON CONFLICT DO NOTHING
    """
)


class Begun(NamedTuple):
    """A billing period that begins: where, at which moment, and the first day of the one before it."""

    time_zone: str
    billing_day: int
    at: datetime
    ended: date


class Preview(NamedTuple):
    """A report as the customer gets it."""

    first_day: date
    last_day: date
    subject: str
    body: str
    html: str | None


def due(session: Session, after: datetime, until: datetime) -> datetime | None:
    """Return when the next billing period of somebody who wants a report begins."""
    moments = [begun_after(row.time_zone, row.billing_day, after) for row in session.execute(_CALENDARS)]
    first = min(moments, default=None)
    return None if first is None or first > until else first


def run(session: Session, at: datetime) -> Counts:
    """Note a report for everybody whose billing period begins at this moment, or has within the last day."""
    begun = list(_begun(session, at))
    if not begun:
        return {}
    columns = zip(*((one.time_zone, one.billing_day, one.ended, one.at) for one in begun), strict=True)
    names = ("zones", "billing_days", "first_days", "moments")
    done = session.execute(_INSERT, dict(zip(names, map(list, columns), strict=True)))
    return {"reports": int(getattr(done, "rowcount", 0))}


def preview(session: Session, customer: Customer, *, on: date | None = None) -> Preview:
    """Return the report of the billing period that had ended by a day, today unless said, in the customer's words."""
    check_may_view(session, "usage")
    (row,) = addressee.find(session, [customer.id]).values()
    on = on or usage.today(session, row["time_zone"])
    at = _start(row["time_zone"], on)
    ended = begun_by(row["time_zone"], customer.billing_day, at).ended
    found = report.find(session, {(customer.id, ended): customer.billing_day})[customer.id, ended]
    words = wording.load(session).find("report", "email", addressee.languages(row))
    if words is None:
        raise AssertionError("there is a report in English")
    written = wording.write(words, fields.of_notice(row, {"report": found}, at))
    return Preview(ended, report.last_day(ended, customer.billing_day), *written)


def _begun(session: Session, at: datetime) -> Iterator[Begun]:
    for row in session.execute(_CALENDARS):
        last = begun_by(row.time_zone, row.billing_day, at)
        if last.at > at - _LATE:
            yield last


def begun_by(time_zone: str, billing_day: int, at: datetime) -> Begun:
    """Return the billing period that began last, at this moment or before."""
    today = date.fromordinal(days.find_day(time_zone, int(at.timestamp())))
    first_day = days.period_start(today, billing_day)
    ended = days.period_start(first_day - timedelta(days=1), billing_day)
    return Begun(time_zone, billing_day, _start(time_zone, first_day), ended)


def begun_after(time_zone: str, billing_day: int, after: datetime) -> datetime:
    """Return when the first billing period after this moment begins."""
    today = date.fromordinal(days.find_day(time_zone, int(after.timestamp())))
    first_day = days.period_start(today, billing_day)
    following = first_day + timedelta(days=27)
    while days.period_start(following, billing_day) == first_day:
        following += timedelta(days=1)
    return _start(time_zone, following)


def _start(time_zone: str, day: date) -> datetime:
    return datetime.fromtimestamp(days.day_start(time_zone, day.toordinal()), UTC)
