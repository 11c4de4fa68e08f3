"""One AAA node's accounting on a fresh database: a spool, a fold, and what they have made of its records.

    node.hear(body("start", event_at=NOW))          into the spool, as accountingd does
    node.fold()                                     all that waits, into PostgreSQL
    node.sessions(), node.history(), node.usage(), node.fates(), node.balance()

The subscribers: `lisa` (account 1, Europe/Berlin, billing day 1), `bart` (2, UTC, 31st, device 02:00:00:00:00:01).
"""

import time
from collections import Counter
from contextlib import closing
from typing import Any

import orjson

from demo import schema
from radiusd.accounting.fold import Fold, Settings
from radiusd.accounting.ledger import Ledger
from radiusd.accounting.spool import Spool
from tests.fix_database import Database

NOW = int(time.time()) - 3600
NAS = "192.0.2.1"
CLASS = "0x544b" + "00" * 14
INTERIM_SECONDS = 300

_KINDS = {"start": "Start", "interim": "Interim-Update", "stop": "Stop", "on": "Accounting-On", "off": "Accounting-Off"}
_SUBSCRIBERS = """
INSERT INTO customer_group (name) VALUES ('group');
INSERT INTO package (name, sessions_allowed) VALUES ('package', 1);
INSERT INTO customer (code, group_id, first_name, time_zone, billing_day)
VALUES ('LISA', 1, 'Lisa', 'Europe/Berlin', 1), ('BART', 1, 'Bart', NULL, 31);
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'lisa'), (2, 1, 'bart');
INSERT INTO device (account_id, mac, mac_auth) VALUES (2, '02:00:00:00:00:01', true);
"""


def body(
    kind: str,
    *,
    event_at: int,
    user_name: str = "lisa",
    sid: str = "s1",
    nas: str = NAS,
    octets: tuple[int, int] = (0, 0),
    **others: Any,
) -> bytes:
    """Return a record as FreeRADIUS's rest module posts it; `others` as Acct_Session_Time=60."""
    pairs: dict[str, Any] = {
        "Acct-Status-Type": _KINDS[kind],
        "Tollkeeper-Source-Address": nas,
        "Event-Timestamp": str(event_at),
        **{name.replace("_", "-"): value for name, value in others.items()},
    }
    if kind not in ("on", "off"):
        pairs |= {"User-Name": user_name, "Acct-Session-Id": sid}
    if any(octets):
        for direction, counter in zip(("Input", "Output"), octets, strict=True):
            pairs |= {
                f"Acct-{direction}-Octets": counter & 0xFFFFFFFF,
                f"Acct-{direction}-Gigawords": counter >> 32,
            }
    return orjson.dumps({name: {"type": "any", "value": [value]} for name, value in pairs.items()})


class Node:
    """See the head of this file. `limit` is how many records make a batch."""

    def __init__(self, database: Database, name: str = "node1", *, limit: int = 5_000) -> None:
        self.database = database
        self.name = name
        self.path = database.home / "spool" / f"{name}.db"
        self.spool = Spool(self.path)
        self.settings = Settings(name, self.path, database.home / "run" / f"{name}.json", limit)
        self.connection = database.connect()

    @property
    def dsn(self) -> str:
        """How its fold connects."""
        return self.database.cluster.dsn(role=schema.FOLD, database=self.database.name)

    def close(self) -> None:
        """Let go of everything."""
        self.spool.close()
        self.connection.close()

    def ledger(self) -> Ledger:
        """Return a connection of a fold."""
        return Ledger(self.name, self.dsn)

    def make_fold(self) -> Fold:
        """Return a fold of this node."""
        return Fold(self.settings, self.ledger)

    def hear(self, *bodies: bytes, at: float | None = None) -> None:
        """Put records into the spool."""
        received_at = time.time() if at is None else at
        self.spool.append([(received_at, one) for one in bodies])

    def fold(self, *bodies: bytes) -> None:
        """Hear these, then fold all that waits."""
        if bodies:
            self.hear(*bodies)
        self.make_fold().drain()

    def query(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the owner."""
        with self.connection.cursor() as cur:
            cur.execute(statement, arguments)
            return cur.fetchall() if cur.description else []

    def sessions(self, columns: str = "user_name, acct_session_id, octets_in, octets_out") -> list[tuple[Any, ...]]:
        """Return the open sessions."""
        return self.query(f"SELECT {columns} FROM session ORDER BY acct_session_id, id")

    def history(self, columns: str = "acct_session_id, state, octets_in, octets_out") -> list[tuple[Any, ...]]:
        """Return the closed sessions."""
        return self.query(f"SELECT {columns} FROM session_history ORDER BY acct_session_id, id")

    def usage(self) -> dict[str, tuple[int, int]]:
        """Return the octets of each subscriber."""
        rows = self.query(
            "SELECT user_name, sum(octets_in)::bigint, sum(usage_day.octets_out)::bigint FROM usage_day"
            " JOIN account ON account.id = account_id GROUP BY 1"
        )
        return {name: (octets_in, octets_out) for name, octets_in, octets_out in rows}

    def fates(self) -> Counter[str]:
        """Return what has become of the node's records."""
        columns = ("applied", "duplicate", "superseded", "quarantined")
        (row,) = self.query(
            f"SELECT {', '.join(f'coalesce(sum({name}), 0)::bigint' for name in columns)}"
            " FROM accounting_day WHERE node = %s",
            self.name,
        )
        return Counter({name: number for name, number in zip(columns, row, strict=True) if number})

    def waiting(self) -> int:
        """Return how many records are in the spool and not folded."""
        rows = self.query("SELECT last_spool_id FROM accounting_node WHERE node = %s", self.name)
        return len(self.spool.read(rows[0][0] if rows else 0, 1_000_000))

    def received(self) -> int:
        """Return how many records have ever come."""
        return sum(self.spool.received_by_day().values())

    def assert_balance(self) -> None:
        """Received is applied, duplicate, superseded, quarantined and waiting; the ledger is the sessions' counters."""
        self.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            assert self.received() == self.fates().total() + self.waiting()
            in_ledger = self.query(
                "SELECT account_id, sum(octets_in)::bigint, sum(octets_out)::bigint FROM usage_day GROUP BY 1"
                " HAVING sum(octets_in) <> 0 OR sum(octets_out) <> 0 ORDER BY 1"
            )
            in_sessions = self.query(
                "SELECT account_id, sum(octets_in)::bigint, sum(octets_out)::bigint FROM ("
                " SELECT account_id, octets_in, octets_out FROM session UNION ALL"
                " SELECT account_id, octets_in, octets_out FROM session_history) AS every WHERE account_id IS NOT NULL"
                " GROUP BY 1 HAVING sum(octets_in) <> 0 OR sum(octets_out) <> 0 ORDER BY 1"
            )
            assert in_ledger == in_sessions
            both = "SELECT id FROM session INTERSECT SELECT id FROM session_history"
            assert self.query(both) == []
        finally:
            self.query("COMMIT")


def with_subscribers(database: Database) -> None:
    """Add the subscribers."""
    with closing(database.connect()) as connection, connection.cursor() as cur:
        cur.execute(_SUBSCRIBERS)


def empty(database: Database) -> None:
    """Take all accounting away again."""
    with closing(database.connect()) as connection, connection.cursor() as cur:
        cur.execute(
            "TRUNCATE session, session_history, usage_day, accounting_day, accounting_quarantine, accounting_reboot,"
            " accounting_node, change_log"
        )
