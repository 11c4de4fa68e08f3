"""Data that accounts have, by the month or bought on top."""

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.account import Account
from provisioning.models.base import Base, BigInt, Identifier, Moment, Second, has_default


class Topup(Base):
    """Data bought on top of the month's, or ahead."""

    __tablename__ = "topup"
    __table_args__ = (Index("topup_account_id", "account_id"),)

    id: Mapped[Identifier]
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    octets: Mapped[BigInt]
    used_octets: Mapped[int] = has_default(BigInteger)
    starts_at: Mapped[Second] = has_default()
    expires_at: Mapped[Second | None]
    price_cents: Mapped[BigInt]
    comment: Mapped[str | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()
    cancelled_at: Mapped[Second | None]


class Allowance(Base):
    """What an account with a cap has in a billing period, and what became of it."""

    __tablename__ = "allowance"
    __table_args__ = (
        Index("allowance_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("allowance_rolled", "account_id", postgresql_where=text("expires_at > ends_at")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"), primary_key=True)
    period_start: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date]
    octets: Mapped[BigInt]
    used_octets: Mapped[int] = has_default(BigInteger)
    counted_octets: Mapped[int] = has_default(BigInteger)
    over_octets: Mapped[int] = has_default(BigInteger)
    starts_at: Mapped[Second]
    ends_at: Mapped[Second]
    expires_at: Mapped[Second]
    next_at: Mapped[Second | None]


class AllowanceDue(Base):
    """A queue: accounts whose allowance has to be looked at again."""

    __tablename__ = "allowance_due"

    id: Mapped[Identifier]
    account_id: Mapped[BigInt]
    since: Mapped[date | None]
