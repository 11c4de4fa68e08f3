"""Job `allowances`: usage is charged, new periods get their data, what has expired is gone, caps are set and cleared.

Everything is done by schema.sql's settle_allowances, for all accounts that are due at once.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acts
from provisioning.scheduling.job import Counts

_QUEUED = text("SELECT EXISTS (SELECT FROM allowance_due)")
_NEXT = text("SELECT min(next_at) FROM allowance WHERE next_at <= :until")
_SETTLE = text("SELECT periods, reached, lifted, told FROM settle_allowances(:at)")
_NAMES = ("periods_opened", "caps_reached", "caps_lifted", "notices")


def due(session: Session, after: datetime, until: datetime) -> datetime | None:
    """Return the first moment at which a period or a top-up ends, or `until`, where an account waits to be settled.

    One that came too late for `after` included.
    """
    first: datetime | None = session.scalar(_NEXT, {"until": until})
    if first is not None and first > after:
        return first
    return until if first is not None or session.scalar(_QUEUED) else None


def run(session: Session, at: datetime) -> Counts:
    """Settle what is due."""
    with acts.begin(session, "allowances run", area=None):
        return dict(zip(_NAMES, session.execute(_SETTLE, {"at": at}).one(), strict=True))
