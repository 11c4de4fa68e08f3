"""A run of a job and its books, in the caller's transaction: what was done, and up to which moment that is all."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from provisioning.errors import OperatorError
from provisioning.scheduling import job as jobs
from provisioning.scheduling.job import Counts, Job

_LONGEST_ERROR = 500

_ENTER = text(
    "INSERT INTO job (name, done_until) SELECT name, :now FROM unnest(CAST(:names AS text[])) AS name"
    " ON CONFLICT (name) DO NOTHING"
)
_LOCK = "SELECT done_until FROM job WHERE name = :name FOR UPDATE"
_LOCK_WAITING, _LOCK_IF_FREE = text(_LOCK), text(f"{_LOCK} SKIP LOCKED")
_CLOCK = text("SELECT clock_timestamp()")
_DONE = text("UPDATE job SET done_until = greatest(done_until, :at) WHERE name = :name")
_BOOK = text(
    "INSERT INTO job_run (job, ran_for, started_at, ended_at, node, outcome, counts, error)"
    " VALUES (:job, :at, :started_at, clock_timestamp(), :node, :outcome, CAST(:counts AS jsonb), :error)"
)


class Run(NamedTuple):
    """What a job did for a moment; of one that failed, why."""

    job: str
    at: datetime
    counts: Counts
    error: str | None = None


def enter(session: Session, known: Sequence[Job], now: datetime) -> None:
    """Give every job without a row one: it has nothing to do but what comes after now."""
    session.execute(_ENTER, {"now": now, "names": [job.name for job in known]})


def lock(session: Session, job: Job, *, wait: bool) -> datetime | None:
    """Keep others from running a job until the transaction ends; return how far it has come, None where others do."""
    done_until: datetime | None = session.scalar(_LOCK_WAITING if wait else _LOCK_IF_FREE, {"name": job.name})
    return done_until


def clock(session: Session) -> datetime:
    """Return the real time, for what is recorded of a run; nothing depends on it."""
    now: datetime = session.execute(_CLOCK).scalar_one()
    return now


def perform(session: Session, job: Job, at: datetime, *, node: str) -> Run:
    """Run a job for a moment in the caller's transaction, which has locked it, and keep its books."""
    started_at = clock(session)
    counts = jobs.work_of(job).run(session, at)
    session.flush()
    session.execute(_DONE, {"name": job.name, "at": at})
    run = Run(job.name, at, did(counts))
    if run.counts:
        book(session, run, started_at=started_at, node=node)
    return run


def book(session: Session, run: Run, *, started_at: datetime, node: str) -> None:
    """Record a run that did something, or failed."""
    values = {
        **run._asdict(),
        "counts": json.dumps(dict(run.counts)),
        "outcome": "done" if run.error is None else "failed",
        "started_at": started_at,
        "node": node,
    }
    session.execute(_BOOK, values)


def did(counts: Counts) -> Counts:
    """Return what was done, without what was not."""
    return {name: number for name, number in counts.items() if number}


def what_went_wrong(exc: BaseException) -> str:
    """Return an error in one line, without the values of the statement that failed."""
    if isinstance(exc, DBAPIError) and exc.orig is not None:
        exc = exc.orig
    said = exc.message if isinstance(exc, OperatorError) else " ".join(str(exc).split())
    return f"{type(exc).__name__}: {said}"[:_LONGEST_ERROR]
