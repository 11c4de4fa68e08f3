"""Contacts: whom to talk to at a customer, and about what."""

from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import database, particulars, rows
from provisioning.acts import act
from provisioning.models import Contact, Customer
from provisioning.rows import Changes


class Columns(TypedDict, total=False):
    """What can be set besides the name; as in schema.sql."""

    purposes: list[str]
    phone: str | None
    email: str | None


class Edits(Columns, total=False):
    """What can be changed."""

    name: str


@act("customer")
def add(session: Session, customer: Customer, name: str, **columns: Unpack[Columns]) -> Contact:
    """Add a contact; without + its phone number is one of the customer's country."""
    contact = Contact(customer_id=customer.id)
    rows.put(contact, particulars.checked({"name": name, **columns}, region=customer.country))
    return rows.add(session, contact)


@act("customer")
def edit(session: Session, contact: Contact, **columns: Unpack[Edits]) -> Changes:
    """Change a contact."""
    region = session.get_one(Customer, contact.customer_id).country
    rows.put(contact, particulars.checked(columns, region=region))
    return rows.save(session, contact)


@act("customer")
def remove(session: Session, contact: Contact) -> None:
    """Remove a contact; the audit keeps it."""
    session.delete(contact)
    database.flush(session)


def find(session: Session, contact_id: int) -> Contact:
    """Return the contact of this id."""
    return rows.of_id(session, Contact, contact_id)


def listing(session: Session, customer: Customer) -> list[Contact]:
    """Return a customer's contacts, as they were added."""
    return list(session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.id)))
