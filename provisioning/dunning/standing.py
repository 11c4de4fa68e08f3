"""How customers stand with suspension for debt, and what happens when: of one, of all by stage, of a day to come.

Nothing is changed. A customer's moment is what the job `suspension` will find (provisioning/dunning/job.py), if nothing
is paid, said or entered until then; and if its run is not stopped by the brake.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from provisioning import customer_rows
from provisioning.dunning.terms import (
    DUNNED,
    INVOICES,
    OPEN,
    OPEN_CENTS,
    OVERDUE_DAYS,
    SECOND_NOTICE_DAYS,
    SUSPENSION_DAYS,
    ZONE,
)
from provisioning.errors import NotFound
from provisioning.reading import Look, Row

# ruff: noqa: S608 - our own words, put together

STAGES = ("overdue", "second_notice", "due", "promised", "respite", "suspended")

# who will be suspended, and when: the day on which the debts that reach the stage come to more than is ignored, or the
# one after a promise; postponed to when somebody may be cut; not before a respite is over
_COMING = f"""
    WITH owing AS MATERIALIZED (
        SELECT customer.id, code, {customer_rows.NAME} AS name, {ZONE} AS zone, {SUSPENSION_DAYS} AS days,
               unsuspended_until, number, due_on, {OPEN_CENTS} AS open_cents,
               sum({OPEN_CENTS}) OVER (PARTITION BY customer.id ORDER BY due_on) > debt_ignored_cents AS counts,
               (SELECT max(pays_on) FROM promise
                WHERE promise.customer_id = customer.id AND outcome IS DISTINCT FROM 'withdrawn') AS pays_on
        FROM {INVOICES}
        WHERE {OPEN} AND {DUNNED} AND NOT customer.suspended AND {{only}}),
    debtor AS MATERIALIZED (
        SELECT id, code, name, zone, unsuspended_until, (array_agg(number ORDER BY due_on, number))[1] AS invoice,
               min(due_on) AS due_on, sum(open_cents)::bigint AS owed_cents,
               greatest(min(due_on) FILTER (WHERE counts) + days, max(pays_on) + 1) AS day
        FROM owing WHERE days IS NOT NULL GROUP BY id, code, name, zone, days, unsuspended_until
        HAVING bool_or(counts)),
    place AS MATERIALIZED (
        SELECT zone, cut_moment(zone, local_moment(today, dunning_minute, zone)) AS last,
               cut_moment(zone, local_moment(today + 1, dunning_minute, zone)) AS next
        FROM (SELECT zone, dunning_day(zone, %(now)s) AS today
              FROM (SELECT DISTINCT zone FROM debtor) AS zones OFFSET 0) AS days, installation),
    moment AS MATERIALIZED (
        SELECT zone, day, cut_moment(zone, local_moment(day, dunning_minute, zone)) AS at
        FROM (SELECT DISTINCT zone, day FROM debtor) AS days, installation)
    SELECT code AS customer, name, invoice, due_on, owed_cents, suspends_at
    FROM debtor JOIN moment USING (zone, day) JOIN place USING (zone),
         LATERAL (SELECT CASE WHEN unsuspended_until > at THEN cut_moment(zone, unsuspended_until) END AS resumes) AS r,
         LATERAL (SELECT CASE WHEN resumes > %(now)s THEN resumes WHEN at > %(now)s THEN at
                              WHEN last > %(now)s THEN last ELSE next END AS suspends_at) AS s
    WHERE suspends_at <= %(until)s ORDER BY suspends_at, code
"""

_REACHED = f"coalesce(sum({OPEN_CENTS}) FILTER (WHERE due_on + {{}} <= day), 0) > debt_ignored_cents"
_STAGE = f"""
    CASE WHEN customer.suspended_for_debt THEN 'suspended' WHEN customer.suspended THEN 'by_hand'
         WHEN customer.suspension_exempt THEN 'exempt' WHEN unsuspended_until > %(now)s THEN 'respite'
         WHEN EXISTS (SELECT FROM promise WHERE promise.customer_id = customer.id AND ended_at IS NULL) THEN 'promised'
         WHEN {_REACHED.format(SUSPENSION_DAYS)} THEN 'due'
         WHEN {_REACHED.format(SECOND_NOTICE_DAYS)} THEN 'second_notice'
         WHEN {_REACHED.format(OVERDUE_DAYS)} THEN 'overdue' ELSE 'none' END
"""
_PLACES = f"""
    SELECT zone, dunning_day(zone, %(now)s) AS day
    FROM (SELECT DISTINCT {ZONE} AS zone FROM customer, installation WHERE {{only}}) AS zones OFFSET 0
"""
_OF_ONE = f"""
    SELECT code AS customer, {customer_rows.NAME} AS name, {_STAGE} AS stage,
           coalesce(sum({OPEN_CENTS}), 0)::bigint AS owed_cents, customer.suspension_exempt,
           {OVERDUE_DAYS} AS overdue_days, {SECOND_NOTICE_DAYS} AS second_notice_days,
           {SUSPENSION_DAYS} AS suspension_days, suspended_at, suspended_due_on, unsuspended_until
    FROM customer JOIN customer_group ON customer_group.id = group_id CROSS JOIN installation
    JOIN ({_PLACES.format(only="code = %(code)s")}) AS place ON zone = {ZONE}
    LEFT JOIN invoice ON invoice.customer_id = customer.id AND {OPEN}
    WHERE code = %(code)s GROUP BY customer.id, customer_group.id, day, debt_ignored_cents
"""
_BY_STAGE = f"""
    SELECT stage, count(*) FROM (
        SELECT {_STAGE} AS stage
        FROM {INVOICES} JOIN ({_PLACES.format(only="true")}) AS place ON zone = {ZONE}
        WHERE {OPEN} AND deleted_at IS NULL
        GROUP BY customer.id, customer_group.id, day, debt_ignored_cents) AS debtor GROUP BY stage
"""
_OPEN_INVOICES = f"""
    SELECT number, due_on, {OPEN_CENTS} AS open_cents,
           local_moment(due_on + {OVERDUE_DAYS}, dunning_minute, {ZONE}) AS overdue_at,
           local_moment(due_on + {SECOND_NOTICE_DAYS}, dunning_minute, {ZONE}) AS second_notice_at,
           local_moment(due_on + {SUSPENSION_DAYS}, dunning_minute, {ZONE}) AS suspension_at
    FROM {INVOICES} WHERE {OPEN} AND code = %(code)s ORDER BY due_on, number
"""
_PROMISE = """
    SELECT pays_on, comment, author, promise.created_at FROM promise JOIN customer ON customer.id = customer_id
    WHERE code = %(code)s AND ended_at IS NULL
"""
_RUN = """
    SELECT id, ran_for, customers, candidates, suspended, state, decided_by, decided_at FROM suspension_run
    WHERE {} ORDER BY id DESC LIMIT 1
"""
_WAITING = f"""
    SELECT code AS customer, {customer_rows.NAME} AS name, invoice, due_on, owed_cents
    FROM suspension_run JOIN suspension_candidate ON run_id = suspension_run.id
    JOIN customer ON customer.id = customer_id
    WHERE state = 'stopped' ORDER BY code
"""
_BRAKE = """
    SELECT count(*) AS customers, greatest(brake_customers, floor(count(*) * brake_percent / 100))::bigint AS most
    FROM customer, installation WHERE deleted_at IS NULL AND (SELECT sees_all()) GROUP BY brake_customers, brake_percent
"""


def of_customer(look: Look, code: str, *, now: datetime) -> Row:
    """Return how a customer stands: its stage, when it would be suspended, its promise, its open invoices."""
    _check(look)
    found = look.row(_OF_ONE, code=code.upper(), now=now)
    if found is None:
        raise NotFound(f"no customer is named {code!r}", "List them with: tollkeeper customer list.")
    code = found["customer"]
    coming = look.row(_COMING.format(only="code = %(code)s"), code=code, now=now, until="infinity")
    return found | {
        "suspends_at": coming and coming["suspends_at"],
        "promise": look.row(_PROMISE, code=code),
        "invoices": look.rows(_OPEN_INVOICES, code=code),
    }


def overview(look: Look, *, now: datetime) -> dict[str, Any]:
    """Return how many customers are in each stage, the run that waits to be approved, and the last one done."""
    _check(look)
    counted = Counter(dict(look.tuples(_BY_STAGE, now=now)))
    return {
        "stages": {stage: counted[stage] for stage in STAGES},
        "stopped_run": look.row(_RUN.format("state = 'stopped'")),
        "last_run": look.row(_RUN.format("state <> 'stopped'")),
    }


def waiting(look: Look) -> list[Row]:
    """Return whom a stopped run would have suspended."""
    _check(look)
    return look.rows(_WAITING)


def preview(look: Look, *, now: datetime, until: datetime) -> dict[str, Any]:
    """Return who will have been suspended by a moment, when and for what; and at which moments the brake would hold.

    Who sees a part of the customers only is told nothing of the brake, which is of all: None.
    """
    _check(look)
    only = f"due_on + {SUSPENSION_DAYS} <= CAST(%(until)s AT TIME ZONE 'UTC' AS date) + 1"
    found = look.rows(_COMING.format(only=only), now=now, until=until)
    brake = look.row(_BRAKE)
    if brake is None:
        return {"customers": None, "most": None, "held_back_at": None, "candidates": found}
    at_once = Counter(row["suspends_at"] for row in found)
    held = sorted(moment for moment, number in at_once.items() if number > brake["most"])
    return {**brake, "held_back_at": held, "candidates": found}


def _check(look: Look) -> None:
    look.check_may_view("customer", "group", "money")
