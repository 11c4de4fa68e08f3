"""A scheduler whose clock is told to it, a moment a line: python -m tests.integration.clock.worker DSN.

It leads as the daemon does, and begins anew where its connection is lost.
"""

import sys
import time
from datetime import datetime

import psycopg2
import structlog
from sqlalchemy.exc import DBAPIError

from provisioning.scheduling.job import JOBS
from provisioning.scheduling.lead import Candidate
from provisioning.scheduling.runner import LeadLost, Runner

# upkeep goes by the hour, and what it removes is looked at here
_JOBS = [job for job in JOBS if job.name != "upkeep"]
_EXPECTED = (LeadLost, DBAPIError, psycopg2.Error)


def lead(dsn: str) -> Runner:
    """Return a runner, as soon as there is no other leader."""
    candidate = Candidate(dsn)
    while not candidate.ask():
        time.sleep(0.01)
    return Runner(candidate.connection, node="clock", known=_JOBS)


def main(dsn: str) -> None:
    """Tick at every moment read."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    runner: Runner | None = None
    for line in sys.stdin:
        done = False
        while not done:
            try:
                runner = runner or lead(dsn)
                runner.tick(datetime.fromisoformat(line.strip()))
                done = True
            except _EXPECTED:
                runner = None
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
