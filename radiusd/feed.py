"""The change feed: a thread that keeps the hook's state equal to the database.

Start: the snapshot file first, then whatever has changed since; everything, where that cannot be told. Then: woken by
NOTIFY, and at least every second by itself, for a notification may be lost. The database away: the state stays as it
is, shows its age, and is caught up when the database is back. Known weakness: until the first connection has been
tried (5 s at most) nothing is answered, although a snapshot may be there.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import time

import structlog

from radiusd import snapshot
from radiusd.source import Position, Source
from radiusd.state import State
from vault.sealed import NotOurs, Seal, UnusableKey, read_seal

_POLL_SECONDS = 1.0
_BREATH_SECONDS = 0.02  # a storm of notifications is read in gulps: every read holds the interpreter
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
_SNAPSHOT_EVERY_SECONDS = 300.0
STALE_LIMIT_SECONDS = 7 * 86400.0  # by then somebody should have looked; until then nobody is cut off

log = structlog.get_logger()


class Feed:
    """Follows the database and hands each new state to `publish`."""

    def __init__(
        self,
        publish: Callable[[State | None], None],
        key_path: Path,
        snapshot_path: Path,
        *,
        stale_limit_seconds: float = STALE_LIMIT_SECONDS,
        confirm: Callable[[str, str], None] = lambda user_name, session_class: None,
        relations: tuple[str, ...] | None = None,
    ) -> None:
        self.connected = False
        self.last_error: str | None = None
        self.lag_seconds: float | None = None
        self.in_step_at: float | None = None  # when state and database were last seen to be equal
        self.source: str | None = None  # where the state was last read from: "database" or "snapshot"
        self.snapshot_saved_at: float | None = None
        self._publish = publish
        self._key_path = key_path
        self._snapshot_path = snapshot_path
        self._stale_limit_seconds = stale_limit_seconds
        self._relations = relations
        self._confirm = confirm
        self._state: State | None = None
        self._position: Position | None = None
        self._changed_since_snapshot = False
        self._snapshot_due_at = 0.0
        self._saver = Thread()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End within a second or two."""
        self._stopping.set()
        for thread in (self._thread, self._saver):
            if thread.is_alive():
                thread.join(timeout=3.0)

    def _run(self) -> None:
        seal = self._seal_when_there()
        if seal is None:
            return
        self._read_snapshot(seal)
        failures = 0
        while not self._stopping.is_set():
            try:
                self._follow(seal)
            except Exception as exc:  # whatever it is, the hook goes on answering and this thread goes on trying
                self._note_failure(exc)
                failures = 1 if self.connected else failures + 1
                self.connected = False
                self._do_without()
                self._stopping.wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1])

    def _seal_when_there(self) -> Seal | None:
        while not self._stopping.is_set():
            try:
                return read_seal(self._key_path)
            except UnusableKey as exc:
                self._note_failure(exc)
                self._stopping.wait(5.0)
        return None

    def _note_failure(self, exc: Exception) -> None:
        error = " ".join(str(exc).split()) or type(exc).__name__
        if error != self.last_error:
            log.error("feed_failed", error=error, kind=type(exc).__name__)
        self.last_error = error

    def _read_snapshot(self, seal: Seal) -> None:
        try:
            found = snapshot.load(self._snapshot_path, seal)
        except (snapshot.Unreadable, NotOurs) as exc:
            log.warning("snapshot_unreadable", path=str(self._snapshot_path), error=str(exc))
            return
        if found is not None:
            self._state, self._position, self.in_step_at = found
            self.snapshot_saved_at = self.in_step_at

    def _do_without(self) -> None:
        """Without the database, answer from what there is, unless that is older than the operator allows."""
        if self._state is None or self.in_step_at is None:
            return
        age_seconds = time() - self.in_step_at
        if age_seconds > self._stale_limit_seconds:
            self._withdraw(age_seconds)
        elif self.source is None:
            self.source = "snapshot"
            log.warning("serving_from_snapshot", age_seconds=round(age_seconds))
            self._publish_now(self._state)

    def _withdraw(self, age_seconds: float) -> None:
        if self.source is not None:
            self.source = None
            log.error("state_too_old", age_seconds=round(age_seconds), limit_seconds=round(self._stale_limit_seconds))
            self._publish(None)

    def _publish_now(self, state: State) -> None:
        gc.freeze()  # the rows will not become garbage: collections need not walk them (FREERADIUS.md 18)
        self._publish(state)

    def _follow(self, seal: Seal) -> None:
        """One connection's life."""
        source = Source(seal, self._confirm, relations=self._relations)
        try:
            source.listen()
            self._catch_up(source)
            self.connected, self.last_error = True, None
            log.info("feed_connected", accounts=len(self._state.accounts if self._state else ()))
            while not self._stopping.is_set():
                self._save_snapshot_when_due(seal)
                if not self._is_behind() and source.wait(_POLL_SECONDS):
                    self._stopping.wait(_BREATH_SECONDS)
                self._catch_up(source)
        finally:
            source.close()

    def _catch_up(self, source: Source) -> None:
        if self._state is None or self._position is None:
            self._load(source)
            return
        changes = source.catch_up(self._state, self._position)
        if changes.reload:
            self._load(source)
            return
        self._position = changes.position
        if not self._is_behind():
            self.in_step_at = time()
        if changes.number:
            self.lag_seconds, self._changed_since_snapshot = changes.lag_seconds, True
        if self.source != "database":
            self.source = "database"
            self._publish_now(self._state)

    def _is_behind(self) -> bool:
        """Whether sessions of before the position are still to be read: the two do not say the same moment."""
        return self._state is not None and bool(self._state.behind)

    def _load(self, source: Source) -> None:
        started_at = time()
        self._state, self._position = source.load()
        self.in_step_at, self.source, self._changed_since_snapshot = started_at, "database", True
        self._snapshot_due_at = 0.0  # the one on disk is of no more use
        self._publish_now(self._state)
        log.info("state_loaded", seconds=round(time() - started_at, 1), **self._state.counts())

    def _save_snapshot_when_due(self, seal: Seal) -> None:
        """Have the state of this moment written by a thread of its own: a million accounts take three seconds."""
        now = time()
        if not self._changed_since_snapshot or now < self._snapshot_due_at or self._saver.is_alive():
            return
        if self._state is None or self._position is None or self._is_behind():
            return
        self._snapshot_due_at, self._changed_since_snapshot = now + _SNAPSHOT_EVERY_SECONDS, False
        arguments = (seal, self._state.copy(), self._position, self.in_step_at or now)
        self._saver = Thread(target=self._save_snapshot, args=arguments, name="snapshot", daemon=True)
        self._saver.start()

    def _save_snapshot(self, seal: Seal, state: State, position: Position, in_step_at: float) -> None:
        try:
            snapshot.save(self._snapshot_path, seal, state, position, in_step_at)
        except OSError as exc:  # a full disk must not stop the feed
            log.error("snapshot_not_saved", path=str(self._snapshot_path), error=str(exc))
            self._changed_since_snapshot = True
            return
        self.snapshot_saved_at = in_step_at
