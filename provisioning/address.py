"""Addresses: where a customer's lines are installed, where it is, where letters and invoices go."""

from typing import Literal, TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import database, particulars, rows
from provisioning.acts import act
from provisioning.models import Address, Customer
from provisioning.rows import Changes

KINDS = ("install", "billing", "postal", "physical")


class Columns(TypedDict, total=False):
    """What can be set besides the street; as in schema.sql."""

    kind: Literal["install", "billing", "postal", "physical"]
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    latitude: float | None
    longitude: float | None


class Edits(Columns, total=False):
    """What can be changed."""

    street: str


@act("customer")
def add(session: Session, customer: Customer, street: str, **columns: Unpack[Columns]) -> Address:
    """Add an address."""
    address = Address(customer_id=customer.id)
    rows.put(address, particulars.checked({"street": street, **columns}, region=None))
    return rows.add(session, address)


@act("customer")
def edit(session: Session, address: Address, **columns: Unpack[Edits]) -> Changes:
    """Change an address."""
    rows.put(address, particulars.checked(columns, region=None))
    return rows.save(session, address)


@act("customer")
def remove(session: Session, address: Address) -> None:
    """Remove an address; the audit keeps it."""
    session.delete(address)
    database.flush(session)


def find(session: Session, address_id: int) -> Address:
    """Return the address of this id."""
    return rows.of_id(session, Address, address_id)


def listing(session: Session, customer: Customer) -> list[Address]:
    """Return a customer's addresses, as they were added."""
    return list(session.scalars(select(Address).where(Address.customer_id == customer.id).order_by(Address.id)))
