"""Invoices and credit notes, as far as access depends on them: what is owed, and since when."""

from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import acts, balance, rows
from provisioning.acts import act
from provisioning.errors import Conflict
from provisioning.models import Customer, Invoice
from provisioning.rows import Changes

Kind = Literal["invoice", "credit_note"]


@act("money")
def add(
    session: Session,
    customer: Customer,
    number: str,
    *,
    amount_cents: int,
    issued_on: date,
    due_on: date | None = None,
    description: str | None = None,
    kind: Kind = "invoice",
) -> Invoice:
    """Add an invoice, or a credit note; what the customer has paid ahead pays at once, the first due first.

    Without a day it is due on the day it is issued.
    """
    invoice = Invoice(customer_id=customer.id, kind=kind, amount_cents=amount_cents, issued_on=issued_on)
    rows.put(invoice, {"number": number, "due_on": due_on or issued_on, "description": description})
    rows.add(session, invoice)
    balance.allocate_credit(session, customer.id)
    session.refresh(invoice)
    return invoice


@act("money")
def void(session: Session, invoice: Invoice) -> Changes:
    """Take an invoice or credit note back; it stays to be seen. What had paid it pays others, or is credit again."""
    if invoice.voided_at is not None:
        raise Conflict(f"{invoice.number} is void already", "Look at it with: tollkeeper invoice show NUMBER.")
    balance.release(session, invoice)
    invoice.voided_at = datetime.now(UTC).replace(microsecond=0)
    changes = rows.save(session, invoice)
    balance.allocate_credit(session, invoice.customer_id)
    return changes


def find(session: Session, number: str) -> Invoice:
    """Return the invoice or credit note of this number."""
    return rows.find(session, Invoice, Invoice.number, number)


def listing(
    session: Session,
    *,
    customer_id: int | None = None,
    kind: Kind | None = None,
    is_open: bool = False,
    overdue_on: date | None = None,
    after: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[Invoice]:
    """Return invoices by number, from the one behind `after` on; overdue ones as on a day."""
    acts.check_may_view(session, "money")
    query = select(Invoice).where(Invoice.number > after).order_by(Invoice.number)
    wanted = {"customer_id": customer_id, "kind": kind}
    query = query.filter_by(**{column: value for column, value in wanted.items() if value is not None})
    if is_open or overdue_on is not None:
        query = query.where(
            Invoice.kind == "invoice", Invoice.voided_at.is_(None), Invoice.allocated_cents < Invoice.amount_cents
        )
    if overdue_on is not None:
        query = query.where(Invoice.due_on < overdue_on)
    return list(session.scalars(query.limit(limit).offset(offset)))
