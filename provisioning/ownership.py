"""Whose a package or a group is: the provider's, or a reseller's, who makes his own and changes no other's."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acting
from provisioning.errors import Forbidden
from provisioning.models import CustomerGroup, Package

_IS_MINE = text("SELECT sees_all() OR coalesce(:reseller_id = ANY (my_resellers()), false)")


def reseller_id(session: Session, name: str | None) -> int | None:
    """Return whose a new row is: of the reseller of this name, else of him for whom the operator acts."""
    return acting.own_reseller_id(session) if name is None else acting.reseller_id(session, name)


def check(session: Session, row: Package | CustomerGroup) -> None:
    """Raise `Forbidden` where the operator may use a package or group, and not change it."""
    if not session.scalar(_IS_MINE, {"reseller_id": row.reseller_id}):
        noun = row.__tablename__.removeprefix("customer_")
        raise Forbidden(f"{noun} {row.name} is not yours to change", f"Make your own: tollkeeper {noun} add.")
