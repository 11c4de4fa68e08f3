"""What the columns of an imported file mean, and how their cells are read and written.

An empty cell says nothing: what is there stays. `none` clears; the word itself is written `\\none`. Several labels,
routes or MACs of one cell have a semicolon between them. What is written by `export` is read back as the same value.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from policies.facts import Pair
from provisioning import addresses, particulars, reply_attributes, units
from provisioning.errors import BadInput

Relation = Literal["customer", "address", "external", "account", "device", "invoice", "payment"]
_YES = {"yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False}
_EXTERNAL = "external."


@dataclass(frozen=True)
class Column:
    """A column: of which relation, under which key, how a cell is read and a value written."""

    relation: Relation
    key: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    clears: bool = True  # `none` does
    exact: bool = False  # spaces before and behind are a part of it


def _yes(text: str) -> bool:
    if (answer := _YES.get(text.lower())) is None:
        raise BadInput(f"{text!r} is neither yes nor no", "Write yes or no.")
    return answer


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        word = text.lower().replace(" ", "_")
        if word not in words:
            raise BadInput(f"{text!r} is none of {', '.join(words)}", "Write one of those.")
        return word

    return read


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadInput(f"{text!r} is not a number", "Write it in digits.")
    return int(text)


def _moment(text: str) -> datetime:
    """A bare day begins in UTC here: a file is of no customer's time zone."""
    moment = units.parse_time(text, datetime.now(UTC))
    return moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _write_moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _several(read: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    return lambda text: [read(part) for part in _parts(text)]


def _reply(text: str) -> Any:
    try:
        value = [Pair(*triple) for triple in json.loads(text)]
        if not all(isinstance(word, str) for pair in value for word in pair):
            raise TypeError(text)
    except (ValueError, TypeError, RecursionError) as exc:
        raise BadInput(f"{text!r} is no list of attributes", 'Write it as [["Filter-Id", "=", "x"]].') from exc
    return reply_attributes.check(value)


def _text(relation: Relation, *keys: str) -> dict[str, Column]:
    return {key: Column(relation, key) for key in keys}


def _flag(relation: Relation, key: str) -> Column:
    return Column(relation, key, _yes, lambda value: "yes" if value else "no", clears=False)


def _time(relation: Relation, key: str) -> Column:
    return Column(relation, key, _moment, _write_moment)


def _rate(key: str) -> Column:
    return Column("customer", key, units.parse_bps, units.format_bps)


def _money(relation: Relation, key: str, *, clears: bool = True) -> Column:
    return Column(relation, key, units.parse_cents, units.format_cents, clears=clears)


def _day(relation: Relation, key: str) -> Column:
    return Column(relation, key, units.parse_day, date.isoformat, clears=False)


def _join(values: Iterable[str]) -> str:
    return ";".join(values)


_CUSTOMERS: dict[str, Column] = {
    "code": Column("customer", "code", str.upper, clears=False),
    **{name: Column("customer", name, clears=False) for name in ("group",)},
    **_text("customer", "reseller"),
    "parent": Column("customer", "parent", str.upper),
    "type": Column("customer", "type", _one_of("individual", "company", "sole_proprietor"), clears=False),
    "kind": Column("customer", "kind", _one_of("normal", "residential"), clears=False),
    **_text("customer", "title", "first_name", "last_name", "company_name"),
    "namesake": _flag("customer", "namesake"),
    **_text("customer", "id_number", "phone"),
    "email": Column("customer", "email", particulars.email),
    "billing_email": Column("customer", "billing_email", particulars.email),
    "country": Column("customer", "country", particulars.country),
    "language": Column("customer", "language", particulars.language),
    "disabled": _flag("customer", "disabled"),
    "suspended": _flag("customer", "suspended"),
    "expires_at": _time("customer", "expires_at"),
    "inherits_state": _flag("customer", "inherits_state"),
    "download": _rate("download_bps"),
    "upload": _rate("upload_bps"),
    **_text("customer", "time_zone"),
    "billing_day": Column("customer", "billing_day", _number, clears=False),
    **_text("customer", "billing_group", "payment_method"),
    "credit_limit": _money("customer", "credit_limit_cents"),
    "suspension_exempt": _flag("customer", "suspension_exempt"),
    **{f"{stage}_days": Column("customer", f"{stage}_days", _number) for stage in ("overdue", "second_notice")},
    "suspension_days": Column("customer", "suspension_days", _number),
    "labels": Column("customer", "labels", lambda text: particulars.labels(_parts(text)), _join),
    **_text("customer", "category", "attitude"),
    "registered_at": _time("customer", "registered_at"),
    "registered_ip": Column("customer", "registered_ip", addresses.host),
    "deleted_at": _time("customer", "deleted_at"),
    **{f"address_{key}": Column("address", key) for key in ("street", "city", "region", "postal_code")},
    "address_country": Column("address", "country", particulars.country),
}
_ACCOUNTS: dict[str, Column] = {
    "user_name": Column("account", "user_name", clears=False, exact=True),
    "password": Column("account", "password", clears=False, exact=True),
    "package": Column("account", "package", clears=False),
    "blocked": _flag("account", "blocked"),
    "account_suspended": _flag("account", "suspended"),
    "account_expires_at": _time("account", "expires_at"),
    "sessions_allowed": Column("account", "sessions_allowed", _number),
    "price": _money("account", "price_cents"),
    "topup_price": _money("account", "topup_price_cents"),
    "lock_to_devices": _flag("account", "lock_to_devices"),
    "ipv4_address": Column("account", "ipv4_address", addresses.ipv4),
    "ipv4_netmask": Column("account", "ipv4_netmask", addresses.netmask),
    "ipv6_prefix": Column("account", "ipv6_prefix", addresses.ipv6_prefix),
    "delegated_ipv6_prefix": Column("account", "delegated_ipv6_prefix", addresses.ipv6_prefix),
    "routes": Column("account", "routes", _several(addresses.route), _join),
    "vlan_id": Column("account", "vlan_id", _number),
    "reply_attributes": Column("account", "reply_attributes", _reply, json.dumps),
    "mac": Column("device", "mac", _several(units.parse_mac), _join, clears=False),
}
_INVOICES: dict[str, Column] = {
    "customer": Column("invoice", "customer", str.upper, clears=False),
    "number": Column("invoice", "number", clears=False),
    "kind": Column("invoice", "kind", _one_of("invoice", "credit_note"), clears=False),
    "issued_on": _day("invoice", "issued_on"),
    "due_on": _day("invoice", "due_on"),
    "amount": _money("invoice", "amount_cents", clears=False),
    "description": Column("invoice", "description"),
}
_PAYMENTS: dict[str, Column] = {
    "customer": Column("payment", "customer", str.upper, clears=False),
    "receipt": Column("payment", "receipt", clears=False),
    "received_on": _day("payment", "received_on"),
    "amount": _money("payment", "amount_cents", clears=False),
    "method": Column("payment", "method"),
    "reference": Column("payment", "reference"),
}
KINDS: Mapping[str, Mapping[str, Column]] = {
    "customers": _CUSTOMERS | _ACCOUNTS,
    "invoices": _INVOICES,
    "payments": _PAYMENTS,
}


def escaped(value: str) -> str:
    """Return a value as a cell has it: the word `none` would clear."""
    return f"\\{value}" if value.lstrip("\\") == "none" else value


def unescaped(cell: str) -> str:
    """Return what `escaped` was given."""
    return cell[1:] if cell.startswith("\\") and cell.lstrip("\\") == "none" else cell


def of_header(kind: str, header: Iterable[str]) -> dict[str, Column]:
    """Return the columns of a file by name; raise `BadInput` for one that there is not, or that is there twice."""
    found: dict[str, Column] = {}
    for name in header:
        if name in found:
            raise BadInput(f"column {name!r} is there twice", "Take one of them out.")
        found[name] = _column(kind, name)
    return found


def _column(kind: str, name: str) -> Column:
    known = KINDS[kind]
    if name in known:
        return known[name]
    if kind == "customers" and name.startswith(_EXTERNAL) and len(name) > len(_EXTERNAL):
        return Column("external", name.removeprefix(_EXTERNAL))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Perhaps it is {near[0]}." if near else f"There are: {', '.join(known)}, external.SYSTEM."
    raise BadInput(f"there is no column {name!r}", hint)
