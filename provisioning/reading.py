"""To look at the database, without SQLAlchemy: everything that is read is of one moment, and nothing can be changed.

What changes something goes through provisioning/database.py. SQLAlchemy takes most of a short command's time to import;
lists, searches and profiles are statements of their own anyway. Row-level security is the same either way.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (a class, whatever its name says)

from provisioning import driver, intent
from provisioning.errors import NotFound, forbidden

Row = dict[str, Any]

_WHO = """
    SELECT 'reseller' AS what, id FROM reseller WHERE name = %(name)s
    UNION ALL SELECT 'customer', id FROM customer WHERE code = upper(%(name)s)
    ORDER BY what DESC
"""
_NARROW = """
    SELECT set_config('tollkeeper.as_' || %(what)s, %(id)s::text, true), set_config('role', 'tollkeeper_operator', true)
"""


class Look:
    """A transaction that reads. Statements have psycopg2's form: %(name)s for a value."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def rows(self, query: str, /, **values: Any) -> list[Row]:
        """Return the rows, as dicts of their columns."""
        self._cursor.execute(query, values)
        names = [column.name for column in self._cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self._cursor]

    def row(self, query: str, /, **values: Any) -> Row | None:
        """Return the first row, None where there is none."""
        return next(iter(self.rows(query, **values)), None)

    def column(self, query: str, /, **values: Any) -> list[Any]:
        """Return the first column."""
        self._cursor.execute(query, values)
        return [row[0] for row in self._cursor]

    def tuples(self, query: str, /, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows."""
        self._cursor.execute(query, values)
        return self._cursor.fetchall()

    def stream(self, query: str, /, *, at_once: int, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one query, without having all of them in memory; others may be asked meanwhile."""
        self._cursor.execute(f"DECLARE streamed NO SCROLL CURSOR FOR {query}", values)
        while rows := self.tuples(f"FETCH {at_once} FROM streamed"):
            yield from rows
        self._cursor.execute("CLOSE streamed")

    @cached_property
    def areas(self) -> frozenset[str]:
        """The areas that the operator may see (schema.sql, type `area`)."""
        query = "SELECT area::text FROM unnest(enum_range(NULL::area)) AS area WHERE may(area, 'view')"
        return frozenset(self.column(query))

    @cached_property
    def sees_all(self) -> bool:
        """Whether the operator sees every customer, not only a reseller's part (schema.sql, sees_all)."""
        return bool(self.column("SELECT sees_all()")[0])

    def check_may_view(self, *areas: str) -> None:
        """Raise `Forbidden` where the operator may not see one of these areas: otherwise it would seem to be empty."""
        for area in areas:
            if area not in self.areas:
                raise forbidden(self.column("SELECT session_user")[0], area, "see")


@contextmanager
def look(dsn: str = "") -> Iterator[Look]:
    """Give a look at a database of the right version, as whoever the command acts as."""
    with translated(), closing(driver.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        opened = Look(cursor)
        _check_version(opened)
        if (name := intent.current().act_as) is not None:
            _act_as(opened, name)
        yield opened


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as what they mean to an operator."""
    try:
        yield
    except psycopg2.Error as failure:
        raise driver.translate(failure) from failure


def _check_version(opened: Look) -> None:
    there = opened.column("SELECT to_regclass('installation') IS NOT NULL")[0]
    driver.check_version(opened.column("SELECT schema_version FROM installation")[0] if there else None)


def _act_as(opened: Look, name: str) -> None:
    """Act as this reseller, or the customer of this account code; as provisioning/acting.py."""
    found = opened.row(_WHO, name=name)
    if found is None:
        raise NotFound(f"no reseller and no customer is named {name!r}", "See: tollkeeper reseller list.")
    opened.row(_NARROW, **found)
