"""Ticks: what is due by now is done, each moment once and in its order, whatever came in between.

Rules:

 1 The earliest moment of all jobs goes first; of the same moment, the job that JOBS names first. After each run that
   did something every job is asked again, as one may have made work for another.
 2 A run is one transaction, in which `job.done_until` is written too: it is done and known to be, or neither. Whoever
   is killed in between leaves nothing behind, and the next one does it for the same moment. `done_until` moves only
   when something was run: what nobody asked for in time (nobody led, the job was disabled) is done later, in order.
 3 A job that fails is rolled back, its failure recorded, and it is asked again after one second, two, four ... five
   minutes. It does not hold up the others, and keeps its place.
 4 A job that is being run by hand is left alone until that is over (its row is locked).

`now` is the only clock, of the pauses too. Known weakness: while a job fails, others go on; what they do is then in
another order than that of time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session

from provisioning.errors import OperatorError
from provisioning.scheduling import books, failing
from provisioning.scheduling import job as jobs
from provisioning.scheduling.books import Run
from provisioning.scheduling.failing import Failing
from provisioning.scheduling.job import JOBS, Job

_REPEATS_A_TICK = 100  # of a job with a queue, for the same moment; the next tick goes on

_ROWS = text("SELECT name, done_until, enabled FROM job")

log = structlog.get_logger()


class LeadLost(Exception):
    """the connection is gone, and with it the right to run jobs"""


class Standing(NamedTuple):
    """How a job stands: as its row says, and the moment that waits, if one does."""

    job: Job
    done_until: datetime
    enabled: bool
    moment: datetime | None = None


class Runner:
    """Runs jobs on one connection; remembers which of them fail."""

    def __init__(self, connection: Connection, *, node: str, known: Sequence[Job] = JOBS) -> None:
        self._connection = connection
        self._node = node
        self._jobs = known
        self._resting: set[str] = set()  # until the next tick
        self._answers: dict[str, Standing] = {}  # which hold until somebody does something
        self.standing: Sequence[Standing] = ()
        self.failing: dict[str, Failing] = {}

    @property
    def enabled(self) -> frozenset[str]:
        """The names of the jobs that are enabled, as the last tick found them."""
        return frozenset(one.job.name for one in self.standing if one.enabled)

    def tick(self, now: datetime, stopping: Event | None = None) -> list[Run]:
        """Do what is due by now, until nothing is or `stopping` is set; raise `LeadLost`."""
        self._resting = {name for name, paused in self.failing.items() if paused.rests(now)}
        self._answers.clear()
        runs: list[Run] = []
        repeats: Counter[tuple[str, datetime]] = Counter()
        while not (stopping and stopping.is_set()) and (one := self._first(now)) is not None:
            assert one.moment is not None, "or it would not be first"
            run = self._run(one, one.moment, now)
            if run is None or run.counts or run.error:
                self._answers.clear()
            if run is None:
                self._resting.add(one.job.name)
                continue
            runs.append(run)
            repeats[run.job, run.at] += 1
            is_queue = run.at <= one.done_until
            if (is_queue and not run.counts) or repeats[run.job, run.at] >= _REPEATS_A_TICK:
                self._resting.add(run.job)
        return runs

    def _first(self, now: datetime) -> Standing | None:
        """Ask every job, and return the one whose moment comes first; None where nothing is due."""
        with self._transaction() as session:
            rows = {name: rest for name, *rest in session.execute(_ROWS)}
            if missing := [job for job in self._jobs if job.name not in rows]:
                books.enter(session, missing, now)
        known = [Standing(job, *rows.get(job.name, (now, True))) for job in self._jobs]
        self._ask([one for one in known if self._is_to_be_asked(one)], now)
        self.standing = [self._answers.get(one.job.name, one) for one in known]
        due = [one for one in self.standing if one.moment is not None]
        return min(due, key=lambda one: one.moment or now, default=None)  # the first of those of the same moment

    def _is_to_be_asked(self, one: Standing) -> bool:
        """Return whether it is a job's turn, and what it answered last does not hold any more."""
        answer = self._answers.pop(one.job.name, None)
        if one.job.talks or not one.enabled or one.job.name in self._resting:
            return False
        if answer is not None and answer.done_until == one.done_until:
            self._answers[one.job.name] = answer
            return False
        return True

    def _ask(self, waiting: list[Standing], now: datetime) -> None:
        """Ask jobs for their moments, in one transaction unless one of them fails."""
        while waiting:
            try:
                with self._transaction() as session:
                    while waiting:
                        one = waiting[0]
                        moment = jobs.work_of(one.job).due(session, one.done_until, now)
                        due = one if moment is None or moment > now else one._replace(moment=moment)
                        self._answers[one.job.name] = due
                        del waiting[0]
            except LeadLost:
                raise
            except Exception as exc:  # whatever is wrong with one job, the others are done
                self._fail(waiting.pop(0).job.name, now, exc, now)

    def _run(self, one: Standing, at: datetime, now: datetime) -> Run | None:
        """Run a job; return what became of it, None where somebody else runs it or has just done so."""
        try:
            with self._transaction() as session:
                if books.lock(session, one.job, wait=False) != one.done_until:
                    return None
                run = books.perform(session, one.job, at, node=self._node)
        except Exception as exc:  # whatever is wrong with one job, the others are done
            return self._fail(one.job.name, at, exc, now)
        if run.counts:
            log.info("job_ran", job=run.job, ran_for=at.isoformat(), **run.counts)
        if self.failing.pop(run.job, None) is not None:
            log.info("job_recovered", job=run.job)
        return run

    def _fail(self, name: str, at: datetime, exc: Exception, now: datetime) -> Run:
        """Record a failure; let the job rest."""
        self._check_lead(exc)
        run = Run(name, at, {}, books.what_went_wrong(exc))
        expected = isinstance(exc, (DBAPIError, OperatorError))
        log.error("job_failed", job=name, ran_for=at.isoformat(), error=run.error, exc_info=None if expected else exc)
        try:
            with self._transaction() as session:
                books.book(session, run, started_at=books.clock(session), node=self._node)
        except DBAPIError as worse:
            self._check_lead(worse)
            log.error("failure_not_recorded", job=name, error=books.what_went_wrong(worse))
        self.failing[name] = failing.again(self.failing.get(name), now)
        self._resting.add(name)
        return run

    def _check_lead(self, exc: Exception) -> None:
        """SQLAlchemy would connect anew without a word, and the lock would not be ours."""
        if isinstance(exc, LeadLost):
            raise exc
        if self._connection.closed or self._connection.invalidated:
            raise LeadLost(books.what_went_wrong(exc)) from exc

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with Session(self._connection, autoflush=False, expire_on_commit=False) as session, session.begin():
                yield session
        except (DBAPIError, InvalidRequestError) as exc:
            self._check_lead(exc)
            raise
