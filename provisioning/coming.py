"""Package changes that are still to come, and those that have: the latter are written into their account."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.models import Account, PackageChange

TO_COME = PackageChange.applied_at.is_(None) & PackageChange.cancelled_at.is_(None)


def settle(session: Session, account: Account) -> None:
    """Write the changes whose moment has come into their account, in their order; the caller saves it.

    It comes before any other change of package or price: the hook would let an older one that is due win.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    due = select(PackageChange).where(
        PackageChange.account_id == account.id, TO_COME, PackageChange.activates_at <= now
    )
    for change in session.scalars(due.order_by(PackageChange.activates_at)):
        account.package_id = change.package_id
        account.price_cents = change.price_cents
        account.topup_price_cents = change.topup_price_cents
        change.applied_at = now


def cancel_all(session: Session, account: Account) -> None:
    """Cancel all that is to come, of an account that is cancelled."""
    now = datetime.now(UTC).replace(microsecond=0)
    for change in session.scalars(select(PackageChange).where(PackageChange.account_id == account.id, TO_COME)):
        change.cancelled_at = now
