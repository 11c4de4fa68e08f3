"""Rows as they are printed: plain values under stable keys, ids of other rows as their names, secrets left out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from provisioning import package as packages
from provisioning.models import Account, Base, Customer, CustomerGroup, Device, Nas, Package

_HIDDEN = frozenset({"secret", "password", "password_hash", "portal_password_hash", "name_key", "search_text"})


def group(row: CustomerGroup) -> dict[str, Any]:
    """Every column."""
    return _columns(row)


def nas(row: Nas) -> dict[str, Any]:
    """Every column but the secret."""
    return _columns(row)


def package(row: Package) -> dict[str, Any]:
    """Every column, time bands and profiles as they are typed."""
    return _columns(row) | packages.details(row) | {"reply_attributes": _reply(row)}


def customers(session: Session, rows: Sequence[Customer]) -> list[dict[str, Any]]:
    """Every column; `group` by name, `parent` by account code."""
    groups = _names(session, CustomerGroup.id, CustomerGroup.name, (row.group_id for row in rows))
    parents = _names(session, Customer.id, Customer.code, (row.parent_id for row in rows))
    return [
        _columns(row, group_id=groups[row.group_id], parent_id=parents.get(row.parent_id))
        | {"name": _full_name(row), "state": _customer_state(row)}
        for row in rows
    ]


def accounts(session: Session, rows: Sequence[Account]) -> list[dict[str, Any]]:
    """Every column but the password, whose kind is said instead; `customer` by code, `package` by name."""
    codes = _names(session, Customer.id, Customer.code, (row.customer_id for row in rows))
    names = _names(session, Package.id, Package.name, (row.package_id for row in rows))
    return [
        _columns(row, customer_id=codes[row.customer_id], package_id=names[row.package_id])
        | {"password_kind": _kind(row), "state": _account_state(row), "reply_attributes": _reply(row)}
        for row in rows
    ]


def devices(session: Session, rows: Sequence[Device]) -> list[dict[str, Any]]:
    """Every column; `account` by user name."""
    names = _names(session, Account.id, Account.user_name, (row.account_id for row in rows))
    return [_columns(row, account_id=names[row.account_id]) for row in rows]


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


def _full_name(row: Customer) -> str:
    person = " ".join(part for part in (row.title, row.first_name, row.last_name) if part)
    return f"{row.company_name} ({person})" if row.company_name and person else row.company_name or person


def _customer_state(row: Customer) -> str:
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
