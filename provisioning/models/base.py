"""What the models have in common: column types by their PostgreSQL names, and how PostgreSQL names constraints."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, FetchedValue, Identity, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
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


TREATMENT = ENUM("reject", "garden", "throttle", name="treatment", create_type=False)
CUSTOMER_TYPE = ENUM("individual", "company", "sole_proprietor", name="customer_type", create_type=False)
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


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {str: Text}  # noqa: RUF012 - SQLAlchemy's own form
