"""Job `upkeep`: every hour, what nobody needs any more is removed, and what will be needed is made.

Hours that were missed are made up for by the last of them.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acts
from provisioning.scheduling.job import Counts

_KEEP_CHANGES = timedelta(days=1)  # a reader that was away for longer loads everything; by the real clock
_KEEP_RECORDS = timedelta(days=90)
_KEEP_LINKS = timedelta(days=1)  # who comes with one just expired is told so
_MONTHS_AHEAD = 3

_PRUNE = text("SELECT prune_change_log(:keep)")
_PARTITIONS = text("SELECT make_session_partitions(CAST(:day AS date), :months)")
_OLD = {
    "job_runs": (text("DELETE FROM job_run WHERE ran_for < :before"), _KEEP_RECORDS),
    "attempts": (text("DELETE FROM enforcement_attempt WHERE sent_at < :before"), _KEEP_RECORDS),
    "portal_links": (text("DELETE FROM portal_reset WHERE expires_at < :before"), _KEEP_LINKS),
}


def due(session: Session, after: datetime, until: datetime) -> datetime | None:
    """Return the last whole hour, unless it was done."""
    hour = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if hour > after else None


def run(session: Session, at: datetime) -> Counts:
    """Remove what is old by then; make the partitions of the months to come."""
    with acts.begin(session, "job upkeep", area=None):
        counts = {
            name: session.connection().execute(statement, {"before": at - keep}).rowcount
            for name, (statement, keep) in _OLD.items()
        }
        session.execute(_PARTITIONS, {"day": at.astimezone(UTC).date(), "months": _MONTHS_AHEAD})
        return {**counts, "changes": session.execute(_PRUNE, {"keep": _KEEP_CHANGES}).scalar_one()}
