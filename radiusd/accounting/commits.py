"""Group commit: all records that came while the last commit went to disk share the next one.

The event loop gathers; one thread of its own appends a batch to the spool and calls back into the loop. Nothing is
answered before the commit, and nothing is lost between: a batch is either on disk as a whole or refused as a whole.
"""

import asyncio
import queue
from collections import Counter
from collections.abc import Callable
from threading import Thread
from time import monotonic, time

import structlog

from radiusd.accounting.metrics import Histogram
from radiusd.accounting.spool import Full, Spool, Unwritable

# Under load a moment's wait lets more share a sync than came while the last one ran; a single record never waits.
# Appending costs 28 us a record where 12 share a commit, 14 where 32 do, 10 where 64 do.
_GATHER_SECONDS = 0.002
_CROWD_RECORDS = 4
_BATCH_RECORDS = 1_000
_WAITING_RECORDS = 10_000  # beyond this, the disk has been stalled for long
_LOG_EVERY_SECONDS = 60.0
_PROBE_SECONDS = 1.0

Done = Callable[[bool], None]
_Submitted = tuple[float, bytes, Done]

log = structlog.get_logger()


class Commits:
    """Appends records to the spool that `open_spool` opens, and opens again where that failed."""

    def __init__(self, open_spool: Callable[[], Spool], loop: asyncio.AbstractEventLoop) -> None:
        self.records = 0
        self.writable = False
        self.refused: Counter[str] = Counter(full=0, error=0, busy=0)
        self.batch_records = Histogram(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
        self.commit_seconds = Histogram(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
        self._open_spool = open_spool
        self._loop = loop
        self._spool: Spool | None = None
        self._gathered: list[_Submitted] = []  # the loop's
        self._is_due = False  # to go to the thread, or with it
        self._queue: queue.SimpleQueue[list[_Submitted] | None] = queue.SimpleQueue()
        self._log_due_at = 0.0
        self._crowded = False
        self._stopping = False
        self._refused_unlogged = 0
        self._is_known = False  # the log says that it is unwritable
        self._thread = Thread(target=self._run, name="commits", daemon=True)

    def start(self) -> None:
        """Begin to append."""
        self._thread.start()

    async def stop(self) -> None:
        """Append what was submitted, refuse what comes meanwhile, then end."""
        self._stopping = True
        while self._is_due:
            await asyncio.sleep(0.002)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def submit(self, body: bytes, done: Done) -> None:
        """Take a record; `done` is called in the loop, with True when it is on disk, with False when it is not kept."""
        if self._stopping or len(self._gathered) >= _WAITING_RECORDS:
            self.refused["busy"] += 1
            done(False)
            return
        self._gathered.append((time(), body, done))
        if not self._is_due:
            self._is_due = True
            self._hand_over_soon()

    def _hand_over_soon(self) -> None:
        if self._crowded:
            self._loop.call_later(_GATHER_SECONDS, self._hand_over)
        else:
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        batch, self._gathered = self._gathered[:_BATCH_RECORDS], self._gathered[_BATCH_RECORDS:]
        self._crowded = len(batch) >= _CROWD_RECORDS
        self._queue.put(batch)

    def _tell(self, batch: list[_Submitted], kept: bool) -> None:
        """In the loop again: the next batch has gathered meanwhile."""
        for _, _, done in batch:
            done(kept)
        self._is_due = bool(self._gathered)
        if self._is_due:
            self._hand_over_soon()

    def _run(self) -> None:
        self._probe()
        while True:
            try:
                batch = self._queue.get(timeout=None if self.writable else _PROBE_SECONDS)
            except queue.Empty:
                self._probe()
                continue
            if batch is None:
                break
            self._commit(batch)
        if self._spool is not None:
            self._spool.close()

    def _commit(self, batch: list[_Submitted]) -> None:
        began = monotonic()
        kept = self._tried(lambda spool: spool.append([(at, body) for at, body, _ in batch]), len(batch))
        if kept:
            self.commit_seconds.observe(monotonic() - began)
            self.batch_records.observe(len(batch))
            self.records += len(batch)
        self._loop.call_soon_threadsafe(self._tell, batch, kept)

    def _probe(self) -> None:
        """Look whether records would be taken, so that /health knows it without any."""
        self._tried(Spool.check, 0)

    def _tried(self, act: Callable[[Spool], None], records: int) -> bool:
        try:
            if self._spool is None:
                self._spool = self._open_spool()
            act(self._spool)
        except Unwritable as exc:
            self._note(exc, "full" if isinstance(exc, Full) else "error", records)
        except Exception as exc:  # this thread must not die: nobody would ever be answered again
            self._note(exc, "error", records)
        else:
            self._recovered()
            return True
        return False

    def _note(self, exc: Exception, cause: str, records: int) -> None:
        self.writable = False
        self.refused[cause] += records
        self._refused_unlogged += records
        if monotonic() >= self._log_due_at:
            self._is_known = True
            log.error("spool_unwritable", cause=cause, error=str(exc), records_refused=self._refused_unlogged)
            self._refused_unlogged, self._log_due_at = 0, monotonic() + _LOG_EVERY_SECONDS

    def _recovered(self) -> None:
        if self._is_known:
            log.info("spool_writable", records_refused=self._refused_unlogged)
            self._refused_unlogged = 0
        self.writable, self._is_known = True, False
