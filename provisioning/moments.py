"""Bare dates as moments: midnight at the start of that day, where the customer is."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


def resolve(session: Session, moment: datetime | date, time_zone: str | None = None) -> datetime:
    """Return a moment; a bare date begins in the given time zone, else in the provider's.

    PostgreSQL computes it, whose time zones the schema checks names against.
    """
    if isinstance(moment, datetime):
        return moment
    query = text(
        "SELECT CAST(:day AS timestamp) AT TIME ZONE coalesce(CAST(:time_zone AS text), time_zone) FROM installation"
    )
    begins: datetime = session.execute(query, {"day": moment, "time_zone": time_zone}).scalar_one()
    return begins
