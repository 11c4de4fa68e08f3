"""The fold: takes accounting records from this node's spool into PostgreSQL, in batches, each exactly once.

    python -m radiusd.accounting.fold

Connects as libpq's PG* variables say (role tollkeeper_fold; several hosts with PGTARGETSESSIONATTRS=read-write follow a
failover). PostgreSQL away: it waits, the spool grows and drains by itself later. SIGTERM: ends between two batches.
Log: JSON lines on standard error. How it is doing: $TOLLKEEPER_HOME/run/fold.json (progress.py).

    TOLLKEEPER_HOME    the spool is in spool/ below it
    TOLLKEEPER_NODE    this node's name in the database, default the host's; two nodes never share one

Rules:

 1 The place in the spool is committed with the batch (ledger.py); the records are removed after that. A crash at any
   point repeats at most a batch, which then finds itself folded.
 2 A batch with a record that PostgreSQL refuses is halved until that record is alone: it goes to quarantine, and never
   blocks the others.
 3 After any other failure the batches are smaller, and grow again one by one.
"""

import errno
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event, get_ident
from time import monotonic, time
from typing import NamedTuple

import psycopg2
import structlog

from policies.accounting.record import Quarantined
from radiusd import log as logging
from radiusd.accounting import batch, upkeep
from radiusd.accounting.batch import Entry, Poison
from radiusd.accounting.ledger import Ledger, WrongSpool
from radiusd.accounting.progress import Progress, Reporter
from radiusd.accounting.spool import Spool, Unwritable
from radiusd.source import WrongSchema

BATCH_RECORDS = 5_000
_SMALLEST_BATCH = 50
_POLL_SECONDS = 0.1
# A batch costs PostgreSQL 5 ms whatever is in it (2 of them to empty the temporary tables, 1 to plan). Without a pause
# after a small one it would be followed by a smaller one, down to a few records each, and the node would be busy with
# batches: at 1,100 records/s in batches of 110, PostgreSQL spends 80 us a record; in batches of 5,000, 37 us.
_FEW_RECORDS = 1_000
_GATHER_SECONDS = 0.25
_NICENESS = 5  # what is in the spool can wait; what is not yet accepted is sent again, or lost
_LINES_A_BATCH = 20
_HEARD_EVERY_SECONDS = 5.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger()


class Misconfigured(Exception):
    """the fold cannot start as it was told to"""


class Settings(NamedTuple):
    """Where the spool is, what this node is called, and where to say how it is going."""

    node: str
    spool: Path
    progress: Path
    batch_records: int = BATCH_RECORDS


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Return what the environment asks for; raise `Misconfigured`."""
    if not environ.get("TOLLKEEPER_HOME"):
        raise Misconfigured("TOLLKEEPER_HOME is not set")
    home = Path(environ["TOLLKEEPER_HOME"])
    node = environ.get("TOLLKEEPER_NODE") or socket.gethostname()
    return Settings(node, home / "spool" / "spool.db", home / "run" / "fold.json")


class Fold:
    """One node's fold."""

    def __init__(self, settings: Settings, connect: Callable[[], Ledger] | None = None) -> None:
        self.progress = Progress(settings.node)
        self.stopping = Event()
        self._settings = settings
        self._connect = connect or (lambda: Ledger(settings.node))
        self._limit = settings.batch_records
        self._upkeep_due_at = self._heard_due_at = 0.0

    def run(self) -> None:
        """Fold until `stopping` is set."""
        failures = 0
        while not self.stopping.is_set():
            done = self.progress.records
            try:
                self._follow()
            except Exception as exc:  # whatever it is, the records are safe in the spool and this loop goes on trying
                self._note_failure(exc)
                failures = 1 if self.progress.records > done else failures + 1
                self._limit = max(_SMALLEST_BATCH, self._limit // 4)
                self.progress.connected = False
                self.stopping.wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1])

    def drain(self) -> None:
        """Fold all that waits, then return; raises what goes wrong."""
        with self._open() as (ledger, spool):
            while self._fold_batch(ledger, spool):
                pass

    def _follow(self) -> None:
        """One connection's life."""
        with self._open() as (ledger, spool):
            self.progress.connected, self.progress.position = True, ledger.position
            log.info("fold_connected", node=self.progress.node, position=ledger.position)
            while not self.stopping.is_set():
                self._keep_up(ledger)
                folded = self._fold_batch(ledger, spool)
                if folded < min(_FEW_RECORDS, self._settings.batch_records):
                    self.stopping.wait(_GATHER_SECONDS if folded else _POLL_SECONDS)

    @contextmanager
    def _open(self) -> Iterator[tuple[Ledger, Spool]]:
        with closing(self._connect()) as ledger, closing(Spool(self._settings.spool)) as spool:
            last_id = spool.depth().last_id
            oldest = spool.read(0, 1)
            oldest_id = oldest[0].id if oldest else last_id + 1
            ledger.claim(_read_token(self._settings.spool), oldest_id=oldest_id, last_id=last_id)
            yield ledger, spool

    def _fold_batch(self, ledger: Ledger, spool: Spool) -> int:
        """Fold what waits, up to a batch; return how many records that was."""
        looked_at = time()
        spooled = spool.read(ledger.position, self._limit)
        if spooled:
            with _without_collections():
                self._fold(ledger, batch.parse(spooled))
            self._limit = min(self._settings.batch_records, self._limit * 2)
        elif monotonic() >= self._heard_due_at:
            self._heard_due_at = monotonic() + _HEARD_EVERY_SECONDS
            ledger.heard(looked_at)
        self.progress.position = ledger.position
        if self._remove(spool, ledger.position) and self.progress.last_error is not None:
            log.info("fold_recovered")
            self.progress.last_error = None
        return len(spooled)

    def _fold(self, ledger: Ledger, entries: Sequence[Entry]) -> None:
        try:
            outcome = ledger.fold(entries)
        except Poison as exc:
            self._halve(ledger, entries, exc)
        else:
            self.progress.records += outcome.fates.total()
            self.progress.quarantined += len(outcome.quarantined)
            for spooled, reason in outcome.quarantined[:_LINES_A_BATCH]:
                log.warning("record_quarantined", spool_id=spooled.id, reason=reason)

    def _halve(self, ledger: Ledger, entries: Sequence[Entry], exc: Poison) -> None:
        if len(entries) == 1:
            self._fold(ledger, [Entry(entries[0].spooled, Quarantined(str(exc)))])
            return
        middle = len(entries) // 2
        self._fold(ledger, entries[:middle])
        self._fold(ledger, entries[middle:])

    def _remove(self, spool: Spool, position: int) -> bool:
        """What cannot be removed now is removed with the next batch: it is folded, and known to be."""
        try:
            spool.remove(position)
        except Unwritable as exc:
            self._note_failure(exc)
            return False
        return True

    def _keep_up(self, ledger: Ledger) -> None:
        """What fails here is tried again in a minute; records are folded all the same."""
        if monotonic() < self._upkeep_due_at:
            return
        self._upkeep_due_at = monotonic() + upkeep.EVERY_SECONDS
        try:
            upkeep.make_partitions(ledger)
            upkeep.forget_reboots(ledger)
            closed = upkeep.close_silent(ledger)
        except psycopg2.Error as exc:
            self._note_failure(exc)
            return
        if closed:
            log.info("sessions_closed_as_stale", number=closed)
        if closed == upkeep.AT_ONCE:  # after an outage there are many: a batch in between
            self._upkeep_due_at = 0.0

    def _note_failure(self, exc: Exception) -> None:
        error = " ".join(str(exc).split()) or type(exc).__name__
        if self.progress.note_failure(error):
            expected = isinstance(exc, (psycopg2.Error, Unwritable, WrongSchema, WrongSpool))
            log.error("fold_failed", error=error, kind=type(exc).__name__, exc_info=None if expected else exc)


def _read_token(spool: Path) -> str:
    """Return what tells this spool from every other: a random word in a file beside it, made when it is first met."""
    path = spool.with_name(spool.name + "-token")
    if not path.exists():
        made = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")
        try:
            _write_durably(made, secrets.token_hex(16))
            with suppress(FileExistsError):
                os.link(made, path)
        except OSError as exc:
            if exc.errno != errno.ENOSPC:
                raise
            return ""  # a full disk has to be emptied first, and that is for the fold to do
        finally:
            made.unlink(missing_ok=True)
    return path.read_text(encoding="ascii")


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _without_collections() -> Iterator[None]:
    """A batch makes a million objects and no cycles: looking for those would take a third of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def main() -> int:
    """Fold until SIGTERM; return the exit code."""
    logging.configure_process()
    try:
        settings = settings_from(os.environ)
    except Misconfigured as exc:
        log.error("fold_misconfigured", error=str(exc))
        return 1
    os.umask(0o077)
    os.nice(_NICENESS)
    fold = Fold(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: fold.stopping.set())
    reporter = Reporter(fold.progress, settings.progress, settings.spool)
    reporter.start()
    log.info("fold_started", node=settings.node, spool=str(settings.spool))
    fold.run()
    reporter.stop()
    log.info("fold_stopped", records=fold.progress.records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
