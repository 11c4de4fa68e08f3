"""Jobs as an operator sees them: how far each has come, what it did, switched on and off, run by hand.

By hand a job does what it has to do up to a moment, in one transaction with its books; the scheduler leaves it alone
meanwhile (its row is locked). Only the schema's owner runs jobs: they act on everybody's rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from provisioning import acts, database, driver
from provisioning.errors import BadInput, Conflict, Forbidden, NotFound, OperatorError
from provisioning.scheduling import books
from provisioning.scheduling import job as jobs
from provisioning.scheduling.books import Run
from provisioning.scheduling.job import JOBS, Job

_HORIZONS = tuple(timedelta(hours=hours) for hours in (0, 1, 24, 24 * 31, 24 * 366))
_REPEATS = 1000  # of a job with a queue, for the same moment

_MAY_RUN = text("SELECT asks_as_owner() AND sees_all()")
_ROWS = text("""
    SELECT job.name, done_until, enabled, ran_for, outcome, counts, error
    FROM job LEFT JOIN LATERAL (
        SELECT ran_for, outcome, counts, error FROM job_run WHERE job_run.job = job.name ORDER BY id DESC LIMIT 1
    ) AS last ON true
""")
_HISTORY = text("""
    SELECT id, job, ran_for, started_at, extract(epoch FROM ended_at - started_at)::float AS seconds, node, operator,
           outcome, counts, error
    FROM job_run WHERE (:job IS NULL OR job = :job) AND (:failed IS FALSE OR outcome = 'failed')
      AND (CAST(:after AS bigint) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit
""")
_ENABLED = text("SELECT enabled FROM job WHERE name = :name FOR UPDATE")
_SWITCH = text("UPDATE job SET enabled = :enabled WHERE name = :name")


def find(name: str) -> Job:
    """Return the job of this name."""
    for job in JOBS:
        if job.name == name:
            return job
    raise NotFound(f"no job is named {name!r}", "List them with: tollkeeper job list.")


def listing(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Return every job: what it does, how far it has come, when it is due next, what it did last."""
    acts.check_may_view(session, "node")
    rows = {row["name"]: row for row in session.execute(_ROWS).mappings()}
    return [_view(session, job, dict(rows.get(job.name, {})), now) for job in JOBS]


def _view(session: Session, job: Job, row: dict[str, Any], now: datetime) -> dict[str, Any]:
    done_until = row.get("done_until")
    return {
        "name": job.name,
        "enabled": row.get("enabled", True),
        "done_until": done_until,
        "next_due": None if job.talks else _next(session, job, done_until or now, now),
        "last_run": row.get("ran_for"),
        "outcome": row.get("outcome"),
        "counts": row.get("counts"),
        "error": row.get("error"),
        "summary": job.summary,
    }


def _next(session: Session, job: Job, after: datetime, now: datetime) -> datetime | None:
    """Return when a job is due next; None where it is not, or not to be known by who asks."""
    try:
        with session.begin_nested():
            moments = (jobs.work_of(job).due(session, after, now + horizon) for horizon in _HORIZONS)
            return next((moment for moment in moments if moment is not None), None)
    except DBAPIError:
        return None


def history(session: Session, **filters: Any) -> list[dict[str, Any]]:
    """Return what jobs did, the newest first. Filters: job, failed, after (an id), limit."""
    acts.check_may_view(session, "node")
    return [dict(row) for row in session.execute(_HISTORY, filters).mappings()]


def switch(session: Session, job: Job, *, enabled: bool) -> bool:
    """Let the scheduler do a job from now on, or not; return whether that is news. What came due meanwhile it does."""
    with acts.begin(session, f"job {'enable' if enabled else 'disable'}", area="node", detail=job.name):
        with database.translated():
            was = session.scalar(_ENABLED, {"name": job.name})
            if was is None:
                raise Conflict(
                    f"job {job.name} has not been scheduled yet", "Start a scheduler first: bin/up, or by itself."
                )
            session.execute(_SWITCH, {"name": job.name, "enabled": enabled})
        return bool(was != enabled)


def check_may_run(session: Session) -> None:
    """Raise `Forbidden` for who is not the owner of everything."""
    acts.check_may_edit(session, "node")
    with database.translated():
        if not session.execute(_MAY_RUN).scalar_one():
            raise Forbidden(
                "jobs are run by the owner of the database, as they act for all",
                "Set PGUSER to the owner, without --as; or wait for the scheduler: tollkeeper job list.",
            )


def run(session: Session, job: Job, until: datetime, *, now: datetime, node: str) -> list[Run]:
    """Do what a job has to do up to a moment, in the caller's transaction; one never scheduled begins now."""
    check_may_run(session)
    with acts.begin(session, "job run", area="node", detail=job.name):
        books.enter(session, [job], now)
        done_until = books.lock(session, job, wait=True)
        assert done_until is not None, "it was entered"
        runs: list[Run] = []
        with _told(job):
            work = jobs.work_of(job)
            while (at := work.due(session, done_until, until)) is not None and len(runs) < _REPEATS:
                runs.append(books.perform(session, job, at, node=node))
                if at <= done_until and not runs[-1].counts:
                    break
                done_until = max(done_until, at)
        return runs


def talk(job: Job, at: datetime, *, node: str) -> Run:
    """Let a job that talks to others do so until nothing is left for now, with transactions of its own."""
    started_at = datetime.now(UTC)
    with database.translated(), _told(job):
        run = Run(job.name, at, books.did(jobs.talk_of(job).work("", at)))
    if run.counts:
        with database.transaction() as session:
            books.book(session, run, started_at=started_at, node=node)
    return run


@contextmanager
def _told(job: Job) -> Iterator[None]:
    """Whatever goes wrong with a job is told in a line."""
    try:
        yield
    except (OperatorError, DBAPIError):  # those are told where the transaction ends
        raise
    except psycopg2.Error as exc:
        raise driver.translate(exc) from exc
    except Exception as exc:
        raise Conflict(
            f"job {job.name} failed: {books.what_went_wrong(exc)}", "Run it again; job history says how it did before."
        ) from exc


def check_moment(at: datetime, now: datetime, *, dry_run: bool, talks: bool) -> None:
    """Raise `BadInput` for what is still to come, unless it is only tried; what talks to others cannot be."""
    if talks and dry_run:
        raise BadInput(
            "this job talks to others, which cannot be tried", "Look at what waits: message list, enforcement drift."
        )
    if at > now and not dry_run:
        raise BadInput("the time is still to come", "See what will be done then: --dry-run.")
