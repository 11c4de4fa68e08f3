"""A job that talks to others: it has its own thread, connections and transactions, and remembers what was said."""

from datetime import UTC, datetime

import psycopg2
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from provisioning import database
from provisioning.errors import OperatorError
from provisioning.scheduling import books, failing
from provisioning.scheduling import job as jobs
from provisioning.scheduling.books import Run
from provisioning.scheduling.failing import Failing
from provisioning.scheduling.job import Job

_DONE = text("UPDATE job SET done_until = greatest(done_until, :at) WHERE name = :name")

log = structlog.get_logger()


class Talker:
    """Gives a job its turns, one after the other, and keeps its books."""

    def __init__(self, job: Job, *, node: str, dsn: str = "") -> None:
        self.job = job
        self._node = node
        self._dsn = dsn
        self.failing: Failing | None = None

    def turn(self, at: datetime) -> Run | None:
        """Let it talk until nothing is left for now; return what it did, None where it rests after a failure."""
        if self.failing is not None and self.failing.rests(at):
            return None
        started_at = datetime.now(UTC)  # for the record only
        try:
            run = Run(self.job.name, at, books.did(jobs.talk_of(self.job).work(self._dsn, at)))
        except Exception as exc:  # whatever is wrong with one job, the others go on
            return self._fail(at, started_at, exc)
        if run.counts:
            log.info("job_ran", job=run.job, ran_for=at.isoformat(), **run.counts)
            self._book(run, started_at)
        self.failing = None
        return run

    def _fail(self, at: datetime, started_at: datetime, exc: Exception) -> Run:
        run = Run(self.job.name, at, {}, books.what_went_wrong(exc))
        expected = isinstance(exc, (DBAPIError, psycopg2.Error, OperatorError, OSError))
        log.error("job_failed", job=run.job, error=run.error, exc_info=None if expected else exc)
        self.failing = failing.again(self.failing, at)
        self._book(run, started_at)
        return run

    def _book(self, run: Run, started_at: datetime) -> None:
        with Session(database.make_engine(self._dsn)) as session, session.begin():
            books.book(session, run, started_at=started_at, node=self._node)
            if run.error is None:
                session.execute(_DONE, {"at": run.at, "name": run.job})
