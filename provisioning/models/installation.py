"""The installation itself, and the change feed that the hook follows."""

import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Index, Numeric, SmallInteger
from sqlalchemy.orm import Mapped

from provisioning.models.base import Base, Identifier, Moment, SmallInt, Xid8, has_default


class Installation(Base):
    """One row: which version of the schema this is, which database, where the provider is."""

    __tablename__ = "installation"

    one_row: Mapped[bool] = has_default(primary_key=True)
    schema_version: Mapped[int]
    id: Mapped[uuid.UUID] = has_default()
    time_zone: Mapped[str] = has_default()
    currency: Mapped[str] = has_default()
    name: Mapped[str] = has_default()
    language: Mapped[str] = has_default()
    dunning_minute: Mapped[int] = has_default(SmallInteger)
    debt_ignored_cents: Mapped[int] = has_default(BigInteger)
    no_cut_weekdays: Mapped[int] = has_default(SmallInteger)
    cut_from_minute: Mapped[int] = has_default(SmallInteger)
    cut_until_minute: Mapped[int] = has_default(SmallInteger)
    brake_percent: Mapped[Decimal] = has_default(Numeric(5, 2))
    brake_customers: Mapped[int] = has_default()
    quiet_from_minute: Mapped[SmallInt | None]
    quiet_until_minute: Mapped[SmallInt | None]
    created_at: Mapped[Moment] = has_default()


class ChangeLog(Base):
    """What changed; written by triggers only."""

    __tablename__ = "change_log"
    __table_args__ = (Index("change_log_xid", "xid"), Index("change_log_logged_at", "logged_at"))

    id: Mapped[Identifier]
    xid: Mapped[str] = has_default(Xid8)
    relation: Mapped[str]
    key: Mapped[str]
    logged_at: Mapped[Moment] = has_default()


class ChangeLogFloor(Base):
    """One row: up to which transaction the change log was pruned."""

    __tablename__ = "change_log_floor"

    one_row: Mapped[bool] = has_default(primary_key=True)
    xid: Mapped[str] = has_default(Xid8)
