"""Package changes: another package, and other prices, from a moment on.

The hook obeys a change from its very second on, as it knows what is to come; writing it into the account then (`apply`)
is for the books, and no hurry. One whose moment is now is written at once.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import account as accounts
from provisioning import coming, expressible, moments, prices, rows
from provisioning.acts import act
from provisioning.errors import BadInput, Conflict, NotFound
from provisioning.models import Account, Customer, Package, PackageChange
from provisioning.rows import Changes

_WHILE_TYPING = timedelta(minutes=1)  # `now` was a moment ago


class Terms(NamedTuple):
    """What an account has: a package, and prices where they are others than the package's."""

    package_id: int
    price_cents: int | None
    topup_price_cents: int | None


@act("account")
def add(
    session: Session,
    account: Account,
    *,
    package_id: int,
    activates_at: datetime | None = None,
    price_cents: int | None = None,
    topup_price_cents: int | None = None,
    comment: str | None = None,
) -> PackageChange:
    """Give an account another package from a moment on, now unless said; without prices, at the package's.

    Raise what speaks against it: a moment that is over, an account that is cancelled, nothing that would be another,
    a speed that a router in use cannot be told, a customer who may have nothing dearer.
    """
    now = _now()
    if activates_at is None or now - _WHILE_TYPING <= activates_at <= datetime.now(UTC):
        activates_at = now
    terms = Terms(package_id, price_cents, topup_price_cents)
    _check(session, account, terms, activates_at, now)
    change = PackageChange(account_id=account.id, activates_at=activates_at, **terms._asdict())
    rows.put(change, {"comment": comment})
    if activates_at == now:
        change.applied_at = now
        accounts.edit(session, account, **terms._asdict())
    return rows.add(session, change)


def _check(session: Session, account: Account, terms: Terms, moment: datetime, now: datetime) -> None:
    if account.cancelled_at is not None:
        raise Conflict(
            f"account {account.user_name} is cancelled",
            f"Take it up again first: tollkeeper account uncancel {account.user_name}.",
        )
    if moment < now:
        raise BadInput("the time of the change is over", "Give a time to come, or leave --at out for now.")
    before = terms_at(session, account, moment)
    package = rows.of_id(session, Package, terms.package_id)
    if terms == before:
        raise Conflict(
            f"account {account.user_name} has package {package.name} at that price by then",
            "Choose another package, or another price: --price.",
        )
    expressible.check_package(session, package)
    prices.check_credit(
        session, account.customer_id, cents=_cents(session, terms), before_cents=_cents(session, before)
    )


def terms_at(session: Session, account: Account, moment: datetime) -> Terms:
    """Return what an account has at a moment, just before any change of that very moment."""
    query = select(PackageChange).where(
        PackageChange.account_id == account.id, coming.TO_COME, PackageChange.activates_at < moment
    )
    last = session.scalars(query.order_by(PackageChange.activates_at.desc()).limit(1)).one_or_none()
    row = account if last is None else last
    return Terms(row.package_id, row.price_cents, row.topup_price_cents)


def _cents(session: Session, terms: Terms) -> int:
    return prices.of_package(session, terms.package_id) if terms.price_cents is None else terms.price_cents


@act("account")
def apply(session: Session, change: PackageChange) -> Changes:
    """Write a change whose moment has come into its account, with those before it; of others nothing is written."""
    if state(change) != "due":
        return {}
    account = session.get_one(Account, change.account_id)
    coming.settle(session, account)  # it was agreed then: nothing is asked again
    return rows.save(session, account)


@act("account")
def cancel(session: Session, change: PackageChange) -> Changes:
    """Cancel a change to come; raise `Conflict` where it has come."""
    if change.cancelled_at is not None:
        return {}
    if state(change) != "to come":
        raise Conflict(f"change {change.id} has come already", "Make another one: tollkeeper change add.")
    change.cancelled_at = _now()
    return rows.save(session, change)


def state(change: PackageChange) -> str:
    """Return how far it has come: to come, due (obeyed, and not yet written into the account), applied, cancelled."""
    if change.cancelled_at is not None:
        return "cancelled"
    if change.applied_at is not None:
        return "applied"
    return "to come" if change.activates_at > datetime.now(UTC) else "due"


def activation(session: Session, when: datetime | date | None, time_zone: str | None) -> datetime | None:
    """Return the moment that was typed; a bare date begins where the customer is, and today's is now: None."""
    if when is None or isinstance(when, datetime):
        return when
    begins = moments.resolve(session, when, time_zone)
    return None if begins <= _now() < moments.resolve(session, when + timedelta(days=1), time_zone) else begins


def find(session: Session, change_id: int) -> PackageChange:
    """Return the change of this id."""
    found = session.get(PackageChange, change_id)
    if found is None:
        raise NotFound(f"no package change has the id {change_id}", "List them with: tollkeeper change list.")
    return found


def listing(
    session: Session,
    *,
    account_id: int | None = None,
    customer_id: int | None = None,
    due: bool = False,
    every: bool = False,
    after: int | None = None,
    limit: int = 100,
) -> list[PackageChange]:
    """Return changes neither applied nor cancelled, the newest first; `every`: all; `due`: whose moment has come."""
    query = select(PackageChange).order_by(PackageChange.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(PackageChange.account_id == account_id)
    if customer_id is not None:
        query = query.where(PackageChange.account_id.in_(select(Account.id).where(Account.customer_id == customer_id)))
    if due or not every:
        query = query.where(coming.TO_COME)
    if due:
        query = query.where(PackageChange.activates_at <= _now())
    if after is not None:
        query = query.where(PackageChange.id < after)
    return list(session.scalars(query))


def owners(session: Session, changes: Sequence[PackageChange]) -> dict[int, tuple[str, str]]:
    """Return user name and account code of each change's account, by the change's id."""
    query = select(PackageChange.id, Account.user_name, Customer.code).join_from(PackageChange, Account).join(Customer)
    found = session.execute(query.where(PackageChange.id.in_([change.id for change in changes]))).tuples()
    return {change_id: (user_name, code) for change_id, user_name, code in found}


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
