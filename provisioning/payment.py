"""Payments: money received, and which invoices it pays."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import count

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import acts, balance, intent, invoice, rows
from provisioning.acts import act
from provisioning.errors import Conflict
from provisioning.models import Allocation, Customer, Invoice, Payment
from provisioning.rows import Changes

_NEXT = text("SELECT nextval('receipt_number')")
_PEEK = text("SELECT coalesce(pg_sequence_last_value('receipt_number'), 0) + 1")


@act("money")
def add(
    session: Session,
    customer: Customer,
    *,
    amount_cents: int,
    received_on: date,
    receipt: str | None = None,
    method: str | None = None,
    reference: str | None = None,
    pays: Mapping[str, int] | None = None,
) -> Payment:
    """Add a payment; a receipt's number is generated where none is given.

    `pays`: invoice number -> cents. None: the invoices that are due first, and what is left is credit, which the next
    invoice takes; an empty mapping: no invoice yet.
    """
    payment = Payment(customer_id=customer.id, amount_cents=amount_cents, received_on=received_on)
    rows.put(payment, {"receipt": receipt or _next_receipt(session), "method": method, "reference": reference})
    rows.add(session, payment)
    if pays is None:
        balance.allocate_credit(session, customer.id)
    else:
        allocate(session, payment, pays=pays)
    session.refresh(payment)
    return payment


def _next_receipt(session: Session) -> str:
    receipts = (f"R{number:06}" for number in _numbers(session))
    taken = select(Payment.receipt)  # somebody typed it in
    return next(one for one in receipts if session.scalar(taken.where(Payment.receipt == one)) is None)


def _numbers(session: Session) -> Iterator[int]:
    """Yield numbers of receipts; a dry run takes none, as a sequence gives none twice."""
    if intent.current().dry_run:
        yield from count(session.execute(_PEEK).scalar_one())
    while True:
        yield session.execute(_NEXT).scalar_one()


@act("money")
def allocate(session: Session, payment: Payment, *, pays: Mapping[str, int]) -> list[Allocation]:
    """Let parts of a payment pay these invoices: number -> cents."""
    return [
        balance.allocate(session, payment, invoice.find(session, number), amount_cents=cents)
        for number, cents in pays.items()
    ]


@act("money")
def void(session: Session, payment: Payment) -> Changes:
    """Take a payment back, off every invoice that it paid; it stays to be seen."""
    if payment.voided_at is not None:
        raise Conflict(f"{payment.receipt} is void already", "Look at it with: tollkeeper payment show RECEIPT.")
    balance.release(session, payment)
    payment.voided_at = datetime.now(UTC).replace(microsecond=0)
    return rows.save(session, payment)


def paid(session: Session, payment: Payment) -> dict[str, int]:
    """Return which invoices a payment pays: number -> cents."""
    query = select(Invoice.number, Allocation.amount_cents).join(Invoice, Invoice.id == Allocation.invoice_id)
    return _added_up(session.execute(query.where(Allocation.payment_id == payment.id)).tuples())


def payers(session: Session, of: Invoice) -> dict[str, int]:
    """Return what pays an invoice: receipt or credit note number -> cents."""
    receipts = select(Payment.receipt, Allocation.amount_cents).join(Payment, Payment.id == Allocation.payment_id)
    credit = select(Invoice.number, Allocation.amount_cents).join(Invoice, Invoice.id == Allocation.credit_note_id)
    mine = Allocation.invoice_id == of.id
    return _added_up([*session.execute(receipts.where(mine)).tuples(), *session.execute(credit.where(mine)).tuples()])


def _added_up(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for number, cents in parts:
        total[number] = total.get(number, 0) + cents
    return total


def find(session: Session, receipt: str) -> Payment:
    """Return the payment of this receipt number."""
    return rows.find(session, Payment, Payment.receipt, receipt)


def listing(
    session: Session,
    *,
    customer_id: int | None = None,
    unused: bool = False,
    after: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[Payment]:
    """Return payments by receipt number, from the one behind `after` on; `unused`: with something left."""
    acts.check_may_view(session, "money")
    query = select(Payment).where(Payment.receipt > after).order_by(Payment.receipt)
    if customer_id is not None:
        query = query.where(Payment.customer_id == customer_id)
    if unused:
        query = query.where(Payment.voided_at.is_(None), Payment.allocated_cents < Payment.amount_cents)
    return list(session.scalars(query.limit(limit).offset(offset)))
