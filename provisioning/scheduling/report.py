"""How the scheduler is doing, for `tollkeeper status`: run/scheduler.json, written anew every second.

state           leader, standby, or cut off (from PostgreSQL)
last_tick_at    when the leader last had done all that was due
lag_seconds     of the leader: how late what is due and not done is; 0 where nothing is
jobs            of the leader: name, enabled, done_until, failing_since (null: it does not)
last_error      what went wrong last with the connection, null when it is over; `last_error_at`
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import structlog

_EVERY_SECONDS = 1.0

log = structlog.get_logger()


class Reporter:
    """Writes the file from a thread, so that a run that takes long is seen as such."""

    def __init__(self, path: Path, describe: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._describe = describe
        self._started_at = time.time()
        self._stopping = Event()
        self._unwritable = False
        self._thread = Thread(target=self._run, name="report", daemon=True)

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
        said = {"at": time.time(), "pid": os.getpid(), "started_at": self._started_at, **self._describe()}
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            beside.write_text(json.dumps(said) + "\n", encoding="utf-8")
            beside.chmod(0o644)  # no secrets in it, and the command line may be another user's
            beside.replace(self._path)
            self._unwritable = False
        except OSError as exc:
            if not self._unwritable:
                log.warning("report_not_written", path=str(self._path), error=str(exc))
            self._unwritable = True
