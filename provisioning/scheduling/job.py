"""What a job is: which there are, in the order in which those of the same moment are done.

A job is a module. One that only changes the database has

    due(session, after, until) -> datetime | None    the first moment in (after, until] at which something is to be done
    run(session, at) -> Counts                       does all that is due at `at`, in the caller's transaction

`at` is the clock: a run never asks another one, so a run that comes late does what it would have done in time, and two
years can be run through in a test. A run that is repeated changes nothing more.

One that talks to others has its own transactions instead, and remembers in its tables what was said:

    work(dsn, at) -> Counts                          does what is to be done until nothing is left for now

Counts say what was done, by name; empty or all zero: nothing.
"""

import importlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Counts = Mapping[str, int]


class Work(Protocol):
    """What the module of a job that only changes the database has."""

    def due(self, session: "Session", after: datetime, until: datetime) -> datetime | None:
        """Return the first moment in (after, until] at which something is to be done."""

    def run(self, session: "Session", at: datetime) -> Counts:
        """Do all that is due at `at`, in the caller's transaction."""


class Talk(Protocol):
    """What the module of a job that talks to others has."""

    def work(self, dsn: str, at: datetime) -> Counts:
        """Do what is to be done until nothing is left for now."""


class Job(NamedTuple):
    """A job: its name, as typed; what it does, in a line; its module; whether it talks to others (`work`)."""

    name: str
    summary: str
    module: str
    talks: bool = False


JOBS = (
    Job(
        "changes",
        "Package changes whose moment has come are written into their accounts.",
        "provisioning.scheduling.changes",
    ),
    Job(
        "allowances",
        "Data of a new period, top-ups, what rolls over; caps are set and cleared.",
        "provisioning.allowances.job",
    ),
    Job(
        "suspension",
        "Overdue customers are told, suspended, and suspended again after a respite.",
        "provisioning.dunning.job",
    ),
    Job(
        "reports",
        "Customers who want one get a report of the billing period that has ended.",
        "provisioning.messages.reports",
    ),
    Job("notices", "What customers are to be told is written as messages.", "provisioning.messages.composing"),
    Job("upkeep", "What nobody needs any more is removed.", "provisioning.scheduling.upkeep"),
    Job("enforcement", "Those who are online are told what has changed.", "provisioning.enforcement.job", talks=True),
    Job(
        "delivery",
        "Messages leave for the mail server and the SMS gateway.",
        "provisioning.messages.delivery",
        talks=True,
    ),
)


def work_of(job: Job) -> Work:
    """Return the module of a job that only changes the database."""
    return cast(Work, importlib.import_module(job.module))


def talk_of(job: Job) -> Talk:
    """Return the module of a job that talks to others."""
    return cast(Talk, importlib.import_module(job.module))
