"""Customers: who pays. Hiding one is deleting it; nothing of a customer is ever lost by a command."""

from datetime import UTC, datetime
from typing import Literal, TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import code as account_code
from provisioning import expressible, rows
from provisioning.acts import act
from provisioning.errors import Conflict
from provisioning.models import Customer
from provisioning.rows import Changes


class Columns(TypedDict, total=False):
    """What can be set besides the account code; as in schema.sql."""

    parent_id: int | None
    type: Literal["individual", "company", "sole_proprietor"]
    kind: Literal["normal", "residential"]
    title: str | None
    first_name: str | None
    last_name: str | None
    company_name: str | None
    disabled: bool
    suspended: bool
    deleted_at: datetime | None
    expires_at: datetime | None
    inherits_state: bool
    download_bps: int | None
    upload_bps: int | None
    time_zone: str | None
    billing_day: int


class Edits(Columns, total=False):
    """What can be changed."""

    code: str
    group_id: int


@act("customer")
def add(session: Session, *, group_id: int, code: str | None = None, **columns: Unpack[Columns]) -> Customer:
    """Add a customer into an existing group; without a code, one is generated from the name."""
    customer = Customer(group_id=group_id)
    rows.put(customer, columns)
    if code:
        rows.put(customer, {"code": code.upper()})
        rows.add(session, customer)
    else:
        _add_with_next_code(session, customer)
    expressible.check_customer(session, customer)
    return customer


def _add_with_next_code(session: Session, customer: Customer) -> None:
    """Add with the next code; take the one behind it where that code was being typed in somewhere else just now."""
    letters = _prefix(customer)
    while True:
        customer.code = account_code.take(session, letters)
        try:
            with session.begin_nested():
                rows.add(session, customer)
        except Conflict:
            if not account_code.is_taken(session, customer.code):
                raise
        else:
            return


def _prefix(customer: Customer) -> str:
    person = (customer.first_name, customer.last_name)
    if customer.type == "company" or not any(name and name.strip() for name in person):
        return account_code.prefix(customer.company_name)
    return account_code.prefix(*person)


@act("customer")
def edit(session: Session, customer: Customer, **columns: Unpack[Edits]) -> Changes:
    """Change a customer."""
    if "code" in columns:
        columns["code"] = columns["code"].upper()
    rows.put(customer, columns)
    changes = rows.save(session, customer)
    if "download_bps" in changes or "upload_bps" in changes:
        expressible.check_customer(session, customer)
    return changes


@act("customer")
def disable(session: Session, customer: Customer) -> Changes:
    """Switch a customer off."""
    return edit(session, customer, disabled=True)


@act("customer")
def enable(session: Session, customer: Customer) -> Changes:
    """Switch a disabled customer on again."""
    return edit(session, customer, disabled=False)


@act("customer")
def suspend(session: Session, customer: Customer) -> Changes:
    """Suspend a customer's accounts, for money owed."""
    return edit(session, customer, suspended=True)


@act("customer")
def unsuspend(session: Session, customer: Customer) -> Changes:
    """End a customer's suspension."""
    return edit(session, customer, suspended=False)


@act("customer")
def expire(session: Session, customer: Customer, *, expires_at: datetime | None) -> Changes:
    """Set from when on a customer has no authentication and no billing; None for never."""
    return edit(session, customer, expires_at=expires_at)


@act("customer")
def delete(session: Session, customer: Customer) -> Changes:
    """Hide a customer; its accounts no longer authenticate."""
    return edit(session, customer, deleted_at=customer.deleted_at or datetime.now(UTC).replace(microsecond=0))


@act("customer")
def undelete(session: Session, customer: Customer) -> Changes:
    """Bring a hidden customer back."""
    return edit(session, customer, deleted_at=None)


def find(session: Session, code: str) -> Customer:
    """Return the customer of this account code, in capitals or not."""
    return rows.find(session, Customer, Customer.code, code.upper())


def listing(
    session: Session,
    *,
    group_id: int | None = None,
    parent_id: int | None = None,
    disabled: bool | None = None,
    suspended: bool | None = None,
    deleted: bool | None = False,
    after: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[Customer]:
    """Return customers by account code, from the one behind `after` on; None for a filter that is not wanted."""
    query = select(Customer).where(Customer.code > after.upper()).order_by(Customer.code)
    wanted = {"group_id": group_id, "parent_id": parent_id, "disabled": disabled, "suspended": suspended}
    query = query.filter_by(**{column: value for column, value in wanted.items() if value is not None})
    if deleted is not None:
        query = query.where(Customer.deleted_at.is_not(None) if deleted else Customer.deleted_at.is_(None))
    return list(session.scalars(query.limit(limit).offset(offset)))
