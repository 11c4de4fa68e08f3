"""What operators leave behind: the audit's entries and changes, imports that can be taken back, saved filters."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import Base, BigInt, Identifier, Moment, Second, has_default


class AuditEntry(Base):
    """An act: who, when, with what; sealed into the chain when its transaction commits."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("audit_entry_at", "at"), Index("audit_entry_operator", "operator", "id"))

    id: Mapped[Identifier]
    at: Mapped[Moment] = has_default()
    operator: Mapped[str] = has_default()
    reseller_id: Mapped[BigInt | None]
    program: Mapped[str] = has_default()
    act: Mapped[str]
    detail: Mapped[str | None]
    position: Mapped[BigInt | None] = mapped_column(unique=True)
    previous_hash: Mapped[bytes | None]
    hash: Mapped[bytes | None] = mapped_column(unique=True)


class AuditChange(Base):
    """A row that an act added, changed or removed."""

    __tablename__ = "audit_change"
    __table_args__ = (
        Index("audit_change_entry_id", "entry_id"),
        Index("audit_change_key", "relation", "key", "id"),
        Index("audit_change_customer_id", "customer_id", "id", postgresql_where=text("customer_id IS NOT NULL")),
    )

    id: Mapped[Identifier]
    entry_id: Mapped[int] = mapped_column(ForeignKey(AuditEntry.id))
    relation: Mapped[str]
    key: Mapped[str]
    customer_id: Mapped[BigInt | None]
    reseller_id: Mapped[BigInt | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class AuditHead(Base):
    """One row: the last entry of the chain."""

    __tablename__ = "audit_head"

    one_row: Mapped[bool] = has_default(primary_key=True)
    position: Mapped[int] = has_default(BigInteger)
    hash: Mapped[bytes] = has_default()


class ImportRun(Base):
    """A file that was imported."""

    __tablename__ = "import_run"

    id: Mapped[Identifier]
    operator: Mapped[str] = has_default()
    reseller_id: Mapped[int | None] = has_default(BigInteger)
    kind: Mapped[str]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    created_rows: Mapped[int]
    changed_rows: Mapped[int]
    unchanged_rows: Mapped[int]
    applied_at: Mapped[Moment] = has_default()
    undone_at: Mapped[Second | None]


class ImportRow(Base):
    """What an import did to a row."""

    __tablename__ = "import_row"

    run_id: Mapped[int] = mapped_column(ForeignKey(ImportRun.id, ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    relation: Mapped[str]
    row_key: Mapped[dict[str, Any]] = mapped_column(JSONB)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SavedFilter(Base):
    """A list that an operator asks for often."""

    __tablename__ = "saved_filter"

    operator: Mapped[str] = has_default(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Moment] = has_default()
