"""Finding, changing and listing rows: what the operations of every noun have in common."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from provisioning import acts, database
from provisioning.errors import BadInput, Conflict, Forbidden, NotFound
from provisioning.models import Base
from provisioning.models.base import AREAS

Changes = dict[str, tuple[Any, Any]]  # column -> (before, after)
Row = TypeVar("Row", bound=Base)

_WORDS = {"nas": "NAS"}
# where the area of a table has another name than the table
_AREAS = {"customer_group": "group", "device": "account", "operator_role": "operator"}
_AREAS |= {
    "invoice": "money",
    "payment": "money",
    "package_change": "account",
    "topup": "account",
    "import_run": "import",
}
_LONGEST_TEXT = 1000
_SECRET = frozenset({"secret", "password", "password_hash", "portal_password_hash"})
_COUNTED = frozenset({"version", "name_key", "search_text"})


def find(session: Session, row: type[Row], column: InstrumentedAttribute[str], value: str) -> Row:
    """Return the row whose unique column has this value; raise `NotFound`, `Forbidden` where no such may be seen."""
    found = session.scalars(select(row).where(column == value)).one_or_none()
    if found is None:
        acts.check_may_view(session, _area(row))
        noun = row.__tablename__.removeprefix("customer_").removeprefix("operator_")
        raise NotFound(f"no {_WORDS.get(noun, noun)} is named {value!r}", f"List them with: tollkeeper {noun} list.")
    return found


def of_id(session: Session, row: type[Row], row_id: int) -> Row:
    """Return the row of this id; raise `NotFound`."""
    found = session.get(row, row_id)
    if found is None:
        acts.check_may_view(session, _area(row))
        raise gone(row, row_id)
    return found


def gone(row: type[Base], row_id: int) -> NotFound:
    """Return what to raise where no row has this id, or none that may be seen."""
    noun = row.__tablename__
    return NotFound(f"no {noun} has the id {row_id}", f"List those of a customer: tollkeeper {noun} list CODE.")


def _area(row: type[Base]) -> str:
    area = _AREAS.get(row.__tablename__, row.__tablename__)
    return area if area in AREAS else "customer"


def put(row: Base, columns: Mapping[str, Any]) -> None:
    """Set columns of a row; raise `BadInput` for text that no column may hold."""
    for column, value in columns.items():
        if isinstance(value, str):
            check_text(value, column)
        setattr(row, column, value)


def add(session: Session, row: Row) -> Row:
    """Insert a row and read its defaults back; raise what the database refuses as an operator's error."""
    session.add(row)
    database.flush(session)
    return row


def save(session: Session, row: Base) -> Changes:
    """Update a row; return what changed, without secrets."""
    claim(session, row)
    state = inspect(row)
    changed = {}
    for attribute in state.mapper.column_attrs:
        if attribute.key in _COUNTED:
            continue
        history = state.attrs[attribute.key].history
        if history.has_changes():
            changed[attribute.key] = (_shown(attribute.key, history.deleted), _shown(attribute.key, history.added))
    database.flush(session)
    return changed


def remove(session: Session, row: Base) -> None:
    """Delete a row; raise what the database refuses as an operator's error."""
    claim(session, row)
    session.delete(row)
    database.flush(session)


def claim(session: Session, row: Base) -> None:
    """Lock a row that is to be changed; raise `Forbidden` where the operator may only see it.

    Row-level security would pass over it without a word, as if somebody else had removed it.
    """
    table, key = row.__table__, inspect(row).identity or ()
    query = select(*table.primary_key).where(
        *(column == value for column, value in zip(table.primary_key, key, strict=True))
    )
    with database.translated():
        if session.execute(query.with_for_update()).first() is not None:
            return
        if session.execute(query).first() is None:
            raise Conflict("somebody else has removed it in the meantime", "Look at it again, then decide.")
    noun = row.__tablename__.removeprefix("customer_").removeprefix("operator_")
    raise Forbidden(
        f"this {noun} may be seen, and not changed", "It is the provider's, or another reseller's; ask there."
    )


def _shown(column: str, values: Any) -> Any:
    value = values[0] if values else None
    return "(secret)" if column in _SECRET and value is not None else value


def check_text(value: str, what: str) -> None:
    """Refuse control characters, what is not UTF-8, and what is longer than any name; raise `BadInput`."""
    if not value.isprintable():
        raise BadInput(f"{what} has a character that cannot be printed", "Leave out control characters; use UTF-8.")
    if len(value) > _LONGEST_TEXT:
        raise BadInput(f"{what} is longer than {_LONGEST_TEXT} characters", "Shorten it.")
