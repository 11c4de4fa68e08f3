"""Data accounts: the RADIUS users."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from policies.facts import Pair
from provisioning import addresses, coming, database, passwords, prices, reply_attributes, rows, statics, versions
from provisioning.acts import act, check_may_view
from provisioning.errors import BadInput, Conflict
from provisioning.models import Account, AccountNas, Customer, CustomerGroup
from provisioning.rows import Changes
from vault.sealed import ACCOUNT_PASSWORD, NotOurs, Seal


class Columns(TypedDict, total=False):
    """What can be set besides user name, customer, package and password; as in schema.sql."""

    blocked: bool
    suspended: bool
    expires_at: datetime | None
    sessions_allowed: int | None
    price_cents: int | None
    topup_price_cents: int | None
    lock_to_devices: bool
    ipv4_address: str | None
    ipv4_netmask: str | None
    ipv6_prefix: str | None
    delegated_ipv6_prefix: str | None
    routes: Sequence[str]
    vlan_id: int | None
    reply_attributes: Sequence[Pair]


class Edits(Columns, total=False):
    """What can be changed; routes and reply attributes are replaced whole."""

    user_name: str
    customer_id: int
    package_id: int
    prepaid: bool
    cancelled_at: datetime | None


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "ipv4_address": addresses.ipv4,
    "ipv4_netmask": addresses.netmask,
    "ipv6_prefix": addresses.ipv6_prefix,
    "delegated_ipv6_prefix": addresses.ipv6_prefix,
    "routes": lambda routes: [addresses.route(route) for route in routes],
    "reply_attributes": reply_attributes.check,
}

_COSTING = frozenset({"package_id", "price_cents", "topup_price_cents", "customer_id"})


@act("account")
def add(
    session: Session,
    user_name: str,
    *,
    customer_id: int,
    package_id: int | None,
    password: str | None,
    pap_only: bool = False,
    seal: Seal,
    nas_ids: Sequence[int] = (),
    shared_vlan: bool = False,
    **columns: Unpack[Columns],
) -> Account:
    """Add an account. No package: the group's default. No password: a certificate or a device's MAC authenticates it.

    `nas_ids`: where alone it may. `shared_vlan`: another customer may have its VLAN too.
    """
    package_id = _default_package_id(session, customer_id) if package_id is None else package_id
    account = Account(customer_id=customer_id, package_id=package_id)
    _set_password(account, password, pap_only=pap_only, seal=seal)
    values = _checked(columns)
    statics.check(session, account, values)
    rows.put(account, {"user_name": user_name, **values})
    prices.check_credit(session, customer_id, cents=prices.of_account(session, account))
    if not shared_vlan:
        statics.check_vlan(session, account, nas_ids=nas_ids)
    rows.add(session, account)
    bind(session, account, nas_ids=nas_ids)
    return account


def _default_package_id(session: Session, customer_id: int) -> int:
    check_may_view(session, "group")
    query = (
        select(CustomerGroup.name, CustomerGroup.default_package_id).join(Customer).where(Customer.id == customer_id)
    )
    name, package_id = session.execute(query).tuples().one()
    if package_id is None:
        raise BadInput(
            f"no package was given, and group {name} has no default one",
            f"Give --package, or the group one: tollkeeper group edit {name!r} --default-package NAME.",
        )
    return package_id


@act("account")
def edit(
    session: Session,
    account: Account,
    *,
    version: int | None = None,
    nas_ids: Sequence[int] | None = None,
    shared_vlan: bool = False,
    **columns: Unpack[Edits],
) -> Changes:
    """Change an account; raise `Conflict` where it is no longer of the version that was looked at.

    `nas_ids` None leaves where it may be, and an empty list lets it be everywhere.
    """
    versions.check("account", account.user_name, current=account.version, version=version)
    values = _checked(columns)
    statics.check(session, account, values)
    if values.keys() & _COSTING:
        _put_with_credit(session, account, values)
    rows.put(account, values)
    changes = rows.save(session, account)
    if nas_ids is not None:
        changes |= bind(session, account, nas_ids=nas_ids)
    if changes.keys() & {"vlan_id", "nas_ids"} and not shared_vlan:
        statics.check_vlan(session, account, nas_ids=bound_nas_ids(session, account))
    return changes


def _put_with_credit(session: Session, account: Account, values: Mapping[str, Any]) -> None:
    coming.settle(session, account)
    payer, before_cents = account.customer_id, prices.of_account(session, account)
    rows.put(account, values)
    if account.customer_id != payer:
        before_cents = 0
    cents = prices.of_account(session, account)
    prices.check_credit(session, account.customer_id, cents=cents, before_cents=before_cents)


def _checked(columns: Edits | Columns) -> dict[str, object]:
    return {
        column: _CHECKS[column](value) if column in _CHECKS and value is not None else value
        for column, value in columns.items()
    }


@act("account")
def passwd(session: Session, account: Account, *, password: str | None, pap_only: bool = False, seal: Seal) -> Changes:
    """Set another password; None takes it away."""
    _set_password(account, password, pap_only=pap_only, seal=seal)
    return rows.save(session, account)


def _set_password(account: Account, password: str | None, *, pap_only: bool, seal: Seal) -> None:
    one_way = password is not None and pap_only
    account.password_hash = passwords.hash_password(password) if password is not None and one_way else None
    account.password = None if password is None or one_way else passwords.seal_password(password, seal)


def open_password(account: Account, seal: Seal) -> str:
    """Return the password itself; raise `Conflict` if it is one-way or absent."""
    if account.password is None:
        kind = "one-way" if account.password_hash else "absent"
        raise Conflict(f"the password of {account.user_name} is {kind}", "Type it: --password-stdin.")
    try:
        return seal.open(account.password, ACCOUNT_PASSWORD).decode()
    except NotOurs as exc:
        raise Conflict(f"the password of {account.user_name} does not open with this key", passwords.OTHER_KEY) from exc


@act("account")
def bind(session: Session, account: Account, *, nas_ids: Iterable[int]) -> Changes:
    """Let only these NAS authenticate an account; none: every NAS may."""
    before, after = bound_nas_ids(session, account), sorted(set(nas_ids))
    if before == after:
        return {}
    session.execute(delete(AccountNas).where(AccountNas.account_id == account.id))
    session.add_all(AccountNas(account_id=account.id, nas_id=nas_id) for nas_id in after)
    database.flush(session)
    return {"nas_ids": (before, after)}


def bound_nas_ids(session: Session, account: Account) -> list[int]:
    """Return which NAS alone may authenticate an account; empty for every."""
    query = select(AccountNas.nas_id).where(AccountNas.account_id == account.id)
    return list(session.scalars(query.order_by(AccountNas.nas_id)))


@act("account")
def block(session: Session, account: Account) -> Changes:
    """Refuse an account, whatever its state otherwise."""
    return edit(session, account, blocked=True)


@act("account")
def unblock(session: Session, account: Account) -> Changes:
    """Let a blocked account in again."""
    return edit(session, account, blocked=False)


@act("account")
def suspend(session: Session, account: Account) -> Changes:
    """Suspend one account of a customer."""
    return edit(session, account, suspended=True)


@act("account")
def unsuspend(session: Session, account: Account) -> Changes:
    """End an account's suspension."""
    return edit(session, account, suspended=False)


@act("account")
def expire(session: Session, account: Account, *, expires_at: datetime | None) -> Changes:
    """Set from when on an account is refused; None for never."""
    return edit(session, account, expires_at=expires_at)


@act("account")
def prepaid(session: Session, account: Account, *, expires_at: datetime | None) -> Changes:
    """Let an account have no data of the month, only what is bought ahead, and be valid until then."""
    return edit(session, account, prepaid=True, expires_at=expires_at)


@act("account")
def postpaid(session: Session, account: Account) -> Changes:
    """Give a prepaid account the data of the month again, and no end of its validity."""
    return edit(session, account, prepaid=False, expires_at=None) if account.prepaid else {}


@act("account")
def move(session: Session, account: Account, *, customer_id: int) -> Changes:
    """Move an account to another customer; user name, package and devices stay."""
    return edit(session, account, customer_id=customer_id)


@act("account")
def rename(session: Session, account: Account, *, user_name: str) -> Changes:
    """Give an account another user name, which the customer has to type in too."""
    return edit(session, account, user_name=user_name)


@act("account")
def cancel(session: Session, account: Account, *, at: datetime | None = None) -> Changes:
    """Cancel an account: as if it were not there, though its usage stays. Its coming package changes are cancelled."""
    now = datetime.now(UTC).replace(microsecond=0)
    at = now if at is None else at
    if at > now:
        raise BadInput(
            "an account is cancelled now, or was before, not at a time to come",
            f"Let it expire then: tollkeeper account expire {account.user_name} {at.date()}.",
        )
    if account.cancelled_at is not None:
        return {}
    coming.cancel_all(session, account)
    return edit(session, account, cancelled_at=at)


@act("account")
def cancel_all(session: Session, customer_id: int, *, at: datetime | None = None) -> list[Account]:
    """Cancel every account of a customer; return those that were not cancelled before."""
    query = select(Account).where(Account.customer_id == customer_id, Account.cancelled_at.is_(None))
    accounts = list(session.scalars(query.order_by(Account.user_name)))
    for account in accounts:
        cancel(session, account, at=at)
    return accounts


@act("account")
def uncancel(session: Session, account: Account) -> Changes:
    """Take a cancelled account up again, as it was."""
    if account.cancelled_at is None:
        return {}
    prices.check_credit(session, account.customer_id, cents=prices.of_account(session, account))
    return edit(session, account, cancelled_at=None)


def find(session: Session, user_name: str) -> Account:
    """Return the account of this user name, exactly as typed."""
    return rows.find(session, Account, Account.user_name, user_name)


def listing(
    session: Session,
    *,
    customer_id: int | None = None,
    package_id: int | None = None,
    blocked: bool | None = None,
    suspended: bool | None = None,
    expired: bool | None = None,
    cancelled: bool | None = False,
    after: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[Account]:
    """Return accounts by user name, from the one behind `after` on; None for a filter that is not wanted.

    Cancelled ones are left out, unless `cancelled` says otherwise.
    """
    check_may_view(session, "account")
    query = select(Account).where(Account.user_name > after).order_by(Account.user_name)
    wanted = {"customer_id": customer_id, "package_id": package_id, "blocked": blocked, "suspended": suspended}
    query = query.filter_by(**{column: value for column, value in wanted.items() if value is not None})
    if expired is not None:
        is_expired = func.coalesce(Account.expires_at <= func.now(), False)
        query = query.where(is_expired == expired)
    if cancelled is not None:
        query = query.where(Account.cancelled_at.is_not(None) if cancelled else Account.cancelled_at.is_(None))
    return list(session.scalars(query.limit(limit).offset(offset)))
