"""E-mail addresses, phone numbers, countries, languages and labels as operators type them, in one writing. Pure.

Libraries know the rules: email-validator (RFC 5321, 6531; DNS is not asked), phonenumbers (libphonenumber's plans),
pycountry (ISO 3166, 639). They are imported where they are needed: each takes a tenth of a second.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from provisioning import addresses
from provisioning.errors import BadInput

_LONGEST_LABEL = 40
_LONGEST_PHONE = 40
# before the @ there is nothing to be said against these, which the library takes 60 us to find
_PLAIN_EMAIL = re.compile(r"(?=.{3,100}$)([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)@([A-Za-z0-9.-]+)", re.ASCII)


def email(text: str) -> str:
    """Return an e-mail address, its domain in lower case."""
    from email_validator import EmailNotValidError, validate_email

    try:
        if match := _PLAIN_EMAIL.fullmatch(text):
            return f"{match[1]}@{_domain(match[2])}"
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as exc:
        raise BadInput(f"{text!r} is not an e-mail address", "Write it as name@example.net.") from exc


@lru_cache(maxsize=1024)
def _domain(text: str) -> str:
    """Return a domain in its one writing: of a hundred thousand customers, few have one of their own."""
    from email_validator import validate_email

    return validate_email(f"a@{text}", check_deliverability=False).domain


def phone(text: str, region: str | None = None) -> str:
    """Return a phone number as +27 21 555 0100; without + it is one of this country (ISO 3166).

    Where the country is not known either, it stays as it was typed.
    """
    import phonenumbers

    if not text.lstrip().startswith("+") and region is None:
        return text.strip()
    refusal = BadInput(f"{text!r} is not a phone number", "Write it as +27 21 555 0100, with nothing behind it.")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as exc:
        raise refusal from exc
    letters = any(character.isalpha() for character in text)  # libphonenumber takes 0800 CALL ME, and extensions
    if letters or len(text) > _LONGEST_PHONE or number.extension or not phonenumbers.is_possible_number(number):
        raise refusal
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country(text: str) -> str:
    """Return the two letters of a country, from them, its three letters or its English name."""
    import pycountry

    try:
        found = pycountry.countries.lookup(text)
    except LookupError as exc:
        raise BadInput(f"{text!r} is not a country", "Write its two letters (ISO 3166): ZA, NA, GB.") from exc
    return str(found.alpha_2)


def language(text: str) -> str:
    """Return the two letters of a language, three where it has no two, from them or its English name."""
    import pycountry

    word = text.strip().lower()
    # by code first: some language is named En, and another one Af
    by_code = (pycountry.languages.get(**{code: word}) for code in ("alpha_2", "alpha_3", "name"))
    found = next((one for one in by_code if one is not None), None)
    if found is None:
        try:
            found = pycountry.languages.lookup(text)
        except LookupError as exc:
            raise BadInput(f"{text!r} is not a language", "Write its letters (ISO 639): en, af, zu.") from exc
    return str(getattr(found, "alpha_2", None) or found.alpha_3)


def label(text: str) -> str:
    """Return a label: a few words without a comma or semicolon, as labels are listed with those between them."""
    words = " ".join(text.split())
    if not words or {",", ";"} & {*words} or len(words) > _LONGEST_LABEL:
        raise BadInput(
            f"{text!r} is not a label",
            f"Write up to {_LONGEST_LABEL} characters without a comma or semicolon: fibre, pays late.",
        )
    return words


def labels(words: list[str]) -> list[str]:
    """Return labels in order, each once."""
    return sorted({label(word) for word in words})


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "email": email,
    "billing_email": email,
    "country": country,
    "language": language,
    "labels": labels,
    "purposes": labels,
    "registered_ip": addresses.host,
}


def checked(columns: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """Return the columns in their one writing; a phone number is of `country`, else of `region`. Raises `BadInput`."""
    values = {name: value.strip() if isinstance(value, str) else value for name, value in columns.items()}
    for name, check in _CHECKS.items():
        if values.get(name) is not None:
            values[name] = check(values[name])
    if values.get("phone") is not None:
        values["phone"] = phone(values["phone"], values.get("country") or region)
    return values
