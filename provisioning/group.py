"""Customer groups: every customer is in one; it is on or off for all, and says how each refused state is treated."""

from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies.facts import Treatment
from provisioning import database, expressible, rows
from provisioning.acts import act
from provisioning.models import CustomerGroup
from provisioning.rows import Changes


class Columns(TypedDict, total=False):
    """What can be set besides the name; as in schema.sql."""

    enabled: bool
    sends_reply_message: bool
    treatment_blocked: Treatment
    treatment_deleted: Treatment
    treatment_disabled: Treatment
    treatment_group_disabled: Treatment
    treatment_expired: Treatment
    treatment_suspended: Treatment
    treatment_cap: Treatment
    garden_pool: str | None
    garden_profile: str | None
    garden_redirect_url: str | None
    garden_download_bps: int | None
    garden_upload_bps: int | None
    garden_session_seconds: int
    throttle_download_bps: int | None
    throttle_upload_bps: int | None


class Edits(Columns, total=False):
    """What can be changed."""

    name: str


@act("group")
def add(session: Session, name: str, **columns: Unpack[Columns]) -> CustomerGroup:
    """Add a group."""
    group = CustomerGroup()
    rows.put(group, {"name": name, **columns})
    rows.add(session, group)
    expressible.check_group(session, group)
    return group


@act("group")
def edit(session: Session, group: CustomerGroup, **columns: Unpack[Edits]) -> Changes:
    """Change a group, with effect on all its customers at once."""
    rows.put(group, columns)
    changes = rows.save(session, group)
    expressible.check_group(session, group)
    return changes


@act("group")
def enable(session: Session, group: CustomerGroup) -> Changes:
    """Let the customers of a group in again."""
    return edit(session, group, enabled=True)


@act("group")
def disable(session: Session, group: CustomerGroup) -> Changes:
    """Treat all customers of a group as its `treatment_group_disabled` says."""
    return edit(session, group, enabled=False)


@act("group")
def remove(session: Session, group: CustomerGroup) -> None:
    """Remove a group; refused while customers are in it, hidden ones included."""
    session.delete(group)
    database.flush(session)


def find(session: Session, name: str) -> CustomerGroup:
    """Return the group of this name."""
    return rows.find(session, CustomerGroup, CustomerGroup.name, name)


def listing(
    session: Session, *, enabled: bool | None = None, after: str = "", limit: int = 100, offset: int = 0
) -> list[CustomerGroup]:
    """Return groups by name, from the one behind `after` on."""
    query = select(CustomerGroup).where(CustomerGroup.name > after).order_by(CustomerGroup.name)
    if enabled is not None:
        query = query.where(CustomerGroup.enabled == enabled)
    return list(session.scalars(query.limit(limit).offset(offset)))
