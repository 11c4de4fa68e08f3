"""Invoices, payments, which pays which, and what a customer owes in all."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import INVOICE_KIND, Base, Identifier, Moment, Second, has_default
from provisioning.models.customer import Customer


class Invoice(Base):
    """Money owed, or with the kind credit_note, money owed no longer."""

    __tablename__ = "invoice"
    __table_args__ = (
        Index("invoice_customer_id", "customer_id", "due_on"),
        Index(
            "invoice_open",
            "due_on",
            postgresql_where=text(
                "kind = 'invoice'::invoice_kind AND voided_at IS NULL AND allocated_cents < amount_cents"
            ),
        ),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    kind: Mapped[str] = has_default(INVOICE_KIND)
    number: Mapped[str] = mapped_column(unique=True)
    issued_on: Mapped[date]
    due_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    allocated_cents: Mapped[int] = has_default(BigInteger)
    description: Mapped[str | None]
    voided_at: Mapped[Second | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()


class Payment(Base):
    """Money received."""

    __tablename__ = "payment"
    __table_args__ = (Index("payment_customer_id", "customer_id", "received_on"),)

    id: Mapped[Identifier]
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    receipt: Mapped[str] = mapped_column(unique=True)
    received_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    allocated_cents: Mapped[int] = has_default(BigInteger)
    method: Mapped[str | None]
    reference: Mapped[str | None]
    voided_at: Mapped[Second | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()


class Allocation(Base):
    """How much of a payment or credit note pays an invoice."""

    __tablename__ = "allocation"
    __table_args__ = (
        Index("allocation_customer_id", "customer_id"),
        Index("allocation_invoice_id", "invoice_id"),
        Index("allocation_payment_id", "payment_id"),
        Index("allocation_credit_note_id", "credit_note_id"),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey(Payment.id))
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey(Invoice.id))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Moment] = has_default()


class CustomerBalance(Base):
    """What a customer owes; below zero: has paid ahead. Kept by triggers."""

    __tablename__ = "customer_balance"
    __table_args__ = (Index("customer_balance_balance_cents", "balance_cents"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id, ondelete="CASCADE"), primary_key=True)
    balance_cents: Mapped[int] = has_default(BigInteger)
