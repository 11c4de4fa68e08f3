"""The fold's connection to PostgreSQL: a batch is one transaction, its place in the spool included.

Rules:

 1 The node's row is locked first and its place read; records up to there are folded already and left out. So a batch
   that is replayed after a crash, or folded by two processes at once, counts once.
 2 Then the routers of the batch are locked, in an order that all nodes share: another may hear of the same session.
 3 Rows of the ledger are added to in the order of their keys, for the same reason.
 4 What PostgreSQL refuses because of its content is `Poison`; every other error means that the connection is given up.

Known weakness: a session whose router speaks from two addresses, to two nodes at the same moment, is not locked against
the other node. And with asynchronous replication a failover forgets the last commits, and their records have left the
spool. Where none may be lost, PostgreSQL needs a synchronous standby.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import connection, cursor

from policies.accounting.record import Quarantined
from radiusd.accounting import batch, copying, session_store
from radiusd.accounting.batch import Entry, Folding, Outcome, Poison
from radiusd.accounting.holders import Holders
from radiusd.source import SCHEMA_VERSION, WrongSchema

_LOCKS = 1024  # routers share that many; PostgreSQL has room for some thousands
_LOCK_SPACE = 0x61636374

_SET_UP = """
SET statement_timeout = '60s'; SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '60s';
SET TimeZone = 'UTC';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
CREATE TEMPORARY TABLE used (
    account_id bigint, day date, period_start date, octets_in bigint, octets_out bigint) ON COMMIT DELETE ROWS;
"""
_ADD_USAGE = """
INSERT INTO usage_day (account_id, day, period_start, octets_in, octets_out)
SELECT account_id, day, period_start, octets_in, octets_out FROM used ORDER BY account_id, day, period_start
ON CONFLICT (account_id, day, period_start) DO UPDATE
SET octets_in = usage_day.octets_in + excluded.octets_in, octets_out = usage_day.octets_out + excluded.octets_out
"""
# whose allowance has to be looked at again; not asked where nothing has a cap, which costs nothing then
_NOTE_ALLOWANCES_DUE = """
INSERT INTO allowance_due (account_id, since)
SELECT used.account_id, day FROM used
JOIN account ON account.id = used.account_id JOIN package ON package.id = package_id
WHERE cap_octets IS NOT NULL AND EXISTS (SELECT FROM package WHERE cap_octets IS NOT NULL)
"""
_ADD_FATES = """
INSERT INTO accounting_day AS so_far (node, received_on, applied, duplicate, superseded, quarantined)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (node, received_on) DO UPDATE
SET applied = so_far.applied + excluded.applied, duplicate = so_far.duplicate + excluded.duplicate,
    superseded = so_far.superseded + excluded.superseded, quarantined = so_far.quarantined + excluded.quarantined
"""
_QUARANTINE = """
INSERT INTO accounting_quarantine (node, spool_id, received_at, reason, body)
VALUES (%s, %s, to_timestamp(%s), %s, %s)
"""
_REMEMBER_REBOOT = "INSERT INTO accounting_reboot VALUES (%s, to_timestamp(%s)) ON CONFLICT DO NOTHING"
_FIND_REBOOTS = """
SELECT host(nas_address), extract(epoch FROM rebooted_at)::bigint FROM accounting_reboot
WHERE nas_address = ANY(%s::inet[]) AND rebooted_at >= to_timestamp(%s)
"""


class WrongSpool(Exception):
    """the spool is not the one that is folded under this node's name"""


class Ledger:
    """One connection, as libpq's PG* variables say; raises `psycopg2.Error` and `WrongSchema`."""

    def __init__(self, node: str, dsn: str = "") -> None:
        self._node = node
        self._spool: str | None = None
        self._connection: connection = psycopg2.connect(
            dsn, connect_timeout=5, application_name="tollkeeper fold", keepalives_idle=10, tcp_user_timeout=30_000
        )
        try:
            with self.transaction() as cur:
                _check_schema(cur)
                cur.execute(_SET_UP)
                session_store.set_up(cur)
                cur.execute("INSERT INTO accounting_node (node) VALUES (%s) ON CONFLICT DO NOTHING", (node,))
                self.position = self._lock_position(cur)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def fold(self, entries: Sequence[Entry]) -> Outcome:
        """Fold these entries, as far as they are not folded yet; raise `Poison` and leave everything as it was."""
        with _poison(), self.transaction() as cur:
            position = self._lock_position(cur)
            new = [entry for entry in entries if entry.spooled.id > position]
            outcome = self._apply(cur, new)
            if new:
                position = new[-1].spooled.id
                self._advance(cur, position, new[-1].spooled.received_at)
        self.position = position
        return outcome

    def claim(self, spool: str, *, oldest_id: int, last_id: int) -> None:
        """Fold this spool and no other from now on; raise `WrongSpool` where that would lose records.

        Its ids have to go on where those of the spool before it ended: one that was copied, rolled back, or is another
        node's, would have its records taken for folded ones.
        """
        with self.transaction() as cur:
            cur.execute("SELECT last_spool_id, spool FROM accounting_node WHERE node = %s FOR UPDATE", (self._node,))
            position, known = cur.fetchone() or (0, "")
            is_new = known not in ("", spool)
            if last_id < position or (is_new and oldest_id <= position):
                raise WrongSpool(
                    f"the spool of node {self._node} does not go on where the last ended"
                    f" (its ids {oldest_id} to {last_id}, folded up to {position}):"
                    " another node has the same name, or the spool is an old copy."
                    " HINT: Give each node a TOLLKEEPER_NODE of its own; see accounting_node.spool in schema.sql."
                )
            cur.execute("UPDATE accounting_node SET spool = %s WHERE node = %s", (spool, self._node))
        self._spool = spool

    def heard(self, until: float) -> None:
        """Note that everything which arrived before this moment is folded."""
        with self.transaction() as cur:
            cur.execute(
                "UPDATE accounting_node SET folded_at = greatest(folded_at, to_timestamp(%s)) WHERE node = %s",
                (until, self._node),
            )

    @contextmanager
    def transaction(self) -> Iterator[cursor]:
        """Give a cursor; commit at the end, or roll back."""
        with self._connection, self._connection.cursor() as cur:
            yield cur

    def _lock_position(self, cur: cursor) -> int:
        cur.execute("SELECT last_spool_id, spool FROM accounting_node WHERE node = %s FOR UPDATE", (self._node,))
        row = cur.fetchone()
        if row is None:
            raise WrongSchema(f"the row of node {self._node} has gone from accounting_node")
        if self._spool is not None and row[1] != self._spool:
            raise WrongSpool(f"another spool is folded under the name of node {self._node}")
        return int(row[0])

    def _advance(self, cur: cursor, position: int, received_at: float) -> None:
        cur.execute(
            "UPDATE accounting_node SET last_spool_id = %s, folded_at = greatest(folded_at, to_timestamp(%s))"
            " WHERE node = %s",
            (position, received_at, self._node),
        )

    def _apply(self, cur: cursor, entries: Sequence[Entry]) -> Outcome:
        records = [entry.record for entry in entries if not isinstance(entry.record, Quarantined)]
        nas_addresses = {record.nas_address for record in records}
        lock_routers(cur, nas_addresses)
        reboots = _find_reboots(cur, nas_addresses, min((record.event_at for record in records), default=0))
        working, strangers = session_store.load(cur, records)
        holders = Holders(cur)
        holders.prepare(record.user_name for record in strangers)
        outcome = Folding(working, holders.of, reboots).fold(entries)
        session_store.write(cur, working)
        add_usage(cur, outcome.usage)
        self._keep_books(cur, outcome)
        return outcome

    def _keep_books(self, cur: cursor, outcome: Outcome) -> None:
        for day in sorted({day for day, _ in outcome.fates}):
            fates = [outcome.fates[day, fate] for fate in ("applied", "duplicate", "superseded", "quarantined")]
            cur.execute(_ADD_FATES, (self._node, batch.day(day), *fates))
        for spooled, reason in outcome.quarantined:
            row = (self._node, spooled.id, spooled.received_at, _plain(reason)[:500], _body(spooled.body))
            cur.execute(_QUARANTINE, row)
        for nas_address, rebooted_at in sorted(outcome.reboots):
            cur.execute(_REMEMBER_REBOOT, (nas_address, rebooted_at))


def add_usage(cur: cursor, totals: dict[batch.UsageRow, tuple[int, int]]) -> None:
    """Add to the ledger what accounts have used."""
    if totals:
        lines = (f"{row[0]}\t{row[1]}\t{row[2]}\t{into}\t{out}\n" for row, (into, out) in totals.items())
        copying.into(cur, "used", lines)
        cur.execute(_ADD_USAGE)
        cur.execute(_NOTE_ALLOWANCES_DUE)


def lock_routers(cur: cursor, nas_addresses: Iterable[str]) -> None:
    """Wait until no other node works on sessions of these routers."""
    numbers = sorted({zlib.crc32(address.encode()) % _LOCKS for address in nas_addresses})
    cur.execute("SELECT pg_advisory_xact_lock(%s, n) FROM unnest(%s::integer[]) AS n", (_LOCK_SPACE, numbers))


def _find_reboots(cur: cursor, nas_addresses: set[str], since: int) -> list[tuple[str, int]]:
    if not nas_addresses:
        return []
    cur.execute(_FIND_REBOOTS, (list(nas_addresses), since))
    return cur.fetchall()


def _check_schema(cur: cursor) -> None:
    cur.execute("SELECT schema_version FROM installation")
    row: tuple[Any, ...] | None = cur.fetchone()
    if row is None or row[0] != SCHEMA_VERSION:
        found = None if row is None else row[0]
        raise WrongSchema(f"database has schema version {found}, this program needs {SCHEMA_VERSION}")


@contextmanager
def _poison() -> Iterator[None]:
    """Tell what the content of a record makes PostgreSQL or the driver refuse from everything else."""
    try:
        yield
    except (psycopg2.DataError, psycopg2.IntegrityError, ValueError, OverflowError) as exc:
        raise Poison(_plain(f"{type(exc).__name__}: {exc}")) from exc
    except psycopg2.OperationalError as exc:
        if (exc.pgcode or "").startswith("54"):  # program_limit_exceeded: too large for an index, for a row
            raise Poison(_plain(f"{type(exc).__name__}: {exc}")) from exc
        raise


def _plain(reason: str) -> str:
    """Return one line that PostgreSQL can store."""
    return " ".join(reason.replace("\0", "\\0").encode(errors="backslashreplace").decode().split())


def _body(body: bytes) -> str:
    """Return a record as text; octets that are none are written \\xNN."""
    return body.decode(errors="backslashreplace").replace("\0", "\\x00")
