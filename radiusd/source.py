"""Reading the provider's rows from PostgreSQL: everything, or what has changed.

Every read is one REPEATABLE READ transaction, so rows and position are of one moment. The position is that moment's
snapshot, in PostgreSQL's words `xmin:xmax:xip`: what was not visible in it is new, however late it committed. Nothing
is missed and nothing is read twice. A standby does not list the transactions in progress, so its position says
that nothing from xmin on was visible: those are read again, which is harmless.

The position also says which database of which cluster it was, and on which timeline: after a failover that lost the
last transactions, or a restore (a dump brings the installation's id along, and means nothing by its transaction ids),
everything is loaded again.
"""

import gc
import select
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple

import psycopg2
import structlog
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection, cursor

from policies import rows
from radiusd.state import State
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, NotOurs, Seal

SCHEMA_VERSION = 4
CHANNEL = "tollkeeper_change"

_ROWS_AT_ONCE = 5_000
_UNOPENED_TOLD = 20  # with the wrong key it is all of them
_MANY_CHANGES = 100_000  # beyond this, loading everything is quicker
# Sessions are opened and closed by the thousand. Read all at once (3,810 took 307 ms under full load) they would keep
# an operator's change waiting that comes meanwhile; 500 take 30 ms.
_SESSIONS_AT_ONCE = 500

log = structlog.get_logger()

# parents first, so that whatever refers to a row finds it; the key is what change_log calls the row by
_VIEWS = {
    "group": ("hook_group", "id", rows.GROUP),
    "package": ("hook_package", "id", rows.PACKAGE),
    "nas": ("hook_nas", "id", rows.NAS),
    "customer": ("hook_customer", "id", rows.CUSTOMER),
    "account": ("hook_account", "user_name", rows.ACCOUNT),
    "device": ("hook_device", "mac", rows.DEVICE),
    "session": ("hook_session", "id", rows.SESSION),
}
_KEY_TYPES = {"id": "bigint", "user_name": "text", "mac": "text"}


class WrongSchema(Exception):
    """the database has another schema version"""


class Position(NamedTuple):
    """Which database was read, and its snapshot at that moment."""

    database: str
    snapshot: str

    @property
    def xmin(self) -> int:
        """All transactions below this one were over, and seen."""
        return int(self.snapshot.partition(":")[0])


class Changes(NamedTuple):
    """What a read found: how many rows changed, how old the oldest change was, whether everything has to be loaded."""

    position: Position
    number: int = 0
    lag_seconds: float = 0.0
    reload: bool = False


class Source:
    """One connection to PostgreSQL, as libpq's PG* variables say."""

    def __init__(
        self,
        seal: Seal,
        confirm: Callable[[str, str], None] = lambda user_name, session_class: None,
        *,
        relations: Sequence[str] | None = None,
    ) -> None:
        self._views = {name: _VIEWS[name] for name in relations or _VIEWS}
        self._seal = seal
        self._confirm = confirm  # is told user name and Class of each open session that is read
        self._opened = self._unopened = 0
        self._connection: connection = psycopg2.connect(
            "", connect_timeout=5, application_name="tollkeeper hook", keepalives_idle=10, tcp_user_timeout=10_000
        )
        self._connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)

    def listen(self) -> None:
        """Have the server wake us, which a standby cannot (FREERADIUS.md, Distributed): there we only poll."""
        with self._connection, self._connection.cursor() as cur:
            cur.execute("SELECT pg_is_in_recovery()")
            if not _one(cur)[0]:
                cur.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> bool:
        """Wait for a notification, which says no more than that it is worth looking; return whether one came.

        One may have come with the answer to the last COMMIT: then the socket has nothing more to read, and only
        poll() takes it from libpq.
        """
        self._connection.poll()
        if not self._connection.notifies and select.select([self._connection], [], [], seconds)[0]:
            self._connection.poll()
        notified = bool(self._connection.notifies)
        self._connection.notifies.clear()
        return notified

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def load(self) -> tuple[State, Position]:
        """Read everything into a new state; raise `NotOurs` where the key opens none of the secrets."""
        state = State()
        self._opened = self._unopened = 0
        gc.disable()  # a million new rows, none of them garbage
        try:
            with self._connection, self._connection.cursor() as cur:
                position, _ = _position(cur)
                for relation in self._views:
                    self._load_view(state, relation)
        finally:
            gc.enable()
        if self._unopened and not self._opened:
            raise NotOurs("a sealed value does not open with this key")
        return state, position

    def catch_up(self, state: State, position: Position) -> Changes:
        """Bring the state from `position` to now, or say that everything has to be loaded.

        All but sessions: of those some, with which it is behind; the others stay in `state.behind` until next time.
        """
        with self._connection, self._connection.cursor() as cur:
            current, floor = _position(cur)
            if current.database != position.database or not floor < position.xmin <= current.xmin:
                return Changes(position, reload=True)
            logged = _logged_since(cur, position, [*self._views, "installation"])
            if len(logged) > _MANY_CHANGES or any(key == "*" for _, key, _ in logged):
                return Changes(position, reload=True)
            changed = {(relation, key) for relation, key, _ in logged}
            state.behind.update(change for change in changed if change[0] == "session")
            some = set(islice(state.behind, _SESSIONS_AT_ONCE))
            self._apply(cur, state, changed - state.behind | some)
            state.behind -= some
            return Changes(current, len(logged), max((age_seconds for *_, age_seconds in logged), default=0.0))

    def _load_view(self, state: State, relation: str) -> None:
        view, _, columns = _VIEWS[relation]
        with self._connection.cursor(name=f"load_{relation}") as cur:
            cur.itersize = _ROWS_AT_ONCE
            cur.execute(f"SELECT {', '.join(columns)} FROM {view}")  # noqa: S608 - our own names
            for row in cur:
                self._put(state, relation, row)

    def _apply(self, cur: cursor, state: State, changed: set[tuple[str, str]]) -> None:
        """Put what is there, then remove what is gone, children before parents."""
        gone: list[tuple[str, str]] = []
        for relation, (view, key_column, columns) in self._views.items():
            keys = {key for name, key in changed if name == relation}
            if keys:
                # joined, not `= ANY`: ten thousand user names fell into the index of parts of names, 13 s against 0.03
                cur.execute(
                    f"SELECT {', '.join(columns)} FROM {view}"  # noqa: S608 - our own names
                    f" JOIN unnest(%s::{_KEY_TYPES[key_column]}[]) AS changed ({key_column}) USING ({key_column})",
                    (list(keys),),
                )
                found = {str(row[columns.index(key_column)]): row for row in cur}
                for row in found.values():
                    self._put(state, relation, row)
                gone += ((relation, key) for key in keys - found.keys())
        for relation, key in reversed(gone):
            state.remove(relation, key)

    def _put(self, state: State, relation: str, row: Sequence[Any]) -> None:
        """Take a row in. One bad secret spoils that row alone: an account has no password then, a NAS is none."""
        match relation:
            case "account":
                state.put(relation, rows.account(row, self._open(row[3], ACCOUNT_PASSWORD, row[0])))
            case "nas":
                secret = self._open(row[3], NAS_SECRET, row[1])
                if secret is None:
                    state.remove(relation, str(row[0]))
                else:
                    state.put(relation, rows.nas(row, secret))
            case "session":
                session = rows.open_session(row)
                if session.session_class is not None:
                    self._confirm(session.user_name, session.session_class)
                state.put(relation, session)
            case _:
                state.put(relation, getattr(rows, relation)(row))

    def _open(self, sealed: bytes | memoryview | None, purpose: bytes, whose: str) -> str | None:
        if sealed is None:
            return None
        try:
            clear = self._seal.open(bytes(sealed), purpose).decode()
        except (NotOurs, UnicodeDecodeError):
            self._unopened += 1
            if self._unopened <= _UNOPENED_TOLD:
                log.error("secret_does_not_open", of=whose)
            return None
        self._opened += 1
        return clear


def _position(cur: cursor) -> tuple[Position, int]:
    """Return where the database is now, and up to where its change log has been pruned; raise `WrongSchema`."""
    cur.execute(
        "SELECT schema_version, concat_ws('/', installation.id, timeline_id, system_identifier, pg_database.oid),"
        " CASE WHEN pg_is_in_recovery() THEN format('%1$s:%1$s:', pg_snapshot_xmin(pg_current_snapshot()))"
        " ELSE pg_current_snapshot()::text END, change_log_floor.xid::text::bigint"
        " FROM installation, change_log_floor, pg_control_checkpoint(), pg_control_system(), pg_database"
        " WHERE datname = current_database()"
    )
    version, database, snapshot, floor = _one(cur)
    if version != SCHEMA_VERSION:
        raise WrongSchema(f"database has schema version {version}, this program needs {SCHEMA_VERSION}")
    return Position(database, snapshot), floor


def _logged_since(cur: cursor, position: Position, relations: list[str]) -> list[tuple[str, str, float]]:
    """Return relation, key and age of each change in these relations that was not visible at `position`."""
    cur.execute(
        "SELECT relation, key, extract(epoch FROM clock_timestamp() - logged_at)::float8 FROM change_log"
        " WHERE xid >= %s::text::xid8 AND NOT pg_visible_in_snapshot(xid, %s::pg_snapshot)"
        " AND (relation = ANY(%s) OR key = '*') LIMIT %s",
        (position.xmin, position.snapshot, relations, _MANY_CHANGES + 1),
    )
    return cur.fetchall()


def _one(cur: cursor) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = cur.fetchone()
    if row is None:
        raise WrongSchema("database has no schema of ours in it")
    return row
