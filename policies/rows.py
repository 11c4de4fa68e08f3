"""From the rows of schema.sql's hook_* views to facts: the order of the columns is that of the views.

Passwords and secrets arrive sealed; whoever reads the rows opens them first.
"""

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

from policies.facts import (
    Account,
    AccountExtras,
    Customer,
    Device,
    Group,
    Nas,
    OpenSession,
    Package,
    Pair,
    TimeBand,
    place,
)

GROUP = tuple(Group.__dataclass_fields__)
CUSTOMER = tuple(Customer.__dataclass_fields__)
PACKAGE = tuple(Package.__dataclass_fields__)
NAS = tuple(Nas.__dataclass_fields__)
DEVICE = tuple(Device.__dataclass_fields__)
SESSION = ("id", "user_name", "nas_address", "session_class", "calling_station_id", "port")
ACCOUNT = (
    *("user_name", "customer_id", "package_id", "password", "password_hash", "blocked", "suspended"),
    *("cap_reached", "expires_at", "lock_to_devices", "extras"),
)

Row = Sequence[Any]


def group(row: Row) -> Group:
    """Columns GROUP."""
    return Group(*row)


def customer(row: Row) -> Customer:
    """Columns CUSTOMER; the few names of time zones are kept once each."""
    values = (*row[:-1], intern(row[-1]))
    return Customer(*values)


def package(row: Row) -> Package:
    """Columns PACKAGE, of which the last three are JSON: reply attributes, time bands, profiles."""
    *columns, reply_attributes, time_bands, profiles = row
    columns.append(_pairs(reply_attributes))
    columns.append(tuple(TimeBand(*band) for band in time_bands or ()))
    columns.append({vendor: (names[0], names[1]) for vendor, names in (profiles or {}).items()})
    return Package(*columns)


def nas(row: Row, secret: str) -> Nas:
    """Columns NAS; `secret` is the opened one."""
    return Nas(row[0], row[1], row[2], secret, *row[4:])


def open_session(row: Row) -> OpenSession:
    """Columns SESSION."""
    number, user_name, nas_address, session_class, calling_station_id, port = row
    sits_at = place(calling_station_id, nas_address, port) or session_class or f"session {number}"
    return OpenSession(number, user_name, sits_at, session_class)


def device(row: Row) -> Device:
    """Columns DEVICE."""
    return Device(*row)


def account(row: Row, password: str | None) -> Account:
    """Columns ACCOUNT; `password` is the opened one, where there is one."""
    user_name, customer_id, package_id, _, password_hash, *states, extras = row
    states.append(None if extras is None else account_extras(extras))
    known_password = password if password_hash is None else password_hash
    return Account(user_name, customer_id, package_id, known_password, password_hash is not None, *states)


def account_extras(extras: Mapping[str, Any]) -> AccountExtras:
    """The JSON object of the column `extras`, which has only what the account has."""
    values = dict(extras)
    values["routes"] = tuple(values.get("routes", ()))
    values["nas_ids"] = tuple(values.get("nas_ids", ()))
    values["reply_attributes"] = _pairs(values.get("reply_attributes", ()))
    values["package_changes"] = tuple((at, package_id) for at, package_id in values.get("package_changes", ()))
    return AccountExtras(**values)


def _pairs(triples: Sequence[Sequence[str]]) -> tuple[Pair, ...]:
    return tuple(Pair(*triple) for triple in triples)
