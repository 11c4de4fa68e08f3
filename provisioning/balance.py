"""What a customer owes, since when, and which of its money pays which invoice.

A balance is invoices less credit notes less payments; schema.sql's triggers keep it (`customer_balance`), and what is
paid of each invoice. Money without an invoice is credit: the next invoice takes it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from operator import attrgetter

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from provisioning import database
from provisioning.models import Allocation, CustomerBalance, Invoice, Payment

# days beyond the due date at which each column of an age analysis ends, and its name
AGES = ((0, "current"), (30, "30_days"), (60, "60_days"), (90, "90_days"), (None, "120_days_and_more"))

_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtext(:customer))")


@dataclass(frozen=True)
class Line:
    """A line of a statement: what was owed more (above zero) or less, and what was owed then in all."""

    on: date
    kind: str  # invoice, credit_note, payment
    number: str
    description: str | None
    amount_cents: int
    balance_cents: int


def owed_cents(session: Session, customer_id: int) -> int:
    """Return what a customer owes; below zero where it has paid ahead."""
    query = select(CustomerBalance.balance_cents).where(CustomerBalance.customer_id == customer_id)
    return session.scalar(query) or 0


def today(session: Session) -> date:
    """Return the day it is where the provider is."""
    day: date = session.execute(text("SELECT (now() AT TIME ZONE time_zone)::date FROM installation")).scalar_one()
    return day


def allocate_credit(session: Session, customer_id: int) -> list[Allocation]:
    """Let a customer's unused payments and credit notes, the oldest first, pay its open invoices, the first due first.

    Two at once for one customer take turns, so that none meets the other's half.
    """
    session.execute(_TAKE_TURNS, {"customer": f"balance {customer_id}"})
    owed = [(row, row.amount_cents - row.allocated_cents) for row in open_invoices(session, customer_id)]
    made = []
    for source in _unused(session, customer_id):
        left = source.amount_cents - source.allocated_cents
        while left and owed:
            invoice, open_cents = owed.pop(0)
            part = min(left, open_cents)
            made.append(_allocation(source, invoice, part))
            left -= part
            if part < open_cents:
                owed.insert(0, (invoice, open_cents - part))
    session.add_all(made)
    database.flush(session)
    refresh(session, customer_id)
    return made


def allocate(session: Session, payment: Payment, invoice: Invoice, *, amount_cents: int) -> Allocation:
    """Let so much of a payment pay this invoice."""
    made = _allocation(payment, invoice, amount_cents)
    session.add(made)
    database.flush(session)
    session.refresh(payment)
    session.refresh(invoice)
    return made


def release(session: Session, source: Invoice | Payment) -> None:
    """Take back every allocation to or from this invoice, credit note or payment."""
    of_payment = isinstance(source, Payment)
    mine = (Allocation.payment_id,) if of_payment else (Allocation.invoice_id, Allocation.credit_note_id)
    for column in mine:
        for allocation in session.scalars(select(Allocation).where(column == source.id)):
            session.delete(allocation)
    database.flush(session)
    refresh(session, source.customer_id)


def refresh(session: Session, customer_id: int) -> None:
    """Read again what the triggers have added up, of a customer's rows that are known here."""
    for row in list(session.identity_map.values()):
        if isinstance(row, Invoice | Payment) and row.customer_id == customer_id:
            session.refresh(row)


def open_invoices(session: Session, customer_id: int) -> Sequence[Invoice]:
    """Return what is not paid whole, the first due first."""
    query = select(Invoice).where(
        Invoice.customer_id == customer_id,
        Invoice.kind == "invoice",
        Invoice.voided_at.is_(None),
        Invoice.allocated_cents < Invoice.amount_cents,
    )
    return session.scalars(query.order_by(Invoice.due_on, Invoice.id)).all()


def _unused(session: Session, customer_id: int) -> Iterator[Invoice | Payment]:
    credit = select(Invoice).where(
        Invoice.customer_id == customer_id,
        Invoice.kind == "credit_note",
        Invoice.voided_at.is_(None),
        Invoice.allocated_cents < Invoice.amount_cents,
    )
    paid = select(Payment).where(
        Payment.customer_id == customer_id,
        Payment.voided_at.is_(None),
        Payment.allocated_cents < Payment.amount_cents,
    )
    yield from session.scalars(credit.order_by(Invoice.issued_on, Invoice.id)).all()
    yield from session.scalars(paid.order_by(Payment.received_on, Payment.id)).all()


def _allocation(source: Invoice | Payment, invoice: Invoice, amount_cents: int) -> Allocation:
    made = Allocation(customer_id=source.customer_id, invoice_id=invoice.id, amount_cents=amount_cents)
    if isinstance(source, Payment):
        made.payment_id = source.id
    else:
        made.credit_note_id = source.id
    return made


def statement(session: Session, customer_id: int) -> list[Line]:
    """Return all that moved a customer's balance, the oldest first."""
    invoices = session.scalars(select(Invoice).where(Invoice.customer_id == customer_id, Invoice.voided_at.is_(None)))
    payments = session.scalars(select(Payment).where(Payment.customer_id == customer_id, Payment.voided_at.is_(None)))
    moved = sorted(chain(map(_of_invoice, invoices), map(_of_payment, payments)), key=attrgetter("on"))
    balance, lines = 0, []
    for line in moved:
        balance += line.amount_cents
        lines.append(Line(line.on, line.kind, line.number, line.description, line.amount_cents, balance))
    return lines


def _of_invoice(row: Invoice) -> Line:
    sign = 1 if row.kind == "invoice" else -1
    return Line(row.issued_on, row.kind, row.number, row.description, sign * row.amount_cents, 0)


def _of_payment(row: Payment) -> Line:
    return Line(row.received_on, "payment", row.receipt, row.reference, -row.amount_cents, 0)


def ages(session: Session, customer_id: int, *, on: date) -> dict[str, int]:
    """Return what is open by how long it has been due on this day, in cents, under the names of AGES."""
    late = func.greatest(0, on - Invoice.due_on)
    query = select(late, func.sum(Invoice.amount_cents - Invoice.allocated_cents)).where(
        Invoice.customer_id == customer_id, Invoice.kind == "invoice", Invoice.voided_at.is_(None)
    )
    analysis = {name: 0 for _, name in AGES}
    for days, cents in session.execute(query.group_by(late)).tuples():
        analysis[next(name for limit, name in AGES if limit is None or days <= limit)] += int(cents)
    return analysis
