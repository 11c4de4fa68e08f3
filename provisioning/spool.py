"""The spool of this node, from the operator's side: what was received, what waits, and records put back.

radiusd/accounting/spool.py makes, fills and empties it, and says by which rules. Its SQLite file has two tables:
`records` (id, received_at in seconds since 1970, body) holds what waits for the fold, `received` (day, number) what
ever came on each UTC day. Nothing here imports radiusd: that file is all that the two sides have in common.
"""

import fcntl
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from provisioning.errors import Conflict, NotFound, Unreachable

_BUSY_SECONDS = 5.0
_EPOCH = date(1970, 1, 1).toordinal()
_DAY_SECONDS = 86_400
_COUNT = "INSERT INTO received VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET number = number + excluded.number"


class Depth(NamedTuple):
    """What waits: how many records, and since when the oldest has (seconds since 1970)."""

    records: int
    oldest_received_at: float | None


class Snapshot:
    """The spool as it was at one moment, however long it is looked at."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        rows = connection.execute("SELECT day, number FROM received").fetchall()
        self.received = {date.fromisoformat(day): int(number) for day, number in rows}
        self.last_given_id = int(self._one("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'records'"))

    def waiting(self, after_id: int) -> dict[date, int]:
        """Return how many records behind an id there are, by the UTC day on which they came."""
        query = f"SELECT CAST(received_at / {_DAY_SECONDS} AS INTEGER), count(*) FROM records WHERE id > ? GROUP BY 1"  # noqa: S608
        return {date.fromordinal(_EPOCH + day): number for day, number in self._connection.execute(query, (after_id,))}

    def depth(self, after_id: int) -> Depth:
        """Return how much waits behind an id. Ids have no gaps, so first and last say how many there are."""
        first, last = self._connection.execute(
            "SELECT (SELECT min(id) FROM records WHERE id > ?), (SELECT max(id) FROM records)", (after_id,)
        ).fetchone()
        if first is None:
            return Depth(0, None)
        return Depth(
            last - first + 1,
            self._one(f"SELECT received_at FROM records WHERE id = {int(first)}"),  # noqa: S608
        )

    def _one(self, query: str) -> float:
        (value,) = self._connection.execute(query).fetchone()
        return float(value)


def home() -> Path:
    """Return TOLLKEEPER_HOME, by default `var` beside the code."""
    return Path(os.environ.get("TOLLKEEPER_HOME") or Path(__file__).resolve().parents[1] / "var")


def path() -> Path:
    """Return where this node's spool is, or would be."""
    return home() / "spool" / "spool.db"


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Give the spool as it is now; raise `NotFound` where there is none, `Unreachable` where it cannot be read."""
    with _opened("ro") as connection:
        connection.execute("BEGIN")
        yield Snapshot(connection)


def append(bodies: Sequence[tuple[float, bytes]]) -> None:
    """Put records, each with the time of its first arrival, on disk in one transaction, as radiusd's spool does.

    They are counted as received on the day of that time once more: for the balance they are records like others.
    """
    with _opened("rw") as connection, _turn():
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO records (received_at, body) VALUES (?, ?)", bodies)
        connection.executemany(_COUNT, _by_day(received_at for received_at, _ in bodies))
        connection.execute("COMMIT")


def _by_day(times: Iterable[float]) -> list[tuple[str, int]]:
    days = Counter(int(at // _DAY_SECONDS) for at in times)
    return [(f"{datetime.fromtimestamp(day * _DAY_SECONDS, UTC):%Y-%m-%d}", number) for day, number in days.items()]


@contextmanager
def _opened(mode: str) -> Iterator[sqlite3.Connection]:
    file = path()
    try:
        if not file.exists():
            raise NotFound(
                f"there is no spool at {file}", "Run it on the AAA node in question, or set TOLLKEEPER_HOME."
            )
        uri = f"{file.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            yield connection
    except (sqlite3.Error, OSError) as exc:
        raise Unreachable(
            f"spool {file} cannot be {'read' if mode == 'ro' else 'written'}: {exc}",
            "Run it as the user of accountingd; look at the disk.",
        ) from exc


@contextmanager
def _turn() -> Iterator[None]:
    """Take the turn that accountingd gives way to: under load it lets go of SQLite's own lock for no time at all."""
    with open(path().with_name(path().name + "-turn"), "rb+") as turn:
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() > deadline:
                    raise Conflict("the spool is in use", "Run it again; accounting status says who is down.") from exc
                time.sleep(0.005)
        yield
