"""The scheduler: does what time brings, on one node at a time.

    python -m provisioning.scheduling

Connects as libpq's PG* variables say, as the schema's owner (several hosts with PGTARGETSESSIONATTRS=read-write follow
a failover). As many as wanted may run: one leads, the others ask every two seconds whether they may (lead.py).
PostgreSQL away: it waits. SIGTERM: the run under way is finished, then the lock is given back. Log: JSON lines on
standard error. How it is doing: $TOLLKEEPER_HOME/run/scheduler.json (report.py).

    TOLLKEEPER_HOME    where that is, and the key that opens secrets
    TOLLKEEPER_NODE    this node's name in the records of runs, default the host's

Every second the runner's tick (runner.py), and a turn of each job that talks to others (talker.py), which have a thread
each and are woken by changes as well.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Any, NamedTuple

import psycopg2
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from provisioning.errors import OperatorError
from provisioning.scheduling import books
from provisioning.scheduling.job import JOBS, Job
from provisioning.scheduling.lead import Candidate
from provisioning.scheduling.listener import Listener
from provisioning.scheduling.report import Reporter
from provisioning.scheduling.runner import LeadLost, Runner
from provisioning.scheduling.talker import Talker

_EVERY_SECONDS = 1
_ASK_SECONDS = 2.0
_GOODBYE_SECONDS = 10.0  # what has not ended by then is cut off: as after a crash, it is done again

log = structlog.get_logger()


class Misconfigured(Exception):
    """the scheduler cannot start as it was told to"""


class Settings(NamedTuple):
    """What this node is called, and where to say how it is going."""

    node: str
    report: Path
    dsn: str = ""


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Return what the environment asks for; raise `Misconfigured`."""
    if not environ.get("TOLLKEEPER_HOME"):
        raise Misconfigured("TOLLKEEPER_HOME is not set")
    node = environ.get("TOLLKEEPER_NODE") or socket.gethostname()
    return Settings(node, Path(environ["TOLLKEEPER_HOME"]) / "run" / "scheduler.json")


class Scheduler:
    """One of those that lead, or stand by."""

    def __init__(self, settings: Settings, known: Sequence[Job] = JOBS) -> None:
        self.stopping = Event()
        self._settings = settings
        self._jobs = known
        self._candidate: Candidate | None = None
        self._runner: Runner | None = None
        self._ask_at = 0.0
        self._ticking = Lock()
        self._last_tick_at: float | None = None
        self._error: tuple[str, float] | None = None
        talking = [job for job in known if job.talks]
        self._talkers = [Talker(job, node=settings.node, dsn=settings.dsn) for job in talking]
        self._clockwork = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)} | {job.name: ThreadPoolExecutor(1) for job in talking},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._clockwork.add_job(self.tick, "interval", seconds=_EVERY_SECONDS, next_run_time=datetime.now(UTC))
        for one in self._talkers:
            self._clockwork.add_job(
                self._turn, "interval", [one], id=one.job.name, executor=one.job.name, seconds=_EVERY_SECONDS
            )

    def run(self) -> None:
        """Lead, or stand by, until `stopping` is set."""
        listener = Listener(self._wake, dsn=self._settings.dsn)
        self._clockwork.start()
        listener.start()
        self.stopping.wait()
        listener.stop()
        self._clockwork.shutdown(wait=False)
        if self._ticking.acquire(timeout=_GOODBYE_SECONDS):
            self._drop()

    def tick(self) -> None:
        """Do what is due, if this one leads; else ask whether it may."""
        with self._ticking:
            try:
                if self._leads() and self._runner is not None:
                    self._runner.tick(datetime.now(UTC), self.stopping)
                    self._last_tick_at = time.time()
            except Exception as exc:  # whatever it is, this loop goes on: with another connection
                self._note_failure(exc)
                self._drop()

    def describe(self) -> dict[str, Any]:
        """Return how it is doing, as in report.py."""
        candidate, runner, error = self._candidate, self._runner, self._error
        state = "cut off" if candidate is None else "standby" if runner is None else "leader"
        standing, failing = (runner.standing, dict(runner.failing)) if runner else ((), {})
        failing |= {one.job.name: one.failing for one in self._talkers if runner and one.failing}
        late = [one.moment for one in standing if one.moment] + [one.since for one in failing.values()]
        return {
            "node": self._settings.node,
            "state": state,
            "last_tick_at": self._last_tick_at,
            "lag_seconds": max(0.0, round(time.time() - min(late).timestamp(), 1)) if late else 0.0,
            "jobs": [
                {
                    "name": one.job.name,
                    "enabled": one.enabled,
                    "done_until": one.done_until.isoformat(),
                    "failing_since": failing[one.job.name].since.isoformat() if one.job.name in failing else None,
                }
                for one in standing
            ],
            "last_error": error and error[0],
            "last_error_at": error and error[1],
        }

    def _leads(self) -> bool:
        """Return whether this one leads; ask from time to time."""
        if self._runner is not None:
            return True
        if self.stopping.is_set() or time.monotonic() < self._ask_at:
            return False
        self._ask_at = time.monotonic() + _ASK_SECONDS
        if self._candidate is None:
            self._candidate = Candidate(self._settings.dsn)
        if self._candidate.ask():
            self._runner = Runner(self._candidate.connection, node=self._settings.node, known=self._jobs)
            log.info("scheduler_leads", node=self._settings.node)
        self._error = None
        return self._runner is not None

    def _turn(self, talker: Talker) -> None:
        """Let a job talk, while this one leads."""
        runner = self._runner
        if runner is None or talker.job.name not in runner.enabled or self.stopping.is_set():
            return
        try:
            talker.turn(datetime.now(UTC))
        except Exception as exc:  # the books could not be kept: the tick finds out why
            log.error("job_not_recorded", job=talker.job.name, error=books.what_went_wrong(exc))

    def _wake(self) -> None:
        if self._runner is not None and not self.stopping.is_set():
            for one in self._talkers:
                self._clockwork.modify_job(one.job.name, next_run_time=datetime.now(UTC))

    def _drop(self) -> None:
        candidate, self._candidate, led, self._runner = self._candidate, None, self._runner, None
        if candidate is not None:
            candidate.close()
        if led is not None:
            log.info("scheduler_leads_no_more", node=self._settings.node)

    def _note_failure(self, exc: Exception) -> None:
        error = books.what_went_wrong(exc)
        if self._error is None or self._error[0] != error:
            expected = isinstance(exc, (LeadLost, psycopg2.Error, DBAPIError, OperatorError))
            log.error("scheduler_cut_off", error=error, exc_info=None if expected else exc)
        self._error = error, time.time()


def _configure_log() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that takes longer than a second is no news


def main(known: Sequence[Job] = JOBS) -> int:
    """Run these jobs until SIGTERM; return the exit code."""
    _configure_log()
    try:
        settings = settings_from(os.environ)
    except Misconfigured as exc:
        log.error("scheduler_misconfigured", error=str(exc))
        return 1
    os.umask(0o077)
    scheduler = Scheduler(settings, known)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: scheduler.stopping.set())
    reporter = Reporter(settings.report, scheduler.describe)
    reporter.start()
    log.info("scheduler_started", node=settings.node)
    scheduler.run()
    reporter.stop()
    log.info("scheduler_stopped")
    sys.stderr.flush()
    os._exit(0)  # a job that still talks would keep the interpreter from ending
