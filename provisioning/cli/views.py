"""Rows as they are printed: plain values under stable keys, ids of other rows as their names, secrets left out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from provisioning import group as customer_groups
from provisioning import package as sold
from provisioning import prices
from provisioning.models import (
    Account,
    Base,
    Customer,
    CustomerGroup,
    Device,
    Invoice,
    Nas,
    Package,
    PackageChange,
    Payment,
    Reseller,
)

_HIDDEN = frozenset({"secret", "password", "password_hash", "portal_password_hash", "name_key", "search_text"})


def groups(session: Session, rows: Sequence[CustomerGroup]) -> list[dict[str, Any]]:
    """Every column and how many customers; `reseller` and `default_package` by name."""
    resellers = _names(session, Reseller.id, Reseller.name, (row.reseller_id for row in rows))
    names = _names(session, Package.id, Package.name, (row.default_package_id for row in rows))
    members = customer_groups.customers(session, rows)
    return [
        _columns(row, reseller_id=resellers.get(row.reseller_id), default_package_id=names.get(row.default_package_id))
        | {"customers": members[row.id]}
        for row in rows
    ]


def nas(row: Nas) -> dict[str, Any]:
    """Every column but the secret."""
    return _columns(row)


def packages(session: Session, rows: Sequence[Package]) -> list[dict[str, Any]]:
    """Every column, time bands and profiles as they are typed; `reseller` by name."""
    resellers = _names(session, Reseller.id, Reseller.name, (row.reseller_id for row in rows))
    return [
        _columns(row, reseller_id=resellers.get(row.reseller_id))
        | sold.details(row)
        | {"reply_attributes": _reply(row)}
        for row in rows
    ]


def customers(session: Session, rows: Sequence[Customer]) -> list[dict[str, Any]]:
    """Every column; `group` and `reseller` by name, `parent` by account code."""
    groups = _names(session, CustomerGroup.id, CustomerGroup.name, (row.group_id for row in rows))
    parents = _names(session, Customer.id, Customer.code, (row.parent_id for row in rows))
    resellers = _names(session, Reseller.id, Reseller.name, (row.reseller_id for row in rows))
    return [
        _columns(
            row,
            group_id=groups.get(row.group_id),
            parent_id=parents.get(row.parent_id),
            reseller_id=resellers.get(row.reseller_id),
        )
        | {"name": full_name(row), "state": customer_state(row)}
        for row in rows
    ]


def accounts(session: Session, rows: Sequence[Account]) -> list[dict[str, Any]]:
    """Every column but the password, whose kind is said instead; `customer` by code, `package` by name; its price."""
    codes = _names(session, Customer.id, Customer.code, (row.customer_id for row in rows))
    names = _names(session, Package.id, Package.name, (row.package_id for row in rows))
    prices_cents = prices.effective(session, rows)
    return [
        _columns(row, customer_id=codes.get(row.customer_id), package_id=names.get(row.package_id))
        | {"effective_price_cents": prices_cents.get(row.id), "password_kind": _kind(row)}
        | {"state": _account_state(row), "reply_attributes": _reply(row)}
        for row in rows
    ]


def changes(session: Session, rows: Sequence[PackageChange]) -> list[dict[str, Any]]:
    """Every column; `account` by user name, `customer` by code, `package` by name; how far it has come."""
    from provisioning import change as package_changes  # only here

    owners = package_changes.owners(session, rows)
    names = _names(session, Package.id, Package.name, (row.package_id for row in rows))
    return [
        _columns(row, account_id=owners[row.id][0], package_id=names.get(row.package_id))
        | {"customer": owners[row.id][1], "state": package_changes.state(row)}
        for row in rows
    ]


def devices(session: Session, rows: Sequence[Device]) -> list[dict[str, Any]]:
    """Every column; `account` by user name, None in the inventory of `reseller`."""
    names = _names(session, Account.id, Account.user_name, (row.account_id for row in rows))
    resellers = _names(session, Reseller.id, Reseller.name, (row.reseller_id for row in rows))
    return [
        _columns(row, account_id=names.get(row.account_id), reseller_id=resellers.get(row.reseller_id)) for row in rows
    ]


def of_customers(session: Session, rows: Sequence[Invoice | Payment]) -> list[dict[str, Any]]:
    """Every column of what belongs to customers; `customer` by account code."""
    codes = _names(session, Customer.id, Customer.code, (row.customer_id for row in rows))
    return [_columns(row, customer_id=codes[row.customer_id]) for row in rows]


def belonging(row: Base, code: str) -> dict[str, Any]:
    """Every column of what belongs to a customer; `customer` by account code."""
    return _columns(row, customer_id=code)


def nas_names(session: Session, ids: Iterable[int]) -> list[str]:
    """Return the names of NAS, in order."""
    return sorted(_names(session, Nas.id, Nas.name, ids).values())


def named(changes: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes with the names of other rows in place of their ids, as the two views have them."""
    shown = {}
    for column, change in changes.items():
        name = column.removesuffix("_id")
        shown[name if name in after else column] = (before[name], after[name]) if name in after else change
    return shown


def _columns(row: Base, **names: str | None) -> dict[str, Any]:
    """Return the columns that may be seen; ids of other rows as the names given for them, `group_id` as `group`."""
    columns = (column.key for column in row.__table__.columns if column.key not in _HIDDEN)
    return {
        column.removesuffix("_id") if column in names else column: names.get(column, getattr(row, column))
        for column in columns
    }


def _names(
    session: Session,
    key: InstrumentedAttribute[int],
    name: InstrumentedAttribute[str],
    wanted: Iterable[int | None],
) -> dict[int | None, str]:
    ids = {one for one in wanted if one is not None}
    found = session.execute(select(key, name).where(key.in_(ids))).tuples() if ids else ()
    return dict(iter(found))


def full_name(row: Customer) -> str:
    """Return what a customer is called: its company, its person, or both."""
    person = " ".join(part for part in (row.title, row.first_name, row.last_name) if part)
    return f"{row.company_name} ({person})" if row.company_name and person else row.company_name or person


def customer_state(row: Customer) -> str:
    """Return a customer's own state, in the order in which states decide; a parent's or group's is not in it."""
    states = {
        "deleted": row.deleted_at is not None,
        "disabled": row.disabled,
        "expired": _is_past(row.expires_at),
        "suspended": row.suspended,
    }
    return next((state for state, holds in states.items() if holds), "active")


def _account_state(row: Account) -> str:
    """Return an account's own state, in the order in which states decide; its customer's is not in it."""
    states = {
        "cancelled": row.cancelled_at is not None,
        "blocked": row.blocked,
        "expired": _is_past(row.expires_at),
        "suspended": row.suspended,
        "cap reached": row.cap_reached,
    }
    return next((state for state, holds in states.items() if holds), "active")


def _is_past(moment: datetime | None) -> bool:
    return moment is not None and moment <= datetime.now(UTC)


def _kind(row: Account) -> str:
    if row.password is not None:
        return "sealed"
    return "one-way" if row.password_hash is not None else "none"


def _reply(row: Package | Account) -> list[str]:
    return ["".join(triple[:2]) + triple[2] for triple in row.reply_attributes]
