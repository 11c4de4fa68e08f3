"""What was used: octets by account and local day, from the ledger that radiusd's fold keeps. Read only.

octets_in is what the customer sent (upload), octets_out what it was sent (download); RFC 2866 5.3, 5.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from policies.accounting import days
from provisioning import account as accounts
from provisioning import customer as customers
from provisioning.acts import check_may_view
from provisioning.errors import NotFound
from provisioning.models import Account, Customer

By = Literal["day", "month", "year", "period"]
Octets = tuple[int, int]  # in, out

_BUCKETS = {
    "day": "day",
    "month": "date_trunc('month', day)::date",
    "year": "date_trunc('year', day)::date",
    "period": "period_start",
}


@dataclass(frozen=True)
class Subject:
    """Whose usage: a customer with its accounts, or one account of it."""

    kind: Literal["customer", "account"]
    name: str
    customer: Customer
    accounts: Sequence[Account]


def subject(session: Session, name: str, *, account_only: bool = False) -> Subject:
    """Return the customer with this code, else the account with this user name; raise `NotFound`."""
    if not account_only and (customer := _customer(session, name)) is not None:
        query = select(Account).where(Account.customer_id == customer.id).order_by(Account.user_name)
        return Subject("customer", customer.code, customer, list(session.scalars(query)))
    try:
        found = accounts.find(session, name)
    except NotFound as exc:
        nouns = "account" if account_only else "customer or account"
        raise NotFound(
            f"no {nouns} is named {name!r}", "List them with: tollkeeper customer list, or account list."
        ) from exc
    return Subject("account", found.user_name, session.get_one(Customer, found.customer_id), [found])


def customers_account_ids(session: Session, code: str) -> set[int]:
    """Return the ids of a customer's accounts; raise `NotFound`."""
    return set(session.scalars(select(Account.id).where(Account.customer_id == customers.find(session, code).id)))


def _customer(session: Session, name: str) -> Customer | None:
    try:
        return customers.find(session, name)
    except NotFound:
        return None


def today(session: Session, time_zone: str | None = None) -> date:
    """Return the date where the customer is; without a time zone, where the provider is."""
    query = text("SELECT (now() AT TIME ZONE coalesce(CAST(:time_zone AS text), time_zone))::date FROM installation")
    found: date = session.execute(query, {"time_zone": time_zone}).scalar_one()
    return found


def by_account(
    session: Session, account_ids: Sequence[int], by: By, *, since: date, until: date
) -> dict[int, dict[date, Octets]]:
    """Return what each account used between two days, both included: account id -> first day of bucket -> octets."""
    check_may_view(session, "usage")
    query = text(
        f"SELECT account_id, {_BUCKETS[by]} AS bucket, sum(octets_in)::bigint, sum(octets_out)::bigint"  # noqa: S608
        " FROM usage_day WHERE account_id = ANY(:ids) AND day BETWEEN :since AND :until GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found: dict[int, dict[date, Octets]] = {account_id: {} for account_id in account_ids}
    parameters = {"ids": list(account_ids), "since": since, "until": until}
    for account_id, bucket, octets_in, octets_out in session.execute(query, parameters).tuples():
        found[account_id][bucket] = (octets_in, octets_out)
    return found


def this_period(session: Session, customer: Customer, account_ids: Sequence[int]) -> dict[str, Any]:
    """Return what these accounts of a customer used since its billing period began: since, octets_in, octets_out."""
    since = days.period_start(today(session, customer.time_zone), customer.billing_day)
    query = text(
        "SELECT coalesce(sum(octets_in), 0)::bigint, coalesce(sum(octets_out), 0)::bigint"
        " FROM usage_day WHERE account_id = ANY(:ids) AND period_start = :since"
    )
    octets_in, octets_out = session.execute(query, {"ids": list(account_ids), "since": since}).tuples().one()
    return {"since": since, "octets_in": octets_in, "octets_out": octets_out}


# One row a customer. Which 31 periods there can be is known before, so an index finds their rows alone.
_TOTALS = text(
    """
    WITH used AS MATERIALIZED (
        SELECT account_id, period_start, sum(octets_in)::bigint AS octets_in, sum(octets_out)::bigint AS octets_out
        FROM usage_day WHERE period_start = ANY(:starts) GROUP BY 1, 2),
    total AS MATERIALIZED (
        SELECT customer.id, customer.code, period.start AS period_start,
               coalesce(sum(used.octets_in), 0)::bigint AS octets_in,
               coalesce(sum(used.octets_out), 0)::bigint AS octets_out,
               coalesce(sum(used.octets_in + used.octets_out), 0)::bigint AS octets
        FROM customer
        JOIN unnest(CAST(:days AS int[]), CAST(:starts AS date[])) AS period (billing_day, start) USING (billing_day)
        LEFT JOIN account ON account.customer_id = customer.id
        LEFT JOIN used ON used.account_id = account.id AND used.period_start = period.start
        GROUP BY customer.id, period.start
        HAVING customer.deleted_at IS NULL OR sum(used.octets_in + used.octets_out) > 0)
    """
)
_PAGE = """
    SELECT id, code, period_start, octets_in, octets_out, octets FROM total
    WHERE CAST(:after AS text) IS NULL OR (-octets, code) > (SELECT -octets, code FROM total WHERE code = :after)
    ORDER BY octets DESC, code LIMIT :limit
"""
_SUM = """
    SELECT count(*) FILTER (WHERE octets > 0) AS customers, coalesce(sum(octets_in), 0)::bigint AS octets_in,
           coalesce(sum(octets_out), 0)::bigint AS octets_out, coalesce(sum(octets), 0)::bigint AS octets,
           CAST(:after AS text) IS NULL OR coalesce(bool_or(code = :after), false) AS found
    FROM total
"""


def totals(
    session: Session, starts: Mapping[int, date], *, after: str | None = None, limit: int = 100
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what each customer used in the period that `starts` gives its billing day, and all of them together.

    The greatest first, from the one behind the code `after` on: id, code, period_start, octets_in, octets_out, octets.
    """
    check_may_view(session, "usage")
    parameters = {
        "days": list(starts),
        "starts": list(starts.values()),
        "after": None if after is None else after.upper(),
        "limit": limit,
    }
    session.execute(text("SET LOCAL work_mem = '64MB'"))  # one hash of all customers, never on disk
    page = f"jsonb_agg(to_jsonb(page) ORDER BY page.octets DESC, page.code) FROM ({_PAGE}) AS page"
    query = text(f"{_TOTALS.text} SELECT (SELECT {page}), (SELECT to_jsonb(every) FROM ({_SUM}) AS every)")  # noqa: S608
    found, every = session.execute(query, parameters).tuples().one()
    if not every.pop("found"):
        raise NotFound(f"no customer is named {after!r}", "List them with: tollkeeper customer list.")
    return list(found or ()), every


def period_starts(day: date, *, before: bool = False) -> dict[int, date]:
    """Return, by billing day, when the period that contains a day began; or the one before it."""
    starts = {billing_day: days.period_start(day, billing_day) for billing_day in range(1, 32)}
    if not before:
        return starts
    return {
        billing_day: days.period_start(start - timedelta(days=1), billing_day) for billing_day, start in starts.items()
    }


def first_day(until: date, by: By, billing_day: int) -> date:
    """Return where a table that ends with a day begins, unless said: 31 days, 12 months or periods, 10 years."""
    if by == "day":
        return until - timedelta(days=30)
    if by == "year":
        return date(until.year - 9, 1, 1)
    begins_on = billing_day if by == "period" else 1
    begins = days.period_start(until, begins_on)
    for _ in range(11):
        begins = days.period_start(begins - timedelta(days=1), begins_on)
    return begins


def summed(buckets: Mapping[date, Octets]) -> Octets:
    """Return what all buckets have together."""
    return sum(octets[0] for octets in buckets.values()), sum(octets[1] for octets in buckets.values())


def every_start(used: Mapping[date, Any], by: By, until: date) -> list[date]:
    """Return the first day of each bucket from the first used one to the one with `until` in it, gaps included.

    Of billing periods, which follow no fixed calendar, only those in which something was used.
    """
    if by == "period" or not used:
        return sorted(used)
    starts, start = [], min(used)
    while start <= until:
        starts.append(start)
        start = _next(start, by)
    return starts


def _next(start: date, by: By) -> date:
    if by == "day":
        return start + timedelta(days=1)
    if by == "year":
        return date(start.year + 1, 1, 1)
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)
