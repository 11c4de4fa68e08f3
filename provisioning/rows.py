"""Finding, changing and listing rows: what the operations of every noun have in common."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from provisioning import database
from provisioning.errors import BadInput, NotFound
from provisioning.models import Base

Changes = dict[str, tuple[Any, Any]]  # column -> (before, after)
Row = TypeVar("Row", bound=Base)

_WORDS = {"nas": "NAS"}
_LONGEST_TEXT = 1000
_SECRET = frozenset({"secret", "password", "password_hash", "portal_password_hash"})
_COUNTED = frozenset({"version", "name_key", "search_text"})


def find(session: Session, row: type[Row], column: InstrumentedAttribute[str], value: str) -> Row:
    """Return the row whose unique column has this value; raise `NotFound`."""
    found = session.scalars(select(row).where(column == value)).one_or_none()
    if found is None:
        noun = row.__tablename__.removeprefix("customer_")
        raise NotFound(f"no {_WORDS.get(noun, noun)} is named {value!r}", f"List them with: tollkeeper {noun} list.")
    return found


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


def _shown(column: str, values: Any) -> Any:
    value = values[0] if values else None
    return "(secret)" if column in _SECRET and value is not None else value


def check_text(value: str, what: str) -> None:
    """Refuse control characters, what is not UTF-8, and what is longer than any name; raise `BadInput`."""
    if not value.isprintable():
        raise BadInput(f"{what} has a character that cannot be printed", "Leave out control characters; use UTF-8.")
    if len(value) > _LONGEST_TEXT:
        raise BadInput(f"{what} is longer than {_LONGEST_TEXT} characters", "Shorten it.")
