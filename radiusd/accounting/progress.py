"""How the fold is doing, for `tollkeeper accounting status`: a JSON file, written anew every second.

position        the id of the last record folded; null before PostgreSQL was first reached
connected       whether PostgreSQL is
lag_seconds     the age of the oldest record that waits, 0 where none does; null where the spool cannot be read
waiting         records in the spool that are not folded
records         folded since `started_at`; `rate_per_second` over the last ten seconds
quarantined     of those
last_error      what went wrong last, null when it is over; `last_error_at`
"""

import os
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import orjson
import structlog

from radiusd.accounting.spool import Spool, Unwritable

_EVERY_SECONDS = 1.0
_RATE_SECONDS = 10

log = structlog.get_logger()


@dataclass
class Progress:
    """What the fold knows of itself."""

    node: str
    position: int | None = None
    connected: bool = False
    records: int = 0
    quarantined: int = 0
    last_error: str | None = None
    last_error_at: float | None = None

    def note_failure(self, error: str) -> bool:
        """Keep what went wrong; return whether it is news."""
        is_news = error != self.last_error
        self.last_error, self.last_error_at = error, time.time()
        return is_news


class Reporter:
    """Writes the file from a thread, so that a PostgreSQL that hangs is seen as such."""

    def __init__(self, progress: Progress, path: Path, spool: Path) -> None:
        self._progress = progress
        self._path = path
        self._spool = spool
        self._started_at = time.time()
        self._counts: deque[int] = deque([0], maxlen=_RATE_SECONDS + 1)
        self._stopping = Event()
        self._unwritable = False
        self._thread = Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write a last time and end."""
        self._stopping.set()
        self._thread.join(timeout=3.0)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            self._write()
        self._write()

    def _write(self) -> None:
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            beside.write_bytes(orjson.dumps(self._report(), option=orjson.OPT_APPEND_NEWLINE))
            beside.chmod(0o644)  # no secrets in it, and the command line may be another user's
            beside.replace(self._path)
            self._unwritable = False
        except OSError as exc:
            if not self._unwritable:
                log.warning("progress_not_written", path=str(self._path), error=str(exc))
            self._unwritable = True

    def _report(self) -> dict[str, object]:
        progress = self._progress
        self._counts.append(progress.records)
        rate = (self._counts[-1] - self._counts[0]) / max(1, len(self._counts) - 1)
        waiting, lag_seconds = self._look(progress.position)
        return {
            "at": time.time(),
            "pid": os.getpid(),
            "started_at": self._started_at,
            "node": progress.node,
            "position": progress.position,
            "connected": progress.connected,
            "waiting": waiting,
            "lag_seconds": lag_seconds,
            "records": progress.records,
            "rate_per_second": round(rate, 1),
            "quarantined": progress.quarantined,
            "last_error": progress.last_error,
            "last_error_at": progress.last_error_at,
        }

    def _look(self, position: int | None) -> tuple[int | None, float | None]:
        """Return how much waits and how old it is, from a connection of this thread's own."""
        try:
            spool = Spool(self._spool)
        except Unwritable:
            return None, None
        try:
            waiting = spool.read(position or 0, 1)
            if not waiting:
                return 0, 0.0
            return spool.depth().last_id - waiting[0].id + 1, round(time.time() - waiting[0].received_at, 1)
        except Unwritable:
            return None, None
        finally:
            spool.close()
