"""Until when what is bought lasts, where the customer is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies.accounting import days
from provisioning.models import Customer, Installation


def time_zone(session: Session, customer: Customer) -> str:
    """Return the customer's time zone, else the provider's."""
    return customer.time_zone or session.scalars(select(Installation.time_zone)).one()


def of_topup(customer: Customer, zone: str, at: datetime) -> datetime | None:
    """Return when a top-up bought at a moment expires: at the end of a billing period; None for never."""
    if customer.topup_months is None:
        return None
    today = date.fromordinal(days.find_day(zone, int(at.timestamp())))
    for _ in range(customer.topup_months + 1):
        today = _next_period(today, customer.billing_day)
    return datetime.fromtimestamp(days.day_start(zone, today.toordinal()), UTC)


def _next_period(day: date, billing_day: int) -> date:
    start = days.period_start(day, billing_day)
    after = start + timedelta(days=32)  # in the next period, or one too far
    while (begins := days.period_start(after, billing_day)) > start:
        after = begins - timedelta(days=1)
    return after + timedelta(days=1)


def extended(expires_at: datetime | None, zone: str, at: datetime, *, by_days: int) -> datetime:
    """Return so many days more, from a moment on or from the expiry if that is later, by the clock there."""
    since = at if expires_at is None else max(at, expires_at)
    return (since.astimezone(ZoneInfo(zone)) + timedelta(days=by_days)).astimezone(UTC)
