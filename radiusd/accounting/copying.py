"""Rows as PostgreSQL's COPY takes them: text format, tabs between columns, \\N for NULL."""

import io
from collections.abc import Iterable
from functools import lru_cache

from psycopg2.extensions import cursor

_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


def text(value: str | None) -> str:
    """Return a text column."""
    return _NULL if value is None else value.translate(_SPECIAL)


def number(value: int | None) -> str:
    """Return a number's column."""
    return _NULL if value is None else str(value)


@lru_cache(maxsize=1024)
def words(values: frozenset[str]) -> str:
    """Return a text[] column, sorted; of plain words: no quotes, commas or braces in them."""
    return "{" + ",".join(sorted(values)) + "}"


def into(cur: cursor, table: str, lines: Iterable[str]) -> None:
    """Copy rows into a table of our own naming."""
    cur.copy_expert(f"COPY {table} FROM STDIN", io.StringIO("".join(lines)))
