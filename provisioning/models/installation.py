"""The installation itself, and the change feed that the hook follows."""

import uuid

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from provisioning.models.base import Base, Identifier, Moment, Xid8, has_default


class Installation(Base):
    """One row: which version of the schema this is, which database, where the provider is."""

    __tablename__ = "installation"

    one_row: Mapped[bool] = has_default(primary_key=True)
    schema_version: Mapped[int]
    id: Mapped[uuid.UUID] = has_default()
    time_zone: Mapped[str] = has_default()
    currency: Mapped[str] = has_default()
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
