"""The provider itself: what all customers have who have nothing of their own."""

from decimal import Decimal
from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import particulars, rows
from provisioning.acts import act, check_may_view
from provisioning.models import Installation
from provisioning.rows import Changes


class Edits(TypedDict, total=False):
    """What can be changed; as in schema.sql."""

    time_zone: str
    currency: str
    name: str
    language: str
    dunning_minute: int
    debt_ignored_cents: int
    no_cut_weekdays: int
    cut_from_minute: int
    cut_until_minute: int
    brake_percent: Decimal
    brake_customers: int
    quiet_from_minute: int | None
    quiet_until_minute: int | None


def find(session: Session) -> Installation:
    """Return the provider."""
    check_may_view(session, "node")
    return session.scalars(select(Installation)).one()


@act("node")
def edit(session: Session, provider: Installation, **columns: Unpack[Edits]) -> Changes:
    """Change the provider, with effect on every customer that has nothing of its own in that place."""
    rows.put(provider, particulars.checked(columns, region=None))
    return rows.save(session, provider)
