"""The fields of templates: what there is, and their values in words. Pure.

Days and times are where the customer is, in ISO 8601 (2026-11-22, 2026-11-22 14:05), which every language reads.
Money has its currency (149.50 ZAR), data its unit (14.3 GB). What does not apply to a notice has no value there.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from policies import zones
from provisioning import units

OF_A_CUSTOMER = MappingProxyType(
    {
        "customer": "its name: the company's, else the person's",
        "title": "Dr, Mrs",
        "first_name": "of the person",
        "last_name": "of the person",
        "code": "its account code",
        "provider": "who sells: the reseller's brand, else the provider's name",
        "balance": "what it owes; below zero: paid ahead",
        "today": "the day it is where the customer is",
    }
)
OF_A_NOTICE = MappingProxyType(
    {
        "invoice": "the invoice that is due longest",
        "due_on": "when that was due",
        "days": "how many days ago that was",
        "owed": "how much of it is owed",
        "suspends_on": "when the customer is suspended, unless it pays",
        "pays_on": "when it promised to pay",
        "account": "user name of the account",
        "percent": "how much of its data is used",
        "used": "the same in GB",
        "data": "all its data of the period; or of a top-up",
        "period_start": "first day of the billing period",
        "ends_on": "first day of the next one",
        "left": "of a top-up that has expired",
        "expires_at": "when a top-up expires",
        "report": "of a billing period: first_day, last_day, total, download, upload, accounts (account, package,"
        " total, download, upload), days (day, total, download, upload, width: percent of the greatest)",
    }
)
FIELDS = MappingProxyType({**OF_A_CUSTOMER, **OF_A_NOTICE})
# what an SMS gateway's URL, body and headers are made of
OF_A_REQUEST = MappingProxyType(
    {
        "number": "the recipient's, as +27215550100",
        "text": "of the message",
        "sender": "of the gateway",
        "user": "of the gateway",
        "password": "of the gateway",
        "id": "of the message, the same if it is sent again",
    }
)


def of_customer(row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the fields of a customer, from a row of provisioning/messages/addressee.py; the others have no value."""
    values: dict[str, Any] = dict.fromkeys(FIELDS)
    for name in ("customer", "title", "first_name", "last_name", "code", "provider"):
        values[name] = row[name]
    if row["balance_cents"] is not None:
        values["balance"] = _money(row["balance_cents"], row["currency"])
    values["today"] = _local(at, row["time_zone"]).date().isoformat()
    return values


def of_notice(row: Mapping[str, Any], details: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the fields of a customer with those of a notice: its `details`, whose names end in their units."""
    values = of_customer(row, at)
    for key, value in details.items():
        name, told = _told(key, value, row)
        if name in OF_A_NOTICE:
            values[name] = told
    if isinstance(due_on := details.get("due_on"), str):
        values["days"] = (_local(at, row["time_zone"]).date() - date.fromisoformat(due_on)).days
    return values


def _told(key: str, value: Any, row: Mapping[str, Any]) -> tuple[str, Any]:
    """Return a field from a detail: {"used_octets": 5000000000} is used: 5.00 GB."""
    if value is None:
        return key, None
    if key.endswith("_cents"):
        return key.removesuffix("_cents"), _money(int(value), row["currency"])
    if key == "octets" or key.endswith("_octets"):
        return key.removesuffix("_octets") if key != "octets" else "data", units.round_octets(int(value))
    if key.endswith("_at"):
        return key, f"{_local(datetime.fromisoformat(value), row['time_zone']):%Y-%m-%d %H:%M}"
    return key, value


def _money(cents: int, currency: str) -> str:
    return f"{units.format_cents(cents)} {currency}"


def _local(at: datetime, time_zone: str) -> datetime:
    return at.astimezone(zones.zone(time_zone))
