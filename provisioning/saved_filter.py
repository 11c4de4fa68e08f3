"""Saved filters: lists of customers that an operator asks for often, under a name of his own. Nobody else sees them."""

from datetime import date
from typing import TYPE_CHECKING, Any

from provisioning.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.reading import Look, Row

_MINE = "SELECT name, options, created_at FROM saved_filter WHERE operator = session_user"
_SAVE = """
    INSERT INTO saved_filter (name, options) VALUES (:name, CAST(:options AS jsonb))
    ON CONFLICT (operator, name) DO UPDATE SET options = excluded.options, created_at = now()
"""
_REMOVE = "DELETE FROM saved_filter WHERE operator = session_user AND name = :name RETURNING name"


def save(session: "Session", name: str, options: dict[str, Any]) -> None:
    """Save the options of a list, in place of those that had this name before."""
    import json

    from sqlalchemy import text

    from provisioning import database

    plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in options.items()}
    with database.translated():
        session.execute(text(_SAVE), {"name": name, "options": json.dumps(plain)})


def remove(session: "Session", name: str) -> None:
    """Remove a saved filter."""
    from sqlalchemy import text

    if not session.execute(text(_REMOVE), {"name": name}).all():
        raise _not_found(name)


def listing(look: "Look") -> list["Row"]:
    """Return what this operator has saved, by name."""
    return look.rows(f"{_MINE} ORDER BY name")


def find(look: "Look", name: str) -> "Row":
    """Return a saved filter; raise `NotFound`."""
    found = look.row(f"{_MINE} AND name = %(name)s", name=name)
    if found is None:
        raise _not_found(name)
    return found


def _not_found(name: str) -> NotFound:
    return NotFound(f"no filter is saved as {name!r}", "List them with: tollkeeper filter list.")
