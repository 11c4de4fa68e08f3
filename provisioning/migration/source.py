"""What an rlm_sql or daloRADIUS database holds, read at one moment and changed in nothing.

The tables are those of FreeRADIUS 3's mods-config/sql/main/postgresql/schema.sql; daloRADIUS adds `userinfo` and
`billing_plans` with `userbillinfo`. Columns that an older schema lacks are read as empty. Everything is held in memory:
about 1.5 kB a user.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NamedTuple

import psycopg2
from psycopg2.extensions import connection, cursor, parse_dsn

from provisioning.errors import BadInput, Unreachable

_NEEDED = ("radcheck", "radreply", "radusergroup", "radgroupcheck", "radgroupreply")
_AT_ONCE = 10_000
_TIMEOUT_SECONDS = 10
_PERSONAL = (
    *("firstname", "lastname", "email", "department", "company", "workphone", "homephone", "mobilephone"),
    *("address", "city", "state", "country", "zip", "notes"),
)
_SESSION = (
    *("acctsessionid", "username", "nasipaddress", "nasportid", "acctstarttime", "acctupdatetime", "acctsessiontime"),
    *("acctinputoctets", "acctoutputoctets", "calledstationid", "callingstationid", "framedipaddress"),
    *("framedipv6prefix", "delegatedipv6prefix"),
)
_TIMES = frozenset({"acctstarttime", "acctupdatetime"})
_NUMBERS = frozenset({"acctsessiontime", "acctinputoctets", "acctoutputoctets"})


class Item(NamedTuple):
    """One row of a check or reply table: attribute, operator, value; and whose it is, a group's name or None."""

    name: str
    op: str
    value: str
    group: str | None = None


class Router(NamedTuple):
    """A row of `nas`."""

    address: str  # nasname: an address, a network or a host name
    name: str | None
    type: str | None
    secret: str | None


@dataclass
class Old:
    """The old database."""

    name: str  # as it may be shown: without a password
    sha256: str = ""
    check: dict[str, list[Item]] = field(default_factory=dict)
    reply: dict[str, list[Item]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)  # user name -> groups by priority
    group_check: dict[str, list[Item]] = field(default_factory=dict)
    group_reply: dict[str, list[Item]] = field(default_factory=dict)
    routers: list[Router] = field(default_factory=list)
    people: dict[str, Mapping[str, str]] = field(default_factory=dict)  # daloRADIUS's userinfo by user name
    prices: dict[str, str] = field(default_factory=dict)  # what daloRADIUS bills a user
    sessions: list[Mapping[str, Any]] = field(default_factory=list)  # open ones

    def users(self) -> list[str]:
        """Return everybody whom FreeRADIUS may let in: those with a check item or a group."""
        return sorted(self.check.keys() | self.groups.keys())


def read(dsn: str) -> Old:
    """Read the database of a libpq string or URL; raise `BadInput` for one that is none of FreeRADIUS's."""
    if re.match(r"(mysql|mariadb)", dsn, re.IGNORECASE):
        raise BadInput(
            "a MySQL database is not read directly",
            "Load it into PostgreSQL first: pgloader mysql://USER@HOST/radius postgresql:///radius",
        )
    opened = _connect(dsn)
    try:
        with opened, opened.cursor() as cur:
            return _read_all(cur, Old(_shown(dsn)))
    except psycopg2.Error as exc:
        raise BadInput(f"the old database cannot be read: {_first_line(exc)}", "May the user read its tables?") from exc
    finally:
        opened.close()


def _connect(dsn: str) -> connection:
    try:
        opened = psycopg2.connect(dsn, connect_timeout=_TIMEOUT_SECONDS, application_name="tollkeeper migration")
    except (psycopg2.ProgrammingError, UnicodeError) as exc:
        raise BadInput(
            f"this says no database: {_first_line(exc)}",
            "Write it as postgresql://USER@HOST/radius or 'dbname=radius'.",
        ) from exc
    except psycopg2.Error as exc:
        raise Unreachable(f"the old database does not answer: {_first_line(exc)}", "Check host, port, user.") from exc
    opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
    return opened


def _first_line(exc: Exception) -> str:
    return (str(exc).strip() or type(exc).__name__).split("\n")[0].rstrip(".")


def _shown(dsn: str) -> str:
    parts = parse_dsn(dsn)
    return f"{parts.get('dbname', '')}@{parts.get('host', 'localhost')}"


def _read_all(cur: cursor, old: Old) -> Old:
    tables = _columns(cur)
    missing = [table for table in _NEEDED if table not in tables]
    if missing:
        raise BadInput(
            f"the database has no table {missing[0]}",
            "Name the one that rlm_sql asks; options=-csearch_path=... helps.",
        )
    digest = hashlib.sha256()
    old.check = _items(cur, "radcheck", "username", digest)
    old.reply = _items(cur, "radreply", "username", digest)
    old.group_check = _items(cur, "radgroupcheck", "groupname", digest)
    old.group_reply = _items(cur, "radgroupreply", "groupname", digest)
    for user, group in _rows(cur, "SELECT username, groupname FROM radusergroup ORDER BY priority, id", digest):
        old.groups.setdefault(user, []).append(intern(group))
    if "nas" in tables:
        query = "SELECT nasname, shortname, type, secret FROM nas ORDER BY id"
        old.routers = [Router(*row) for row in _rows(cur, query, digest)]
    _read_daloradius(cur, old, tables, digest)
    if "radacct" in tables:
        old.sessions = list(_open_sessions(cur, tables["radacct"], digest))
    old.sha256 = digest.hexdigest()
    return old


def _columns(cur: cursor) -> dict[str, set[str]]:
    cur.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = ANY(current_schemas(false))"
    )
    tables: dict[str, set[str]] = {}
    for table, column in cur.fetchall():
        tables.setdefault(table, set()).add(column)
    return tables


def _items(cur: cursor, table: str, owner: str, digest: Any) -> dict[str, list[Item]]:
    of_group = owner == "groupname"
    found: dict[str, list[Item]] = {}
    query = f"SELECT {owner}, attribute, op, value FROM {table} ORDER BY id"  # noqa: S608 - our own words
    for name, attribute, op, value in _rows(cur, query, digest):
        item = Item(intern(attribute.strip()), intern((op or "").strip()), _unquoted(value), name if of_group else None)
        found.setdefault(name, []).append(item)
    return found


def _unquoted(value: str) -> str:
    """Return a value without quotes around the whole of it, as rlm_sql's sql_userparse takes them off."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"`":
        return value[1:-1]
    return value


def _rows(cur: cursor, query: str, digest: Any) -> Iterator[tuple[Any, ...]]:
    """Run a query and return its rows, a few at a time; NULL is empty text but where it is the last resort."""
    cur.execute(query)
    while rows := cur.fetchmany(_AT_ONCE):
        digest.update(repr(rows).encode("utf-8", "surrogatepass"))
        yield from (tuple("" if value is None else value for value in row) for row in rows)


def _read_daloradius(cur: cursor, old: Old, tables: Mapping[str, set[str]], digest: Any) -> None:
    if "userinfo" in tables and "username" in tables["userinfo"]:
        wanted = [column for column in _PERSONAL if column in tables["userinfo"]]
        listed = "".join(f", {column}::text" for column in wanted)
        for user, *values in _rows(cur, f"SELECT username{listed} FROM userinfo ORDER BY id", digest):  # noqa: S608
            texts = (" ".join(str(value).split()) for value in values)
            old.people[user] = {column: text for column, text in zip(wanted, texts, strict=True) if text}
    billed = tables.get("userbillinfo", set()) >= {"username", "planname"}
    if billed and tables.get("billing_plans", set()) >= {"planname", "plancost"}:
        query = (
            "SELECT username, plancost::text FROM userbillinfo JOIN billing_plans USING (planname)"
            " ORDER BY userbillinfo.id"
        )
        old.prices = {user: cost for user, cost in _rows(cur, query, digest) if cost}


def _open_sessions(cur: cursor, there: set[str], digest: Any) -> Iterable[Mapping[str, Any]]:
    """Return radacct's open rows; texts where the column may be of any type, times and numbers as such."""
    listed = ", ".join(_expression(column, there) for column in _SESSION)
    query = f"SELECT {listed} FROM radacct WHERE acctstoptime IS NULL ORDER BY radacctid"  # noqa: S608
    for row in _rows(cur, query, digest):
        yield dict(zip(_SESSION, _as_null(row), strict=True))


def _expression(column: str, there: set[str]) -> str:
    if column not in there:
        return "NULL"
    if column in _TIMES:
        return f"extract(epoch FROM {column})::bigint"
    return f"{column}::bigint" if column in _NUMBERS else f"{column}::text"


def _as_null(row: Sequence[Any]) -> list[Any]:
    return [None if value == "" else value for value in row]
