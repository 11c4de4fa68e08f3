"""The job `suspension`: promises end, customers are told, suspended, and suspended again after a respite.

Its moments are, where each customer is: the minute of the day at which notices are due; that minute again, postponed to
the first moment at which somebody may be suspended; the end of a promise's day; the end of a respite, postponed
likewise. At each of them only those are looked at whose moment it is.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acts
from provisioning.dunning import notices, promises, runs
from provisioning.dunning.terms import ZONE
from provisioning.scheduling.job import Counts

# a day is at most 15 hours ahead of, or behind, that of UTC
_DUE = text(f"""
    WITH place AS MATERIALIZED (
        SELECT zone, local_moment(day, dunning_minute, zone) AS last,
               local_moment(day + 1, dunning_minute, zone) AS next
        FROM installation, customer_zones() AS zone, LATERAL (SELECT dunning_day(zone, :after) AS day) AS days)
    SELECT min(moment) FROM (
        SELECT unnest(ARRAY[next, cut_moment(zone, last), cut_moment(zone, next)]) FROM place
        UNION ALL
        SELECT cut_moment({ZONE}, unsuspended_until) FROM customer, installation WHERE unsuspended_until <= :until
        UNION ALL
        SELECT local_moment(pays_on + 1, 0, {ZONE})
        FROM promise JOIN customer ON customer.id = customer_id CROSS JOIN installation
        WHERE ended_at IS NULL AND pays_on <= CAST(:until AT TIME ZONE 'UTC' AS date)) AS moments (moment)
    WHERE moment > :after AND moment <= :until
""")  # noqa: S608 - our own words
# where the dunning moment is this one; where it, or what it was postponed to, is
_PLACES = text("""
    SELECT zone, last = :at, cut_moment(zone, last) = :at
    FROM installation, customer_zones() AS zone,
         LATERAL (SELECT local_moment(dunning_day(zone, :at), dunning_minute, zone) AS last OFFSET 0) AS moments
""")


def due(session: Session, after: datetime, until: datetime) -> datetime | None:
    """Return the first moment in (after, until] at which somebody's turn comes."""
    moment: datetime | None = session.execute(_DUE, {"after": after, "until": until}).scalar_one()
    return moment


def run(session: Session, at: datetime) -> Counts:
    """Do what is due at this moment: end promises, tell, suspend."""
    places = session.execute(_PLACES, {"at": at}).tuples().all()
    telling = [zone for zone, tells, _ in places if tells]
    cutting = [zone for zone, _, cuts in places if cuts]
    with acts.begin(session, "suspension run", area=None):
        counts = {**promises.settle(session, at), **notices.tell(session, at, telling)}
        return {**counts, **runs.suspend_due(session, at, cutting)}
