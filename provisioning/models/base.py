"""What the models have in common: column types by their PostgreSQL names, and how PostgreSQL names constraints."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, FetchedValue, Identity, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.types import UserDefinedType

# what PostgreSQL calls a constraint that schema.sql does not name
_NAMES = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "ix": "%(table_name)s_%(column_0_name)s",
}


class Xid8(UserDefinedType[str]):
    """A transaction id of PostgreSQL, as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "xid8"


class PgSnapshot(UserDefinedType[str]):
    """Which transactions could be seen at some moment, as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "pg_snapshot"


NOTE_KIND = ENUM("note", "popup", "debtor", name="note_kind", create_type=False)
ADDRESS_KIND = ENUM("install", "billing", "postal", "physical", name="address_kind", create_type=False)
INVOICE_KIND = ENUM("invoice", "credit_note", name="invoice_kind", create_type=False)
AREAS = (
    *("nas", "group", "package", "customer", "account", "session", "usage", "accounting"),
    *("money", "message", "import", "reseller", "operator", "audit", "node"),
)
AREA = ENUM(*AREAS, name="area", create_type=False)
PERMISSION = ENUM("view", "edit", name="permission", create_type=False)
TREATMENT = ENUM("reject", "garden", "throttle", name="treatment", create_type=False)
CUSTOMER_TYPE = ENUM("individual", "company", "sole_proprietor", name="customer_type", create_type=False)
MESSAGE_CHANNEL = ENUM("email", "sms", name="message_channel", create_type=False)
CUSTOMER_KIND = ENUM("normal", "residential", name="customer_kind", create_type=False)

Identifier = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
BigInt = Annotated[int, mapped_column(BigInteger)]
SmallInt = Annotated[int, mapped_column(SmallInteger)]
RateBps = Annotated[int, mapped_column(DOMAIN("rate_bps", BigInteger, create_type=False))]
Second = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True, precision=0))]
Moment = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]
ReplyAttributes = Annotated[list[list[str]], mapped_column(JSONB)]


def has_default(*arguments: Any, **keywords: Any) -> MappedColumn[Any]:
    """Return a column whose default is in schema.sql, to be fetched after an INSERT that leaves it out."""
    return mapped_column(*arguments, server_default=FetchedValue(), **keywords)


def counted() -> MappedColumn[int]:
    """Return the column in which a trigger counts a row's changes; see `Versioned`."""
    return mapped_column(server_default=FetchedValue(), server_onupdate=FetchedValue())


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {str: Text}  # noqa: RUF012 - SQLAlchemy's own form


class Versioned:
    """A row that is not changed by who has read it before somebody else changed it (StaleDataError)."""

    version: Mapped[int] = counted()

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version, "version_id_generator": False}  # type: ignore[attr-defined]
