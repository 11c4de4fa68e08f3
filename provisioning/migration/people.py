"""daloRADIUS's userinfo: who a user is. What has no column of its own goes into a note, word by word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from provisioning import particulars
from provisioning.errors import BadInput
from provisioning.migration.meaning import Meaning

_PHONES = ("mobilephone", "homephone", "workphone")
_NOTED = ("department", "notes")
_MOST_CENTS = 10**13


@dataclass
class Person:
    """A customer's columns, the address, and what is written into a note."""

    customer: dict[str, Any] = field(default_factory=dict)
    address: dict[str, Any] = field(default_factory=dict)
    note: list[str] = field(default_factory=list)


def read(user_name: str, info: Mapping[str, str], meaning: Meaning) -> Person:
    """Return who a user is; a nameless one is called by the user name."""
    person = Person()
    info = {key: "".join(letter for letter in text if letter.isprintable()) for key, text in info.items()}
    names = {
        "first_name": info.get("firstname"),
        "last_name": info.get("lastname"),
        "company_name": info.get("company"),
    }
    person.customer = {key: name[:200] for key, name in names.items() if name}
    person.customer.setdefault("first_name", None)
    if not any(person.customer.values()):
        person.customer["first_name"] = user_name
    elif "company_name" in person.customer and not (info.get("firstname") or info.get("lastname")):
        person.customer["type"] = "company"
    country = _country(info.get("country", ""))
    if info.get("country") and country is None:
        _keep(person, meaning, "country", info["country"], "it is no country")
    if country:
        person.customer["country"] = country
    _read_email(person, meaning, info)
    _read_phones(person, meaning, info, country)
    _read_address(person, info)
    person.note += [f"{key}: {info[key]}" for key in _NOTED if info.get(key)]
    return person


def price_cents(cost: str, meaning: Meaning) -> int | None:
    """Return what daloRADIUS bills, as an account's price."""
    try:
        cents = Decimal(cost) * 100
    except InvalidOperation:
        cents = Decimal(-1)
    if cents != int(cents) or not 0 <= cents < _MOST_CENTS:
        meaning.remark("lost", "planCost", "it is no amount of money", cost)
        return None
    return int(cents)


@cache
def _country(text: str) -> str | None:
    try:
        return particulars.country(text) if text else None
    except BadInput:
        return None


def _keep(person: Person, meaning: Meaning, key: str, text: str, why: str) -> None:
    person.note.append(f"{key}: {text}")
    meaning.remark("changed", f"userinfo.{key}", f"{why}; kept as a note", text)


def _read_email(person: Person, meaning: Meaning, info: Mapping[str, str]) -> None:
    if not (text := info.get("email")):
        return
    try:
        person.customer["email"] = particulars.email(text)
    except BadInput:
        _keep(person, meaning, "email", text, "it is no e-mail address")


def _read_phones(person: Person, meaning: Meaning, info: Mapping[str, str], country: str | None) -> None:
    for key in _PHONES:
        if not (text := info.get(key)):
            continue
        if "phone" in person.customer:
            person.note.append(f"{key}: {text}")
            continue
        try:
            person.customer["phone"] = _phone(text, country)
        except BadInput:
            _keep(person, meaning, key, text, "it is no phone number")


def _phone(text: str, country: str | None) -> str:
    """Return a number in its one writing, one that the database takes (schema.sql, customer.phone)."""
    number = particulars.phone(text, country)
    digits = number.removeprefix("+")
    if not (
        3 <= len(digits) <= 29 and digits[0].isdigit() and digits.isascii() and set(digits) <= set("0123456789 ()/.-")
    ):
        raise BadInput(f"{text!r} is not a phone number", "")
    return number


def _read_address(person: Person, info: Mapping[str, str]) -> None:
    parts = {
        "street": info.get("address"),
        "city": info.get("city"),
        "region": info.get("state"),
        "postal_code": info.get("zip"),
    }
    if parts["street"]:
        person.address = {key: text for key, text in parts.items() if text}
    else:
        person.note += [f"{key}: {text}" for key, text in parts.items() if text]
