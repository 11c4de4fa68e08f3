"""A database with toys in it, and a runner of their jobs."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from provisioning.scheduling.lead import Candidate
from provisioning.scheduling.runner import Runner
from tests.integration.scheduling import toys

START = datetime(2027, 3, 1, tzinfo=UTC)


def after(seconds):
    """Return a moment so many seconds after the start."""
    return START + timedelta(seconds=seconds)


class Toys:
    """The toys' tables, and what the scheduler has written of them."""

    def __init__(self, database):
        self.database = database

    def sql(self, statement, *values):
        """Run a statement in a transaction of its own; return its rows."""
        with closing(self.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def due(self, job, *seconds, does=""):
        """Have a job something to do at these moments."""
        for one in seconds:
            self.sql("INSERT INTO toy VALUES (%s, %s, %s)", job, after(one), does)

    def diary(self):
        """Return (job, seconds after the start) of what was done, in order."""
        rows = self.sql("SELECT job, at FROM diary ORDER BY id")
        return [(job, (at - START).total_seconds()) for job, at in rows]

    def done_until(self, job):
        """Return how far a job has come, in seconds after the start."""
        ((moment,),) = self.sql("SELECT done_until FROM job WHERE name = %s", job)
        return (moment - START).total_seconds()

    def runs(self):
        """Return (job, outcome, counts, error) of the recorded runs."""
        return self.sql("SELECT job, outcome, counts, error FROM job_run ORDER BY id")


@pytest.fixture
def toy_box(database):
    """Return a database's toys."""
    made = Toys(database)
    made.sql(toys.TABLES)
    return made


@pytest.fixture
def candidate(database):
    """Return a connection that leads."""
    made = Candidate(database.dsn)
    assert made.ask()
    yield made
    made.close()


@pytest.fixture
def runner(toy_box, candidate):
    """Return a runner of the toys whose first tick was at the start."""
    made = Runner(candidate.connection, node="aaa1", known=toys.JOBS)
    made.tick(START)
    return made
