"""Job `changes`: package changes whose moment has come are written into their accounts.

The hook obeys a change from its very second on, as it knows what is to come (schema.sql, hook_account); here it is put
on record, at that second by the books whenever it is done. A change to what its owner may no longer have, because
its package has gone to another reseller since, is cancelled.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acts
from provisioning.scheduling.job import Counts

_FIRST = text(
    "SELECT min(activates_at) FROM package_change"
    " WHERE applied_at IS NULL AND cancelled_at IS NULL AND activates_at <= :until"
)
# accounts first, as whoever edits one does: nobody waits for the other way round
_LOCK = text("""
    SELECT FROM account WHERE id IN (
        SELECT account_id FROM package_change
        WHERE applied_at IS NULL AND cancelled_at IS NULL AND activates_at <= :at)
    ORDER BY id FOR UPDATE
""")
_REFUSE = text("""
    UPDATE package_change AS change SET cancelled_at = :at FROM account, package, customer
    WHERE change.applied_at IS NULL AND change.cancelled_at IS NULL AND activates_at <= :at
      AND account.id = account_id AND customer.id = customer_id AND package.id = change.package_id
      AND account_is_refused(account, package, customer) IS NOT NULL
""")
_APPLY = text("""
    WITH applied AS (
        UPDATE package_change SET applied_at = :at
        WHERE applied_at IS NULL AND cancelled_at IS NULL AND activates_at <= :at
        RETURNING account_id, activates_at, package_id, price_cents, topup_price_cents),
    last AS (SELECT DISTINCT ON (account_id) * FROM applied ORDER BY account_id, activates_at DESC),
    written AS (
        UPDATE account SET package_id = last.package_id, price_cents = last.price_cents,
                           topup_price_cents = last.topup_price_cents
        FROM last WHERE account.id = last.account_id)
    SELECT count(*) FROM applied
""")


def due(session: Session, after: datetime, until: datetime) -> datetime | None:
    """Return the moment of the first change that is not written down, one that came too late for `after` included."""
    first: datetime | None = session.scalar(_FIRST, {"until": until})
    return first


def run(session: Session, at: datetime) -> Counts:
    """Write down all changes up to a moment; of several of an account the last."""
    with acts.begin(session, "change apply", area=None):
        session.execute(_LOCK, {"at": at})
        cancelled = session.connection().execute(_REFUSE, {"at": at}).rowcount
        return {"applied": session.execute(_APPLY, {"at": at}).scalar_one(), "cancelled": cancelled}
