"""Resellers: who sells, in a tree below the provider. A reseller's operators see and touch only its own part."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import reading, rows
from provisioning.acts import act
from provisioning.models import Reseller
from provisioning.rows import Changes

_TREE = """
    SELECT id, name, brand, parent_id, created_at, version,
           (SELECT count(*) FROM customer WHERE reseller_id = reseller.id AND deleted_at IS NULL) AS customers
    FROM reseller ORDER BY name
"""
_COUNTS = text("""
    SELECT (SELECT count(*) FROM customer WHERE reseller_id = :id AND deleted_at IS NULL) AS customers,
           (SELECT count(*) FROM operator WHERE reseller_id = :id) AS operators,
           (SELECT count(*) FROM package WHERE reseller_id = :id) AS packages,
           (SELECT count(*) FROM customer_group WHERE reseller_id = :id) AS groups,
           (SELECT count(*) FROM reseller WHERE parent_id = :id) AS resellers
""")


class Columns(TypedDict, total=False):
    """What can be set besides the name; as in schema.sql."""

    parent_id: int | None
    brand: str | None


class Edits(Columns, total=False):
    """What can be changed."""

    name: str


@act("reseller")
def add(session: Session, name: str, **columns: Unpack[Columns]) -> Reseller:
    """Add a reseller, below another one, or below that of the operator who adds it."""
    reseller = Reseller()
    rows.put(reseller, {"name": name, **columns})
    return rows.add(session, reseller)


@act("reseller")
def edit(session: Session, reseller: Reseller, **columns: Unpack[Edits]) -> Changes:
    """Change a reseller; refuse to move it away from packages and groups that its customers have."""
    rows.put(reseller, columns)
    return rows.save(session, reseller)


@act("reseller")
def remove(session: Session, reseller: Reseller) -> None:
    """Remove a reseller; refused while anything is its own."""
    rows.remove(session, reseller)


def find(session: Session, name: str) -> Reseller:
    """Return the reseller of this name."""
    return rows.find(session, Reseller, Reseller.name, name)


def counts(session: Session, reseller: Reseller) -> Mapping[str, int]:
    """Return how many customers (hidden ones left out), operators, packages, groups and resellers are its own."""
    return dict(session.execute(_COUNTS, {"id": reseller.id}).mappings().one())


def listing(look: reading.Look) -> list[reading.Row]:
    """Return all resellers by name, each with the number of its own customers."""
    look.check_may_view("reseller")
    return look.rows(_TREE)
