"""Suspension for debt: promises, days on which nobody is cut, and the runs that suspend."""

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import Base, BigInt, Identifier, Moment, Second, has_default
from provisioning.models.customer import Customer


class Promise(Base):
    """A customer said when it will pay."""

    __tablename__ = "promise"
    __table_args__ = (
        Index("one_promise_at_a_time", "customer_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("promise_customer_id", "customer_id"),
        Index("promise_open", "pays_on", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id, ondelete="CASCADE"))
    pays_on: Mapped[date] = mapped_column(Date)
    comment: Mapped[str | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()
    ended_at: Mapped[Second | None]
    outcome: Mapped[str | None]


class NoCutDay(Base):
    """A holiday of the provider's."""

    __tablename__ = "no_cut_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = has_default()


class SuspensionRun(Base):
    """A run that suspended somebody, or would have suspended too many."""

    __tablename__ = "suspension_run"
    __table_args__ = (Index("one_stopped_run", "state", unique=True, postgresql_where=text("state = 'stopped'::text")),)

    id: Mapped[Identifier]
    ran_for: Mapped[Second]
    customers: Mapped[BigInt]
    candidates: Mapped[BigInt]
    suspended: Mapped[int] = has_default(BigInteger)
    state: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[Second | None]
    created_at: Mapped[Moment] = has_default()


class SuspensionCandidate(Base):
    """A customer whom a run that was stopped would have suspended."""

    __tablename__ = "suspension_candidate"
    __table_args__ = (Index("suspension_candidate_customer_id", "customer_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey(SuspensionRun.id, ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id, ondelete="CASCADE"), primary_key=True)
    invoice: Mapped[str]
    due_on: Mapped[date] = mapped_column(Date)
    owed_cents: Mapped[BigInt]
