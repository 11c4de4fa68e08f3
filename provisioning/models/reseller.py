"""Resellers in their tree, the operators who work for them or for the provider, and what these may do."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import AREA, PERMISSION, Base, Identifier, Moment, Versioned, has_default


class Reseller(Versioned, Base):
    """Who sells: provider -> reseller -> reseller -> customer."""

    __tablename__ = "reseller"
    __table_args__ = (Index("reseller_parent_id", "parent_id"),)

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("reseller.id"))
    brand: Mapped[str | None]
    created_at: Mapped[Moment] = has_default()


class OperatorRole(Base):
    """A set of permissions under a name."""

    __tablename__ = "operator_role"

    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str] = has_default()


class OperatorRolePermission(Base):
    """What a role may see, or see and change."""

    __tablename__ = "operator_role_permission"

    role: Mapped[str] = mapped_column(ForeignKey(OperatorRole.name, ondelete="CASCADE"), primary_key=True)
    area: Mapped[str] = mapped_column(AREA, primary_key=True)
    permission: Mapped[str] = mapped_column(PERMISSION)


class Operator(Versioned, Base):
    """Who acts: a login role of PostgreSQL of the same name."""

    __tablename__ = "operator"
    __table_args__ = (Index("operator_reseller_id", "reseller_id"),)

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(ForeignKey(OperatorRole.name))
    reseller_id: Mapped[int | None] = mapped_column(ForeignKey(Reseller.id))
    full_name: Mapped[str | None]
    email: Mapped[str | None]
    enabled: Mapped[bool] = has_default()
    created_at: Mapped[Moment] = has_default()
