"""The spool: accounting records on this node's disk, from their Accounting-Response until PostgreSQL has them.

One SQLite file in WAL mode. accountingd appends, the fold (a process of its own) reads and removes, at the same time.

Rules:

 1 `append` returns when its records are on disk (synchronous=FULL), or raises and has kept none of them.
 2 Ids grow without a gap and are never given twice; a new file's begin above those of any file before it, so that a
   fold's place in a spool that was lost is never taken for a place in the new one.
 3 Records go in the order of their ids, so first and last id say how many there are.
 4 A removal is not synced by itself: one that a power cut undoes is read again, which the fold has to allow for anyway.
   The next append syncs it.
 5 After an error nothing is appended until all that the WAL holds is in the file and synced: a failed fsync may have
   dropped pages that the kernel then calls clean.
 6 Space is kept back on the file system: a removal writes before it frees, and the WAL has to fit into the file.

Known weakness: a file that is damaged itself (not its WAL, whose frames carry checksums) is refused, never repaired.
"""

import fcntl
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

LIMIT_OCTETS = 8 << 30  # of records: half a day of 250 records/s of 700 octets

_BUSY_SECONDS = 5.0
_TURN_SECONDS = 0.1
_REMOVED_AT_ONCE = 2_000  # about 2 ms, in which an append waits
_PAGES_OF_A_BATCH = 8
_KEPT_BACK_OCTETS = 64 << 20  # a part bounds the WAL: large enough to write a page once that many commits touched
_KEPT_BACK_SHARE = 8
_IDS_A_SECOND = 1_000_000  # more records than any node takes
_DAY_SECONDS = 86_400

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received_at REAL NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS received (day TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""
_LAST_GIVEN = "SELECT seq FROM sqlite_sequence WHERE name = 'records'"
_INSERT = "INSERT INTO records (received_at, body) VALUES (?,?)"
_MOST_ROWS = 64  # a power of two, so that few statements are prepared, and kept
_COUNT = "INSERT INTO received VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET number = number + excluded.number"


class Unwritable(Exception):
    """the spool cannot be used now"""


class Full(Unwritable):
    """the spool has reached its limit, or its file system is full"""


class SpooledRecord(NamedTuple):
    """One record as it came; `received_at` in seconds since 1970."""

    id: int
    received_at: float
    body: bytes


class Depth(NamedTuple):
    """How much waits; `octets` is what the records take.

    `last_id` is the last id that was given: in a new spool, the one before the first.
    """

    records: int
    oldest_received_at: float | None
    octets: int
    last_id: int


class Spool:
    """The spool at `path`, made where there is none. For one thread at a time; a second thread opens its own.

    Every method raises `Unwritable` (or `Full`) for whatever disk or file refuse, and may be called again afterwards.
    """

    def __init__(self, path: Path, *, limit_octets: int = LIMIT_OCTETS) -> None:
        self._path = path
        self._suspect = False
        with _translated():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._turn = os.open(path.with_name(path.name + "-turn"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._connection = self._open(limit_octets)
            except BaseException:
                os.close(self._turn)
                raise

    def append(self, bodies: Sequence[tuple[float, bytes]]) -> None:
        """Put records, each with the time of its arrival, on disk in one transaction."""
        with _translated():
            self._give_way()
            try:
                self._check_room()
                self._recover()
                with self._transaction():
                    self._insert(bodies)
                    days = Counter(int(received_at // _DAY_SECONDS) for received_at, _ in bodies)
                    self._connection.executemany(_COUNT, [(_day(day), number) for day, number in days.items()])
            except BaseException:
                self._suspect = True
                raise

    def _insert(self, bodies: Sequence[tuple[float, bytes]]) -> None:
        """Many rows a statement: Python's lock is let go and taken again with each, and others want it too."""
        at = 0
        while at < len(bodies):
            rows = 1 << min(_MOST_ROWS, len(bodies) - at).bit_length() - 1
            values = tuple(chain.from_iterable(bodies[at : at + rows]))
            self._connection.execute(_INSERT + ",(?,?)" * (rows - 1), values)
            at += rows

    def check(self) -> None:
        """Raise where a record would not be taken; heal what an error has left."""
        with _translated():
            self._check_room()
            self._recover()
            (free,) = self._row(
                "SELECT max_page_count - page_count + freelist_count"
                " FROM pragma_max_page_count, pragma_page_count, pragma_freelist_count"
            )
            if free < _PAGES_OF_A_BATCH:
                raise Full("the spool has reached its limit")

    def read(self, after_id: int, limit: int) -> list[SpooledRecord]:
        """Return up to `limit` records after that id, in their order."""
        with _translated():
            rows = self._connection.execute(
                "SELECT id, received_at, body FROM records WHERE id > ? ORDER BY id LIMIT ?", (after_id, limit)
            )
            return list(map(SpooledRecord._make, rows))

    def remove(self, up_to_id: int) -> None:
        """Remove every record up to and with that id; their pages are used again."""
        number = _REMOVED_AT_ONCE
        while True:
            try:
                if not self._remove_some(up_to_id, number):
                    return
            except Full:  # what it has to write before it frees does not fit: a few fit in what is kept back
                number //= 8
                if not number:
                    raise
            time.sleep(0.002)  # let an append in between

    def depth(self) -> Depth:
        """Return how much waits."""
        with _translated():
            (used,) = self._row("SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count")
            (page_octets,) = self._row("PRAGMA page_size")
            first, last = self._row("SELECT (SELECT min(id) FROM records), (SELECT max(id) FROM records)")
            if first is None:
                return Depth(0, None, used * page_octets, self._last_given())
            oldest = self._connection.execute("SELECT received_at FROM records WHERE id = ?", (first,)).fetchone()
            return Depth(last - first + 1, oldest[0] if oldest else None, used * page_octets, last)

    def received_by_day(self) -> dict[str, int]:
        """Return how many records were ever received on each UTC day, `2026-12-31`, removed ones included."""
        with _translated():
            return dict(self._connection.execute("SELECT day, number FROM received ORDER BY day"))

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._connection.close()
        with suppress(OSError):
            os.close(self._turn)

    def _open(self, limit_octets: int) -> sqlite3.Connection:
        """SQLite gives its other files the mode of the first. Opening that by hand would, at the close, drop the locks
        that another connection of this process has on it: so only where there is none.
        """
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            made = not self._path.exists()
            if made:
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                _set_up(connection, limit_octets, _kept_back(os.statvfs(self._path.parent)) // 4)
            except BaseException:
                connection.close()
                raise
            return connection
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _remove_some(self, up_to_id: int, number: int) -> bool:
        """Remove so many; return whether there may be more."""
        with _translated(), self._turn_taken():
            if self._is_tight():
                self._checkpoint()
            (first,) = self._row("SELECT min(id) FROM records")
            if first is None or first > up_to_id:
                return False
            last = min(up_to_id, first + number - 1)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self._transaction():
                    self._connection.execute("DELETE FROM records WHERE id <= ?", (last,))
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")
            return bool(last < up_to_id)

    @contextmanager
    def _turn_taken(self) -> Iterator[None]:
        """Under load the appender takes SQLite's lock again as soon as it lets go; who sleeps for it never has it."""
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def _give_way(self) -> None:
        """Let a removal that waits go first; not for ever, for who removes may have been stopped."""
        deadline = time.monotonic() + _TURN_SECONDS
        while time.monotonic() < deadline:
            try:
                fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.0005)
            else:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
                return

    def _check_room(self) -> None:
        """Where the file system is nearly full, only pages that the file has already are used."""
        if self._is_tight():
            self._checkpoint()  # gives back what the WAL takes
            if self._is_tight() and self._row("PRAGMA freelist_count")[0] < _PAGES_OF_A_BATCH:
                raise Full(f"nothing but what is kept back is left on the file system of {self._path}")

    def _is_tight(self) -> bool:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize < _kept_back(found)

    def _recover(self) -> None:
        if self._suspect:
            if not self._checkpoint():
                raise Unwritable("the spool is being read, and has to be synced as a whole after an error")
            self._suspect = False

    def _checkpoint(self) -> bool:
        """Bring all that the WAL holds into the file, synced; return whether nobody was in the way."""
        return self._row("PRAGMA wal_checkpoint(TRUNCATE)")[0] == 0

    def _last_given(self) -> int:
        return self._row(_LAST_GIVEN)[0]

    def _row(self, statement: str) -> tuple[int, ...]:
        row: tuple[int, ...] = self._connection.execute(statement).fetchone()
        return row


def _kept_back(found: os.statvfs_result) -> int:
    """Return how many octets of the file system are not for records: what the WAL holds has to fit in."""
    return min(_KEPT_BACK_OCTETS, found.f_blocks * found.f_frsize // _KEPT_BACK_SHARE)


def _set_up(connection: sqlite3.Connection, limit_octets: int, log_octets: int) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (page_octets,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute(f"PRAGMA wal_autocheckpoint = {max(1, log_octets // page_octets)}")
    # kept at that size: to overwrite blocks that the file has already is less to sync than to add new ones
    connection.execute(f"PRAGMA journal_size_limit = {2 * log_octets}")
    connection.execute("PRAGMA secure_delete = OFF")  # Debian's default would overwrite what is removed
    connection.execute(f"PRAGMA max_page_count = {max(1, limit_octets // page_octets)}")
    connection.executescript(_SCHEMA)
    if connection.execute(_LAST_GIVEN).fetchone() is None:
        connection.execute("INSERT INTO sqlite_sequence VALUES ('records', ?)", (int(time.time()) * _IDS_A_SECOND,))


def _day(number: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(number * _DAY_SECONDS))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorname", "") == "SQLITE_FULL":
            raise Full(str(exc)) from exc
        raise Unwritable(f"{exc} ({getattr(exc, 'sqlite_errorname', type(exc).__name__)})") from exc
    except OSError as exc:
        raise Unwritable(str(exc)) from exc
