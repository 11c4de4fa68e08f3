"""Sessions and usage as radiusd's fold writes them, but written with SQL; and a spool as accountingd makes one."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from radiusd.accounting.spool import Spool
from tests.command_line import Operator
from tests.fix_database import Database

NOON = "2026-11-15 12:00+00"

NODE = "aaa1"

_PROVIDER = """
INSERT INTO customer_group (name) VALUES ('Homes');
INSERT INTO package (name) VALUES ('Home');
INSERT INTO customer (code, group_id, first_name, last_name) VALUES ('FRI001', 1, 'Frikkie', 'Visser');
INSERT INTO customer (code, group_id, first_name) VALUES ('ANN001', 1, 'Ann');
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'frikkie'), (1, 1, 'office'), (2, 1, 'ann');
INSERT INTO nas (name, address, secret) VALUES ('edge1', '192.0.2.1', '');
"""
_SESSION = {
    "user_name": "frikkie",
    "nas_address": "192.0.2.1",
    "acct_session_id": "s",
    "started_at": NOON,
    "last_heard_at": NOON,
    "time_zone": "UTC",
    "billing_day": 1,
}
_CLOSED = {
    "session_seconds": 0,
    "octets_in": 0,
    "octets_out": 0,
    "flags": "{}",
    "points": "[]",
    "stopped_at": NOON,
    "terminate_cause": "User-Request",
    "state": "stopped",
}


@dataclass
class Accounting:
    """Writes what a fold would have written."""

    cursor: Cursor
    database: Database

    def sql(self, statement: str, *arguments: Any) -> Any:
        """Run a statement; return its first value, if it has any."""
        self.cursor.execute(statement, arguments)
        row = self.cursor.fetchone() if self.cursor.description else None
        return row[0] if row else None

    def account_id(self, user_name: str) -> int | None:
        """Return an account's id; None where nobody of ours has this name."""
        found: int | None = self.sql("SELECT id FROM account WHERE user_name = %s", user_name)
        return found

    def opened(self, **columns: Any) -> int:
        """Add an open session; return its id."""
        return self._add("session", {**_SESSION, **columns}, "DEFAULT")

    def closed(self, **columns: Any) -> int:
        """Add a closed session; return its id."""
        return self._add("session_history", {**_SESSION, **_CLOSED, **columns}, "nextval('session_id_seq')")

    def used(self, user_name: str, day: str, octets_in: int, octets_out: int, period_start: str | None = None) -> None:
        """Add a day to the ledger; its period begins on the first of the month, unless said."""
        begins = period_start or f"{day[:8]}01"
        account_id = self.account_id(user_name)
        self.sql("INSERT INTO usage_day VALUES (%s, %s, %s, %s, %s)", account_id, day, begins, octets_in, octets_out)

    def folded(self, node: str, last_spool_id: int, day: str, *fates: int) -> None:
        """Say that a node has folded up to an id, and what became of a day's records."""
        self.sql(
            "INSERT INTO accounting_node VALUES (%s, %s) ON CONFLICT (node) DO UPDATE SET last_spool_id = %s",
            *(node, last_spool_id, last_spool_id),
        )
        self.sql("INSERT INTO accounting_day VALUES (%s, %s, %s, %s, %s, %s)", node, day, *fates)

    def quarantined(self, node: str, spool_id: int, body: str, *, reason: str = "no sense", at: str = NOON) -> int:
        """Add a record to quarantine; return its id."""
        found: int = self.sql(
            "INSERT INTO accounting_quarantine (node, spool_id, received_at, reason, body)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING id",
            *(node, spool_id, at, reason, body),
        )
        return found

    def _add(self, table: str, columns: dict[str, Any], session_id: str) -> int:
        columns = {"account_id": self.account_id(columns["user_name"]), **columns}
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        override = "OVERRIDING USER VALUE" if session_id == "DEFAULT" else ""
        found: int = self.sql(
            f"INSERT INTO {table} (id, {names}) {override} VALUES ({session_id}, {marks}) RETURNING id",
            *columns.values(),
        )
        return found


@pytest.fixture
def accounting(database: Database) -> Iterator[Accounting]:
    """Return what writes sessions, usage and quarantine into the test's database."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        yield Accounting(cursor, database)


@pytest.fixture
def spool(database: Database) -> Iterator[Spool]:
    """Return the spool of the test's node, made by radiusd."""
    with closing(Spool(database.home / "spool" / "spool.db")) as made:
        yield made


@pytest.fixture
def operator(accounting: Accounting, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Return an operator at node aaa1 of a provider: FRI001 with frikkie and office, ANN001 with ann; NAS edge1."""
    accounting.sql(_PROVIDER)
    monkeypatch.delenv("TOLLKEEPER_ACCOUNTINGD_PORT", raising=False)
    return Operator({**accounting.database.environ, "TOLLKEEPER_NODE": NODE})
