"""The provider itself: what all customers have who have nothing of their own."""

from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import rows
from provisioning.acts import act, check_may_view
from provisioning.models import Installation
from provisioning.rows import Changes


class Edits(TypedDict, total=False):
    """What can be changed; as in schema.sql."""

    time_zone: str
    currency: str


def find(session: Session) -> Installation:
    """Return the provider."""
    check_may_view(session, "node")
    return session.scalars(select(Installation)).one()


@act("node")
def edit(session: Session, provider: Installation, **columns: Unpack[Edits]) -> Changes:
    """Change the provider, with effect on every customer without a time zone of its own."""
    rows.put(provider, columns)
    return rows.save(session, provider)
