"""Top-ups: data bought on top of the month's, or ahead. Who has reached the cap is let on in the same transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from provisioning import account as accounts
from provisioning import acts, prices, rows
from provisioning.acts import act
from provisioning.allowances import validity
from provisioning.errors import BadInput, Conflict
from provisioning.models import Account, Customer, Package, Topup

_SETTLE = text("SELECT settle_account(:account_id, :at)")


@act("account")
def add(
    session: Session,
    account: Account,
    *,
    octets: int,
    price_cents: int | None = None,
    expires_at: datetime | None = None,
    never_expires: bool = False,
    days: int | None = None,
    comment: str | None = None,
    at: datetime | None = None,
) -> Topup:
    """Add data to an account, at the account's price of a top-up or the package's, unless said.

    It expires as the customer's `topup_months` say, unless said. `days`: of a prepaid account, so much longer validity.
    """
    at = _now() if at is None else at
    package = rows.of_id(session, Package, account.package_id)
    _check(account, package, expires_at, days, at)
    if price_cents is None:
        own = account.topup_price_cents
        price_cents = package.topup_price_cents if own is None else own
    prices.check_credit(session, account.customer_id, cents=price_cents)
    customer = session.get_one(Customer, account.customer_id)
    zone = validity.time_zone(session, customer)
    if expires_at is None and not never_expires:
        expires_at = validity.of_topup(customer, zone, at)
    topup = Topup(account_id=account.id, octets=octets, starts_at=at, expires_at=expires_at, price_cents=price_cents)
    rows.put(topup, {"comment": comment})
    rows.add(session, topup)
    settle(session, account, at=at)
    if days is not None:
        accounts.expire(session, account, expires_at=validity.extended(account.expires_at, zone, at, by_days=days))
    session.refresh(topup)
    return topup


def _check(account: Account, package: Package, expires_at: datetime | None, days: int | None, at: datetime) -> None:
    if account.cancelled_at is not None:
        raise Conflict(
            f"account {account.user_name} is cancelled",
            f"Take it up again first: tollkeeper account uncancel {account.user_name}.",
        )
    if package.cap_octets is None:
        raise Conflict(
            f"account {account.user_name} needs no top-up: package {package.name} has no data cap",
            "Give the package one: tollkeeper package edit --cap; or the account another package.",
        )
    if expires_at is not None and expires_at <= at:
        raise BadInput("the top-up would have expired already", "Give a time to come, or leave --expires out.")
    if days is not None and not account.prepaid:
        raise Conflict(
            f"account {account.user_name} is not prepaid: it has no validity to be extended",
            f"Leave --days out, or: tollkeeper account prepaid {account.user_name} --until +30d.",
        )


@act("account")
def cancel(session: Session, topup: Topup, *, at: datetime | None = None) -> int:
    """Take away what is left of a top-up; return how many octets that were. What was used stays used."""
    at = _now() if at is None else at
    account = rows.of_id(session, Account, topup.account_id)
    settle(session, account, at=at)
    session.refresh(topup)
    if (is_now := state(topup, at)) not in ("valid", "to come"):
        raise Conflict(f"nothing is left of top-up {topup.id}: it is {is_now}", "See: tollkeeper topup list.")
    topup.cancelled_at = at
    rows.save(session, topup)
    settle(session, account, at=at)
    return topup.octets - topup.used_octets


def settle(session: Session, account: Account, *, at: datetime | None = None) -> None:
    """Bring an account's allowance, and whether its cap is reached, up to a moment; an operator's is always now."""
    session.flush()
    session.execute(_SETTLE, {"account_id": account.id, "at": _now() if at is None else at})
    session.refresh(account)


def state(topup: Topup, at: datetime) -> str:
    """Return how far a top-up has come: cancelled, used up, expired, to come or valid."""
    if topup.cancelled_at is not None:
        return "cancelled"
    if topup.used_octets >= topup.octets:
        return "used up"
    if topup.expires_at is not None and topup.expires_at <= at:
        return "expired"
    return "to come" if topup.starts_at > at else "valid"


def listing(
    session: Session,
    *,
    account_id: int | None = None,
    customer_id: int | None = None,
    every: bool = False,
    after: int | None = None,
    limit: int = 100,
) -> list[Topup]:
    """Return top-ups, the newest first, from the one behind the id `after` on; `every`: those without anything left."""
    acts.check_may_view(session, "account")
    query = select(Topup).join(Account, Account.id == Topup.account_id).order_by(Topup.id.desc())
    if account_id is not None:
        query = query.where(Topup.account_id == account_id)
    if customer_id is not None:
        query = query.where(Account.customer_id == customer_id)
    if not every:
        lasts = or_(Topup.expires_at.is_(None), Topup.expires_at > _now())
        query = query.where(Topup.cancelled_at.is_(None), Topup.used_octets < Topup.octets, lasts)
    if after is not None:
        query = query.where(Topup.id < after)
    return list(session.scalars(query.limit(limit)))


def owners(session: Session, topups: Sequence[Topup]) -> dict[int, tuple[str, str]]:
    """Return whose top-ups are: user name and account code, by the top-up's account."""
    query = select(Account.id, Account.user_name, Customer.code).join(Customer, Customer.id == Account.customer_id)
    found = session.execute(query.where(Account.id.in_({one.account_id for one in topups}))).tuples()
    return {account_id: (user_name, code) for account_id, user_name, code in found}


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
