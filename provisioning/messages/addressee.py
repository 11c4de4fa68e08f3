"""Customers as messages see them: what they are called, where they are, how they can be reached.

Rules: what is about money goes to the billing address, else to the customer's own, and to contacts for `billing`;
what is about the line goes to the customer's own address and to contacts for `technical`; what an operator writes, to
the customer's own. Each address once. A number without a country code is one of the customer's country.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.customer_rows import PERSON

Row = Mapping[str, Any]
Purpose = Literal["billing", "technical"]
Channel = Literal["email", "sms"]

_BILLING = frozenset({"overdue", "second_notice", "suspended", "unsuspended", "promise_broken"})
_FIND = text(
    f"""
    SELECT customer.id, customer.code, customer.title, customer.first_name, customer.last_name,
           coalesce(nullif(btrim(customer.company_name), ''), {PERSON.replace("customer.title, ", "")}) AS customer,
           customer.email, customer.billing_email, customer.phone, customer.country, customer.deleted_at,
           notices_by_email, notices_by_sms, cycle_report, customer.billing_day,
           customer.language, installation.language AS providers_language,
           coalesce(customer.time_zone, installation.time_zone) AS time_zone, installation.currency,
           installation.quiet_from_minute, installation.quiet_until_minute,
           coalesce(CASE WHEN customer.reseller_id IS NOT NULL THEN brand_for(customer.id) END,
                    installation.name) AS provider,
           CASE WHEN (SELECT may('money', 'view')) THEN coalesce(balance_cents, 0) END AS balance_cents,
           (SELECT jsonb_agg(jsonb_build_object('purposes', purposes, 'email', email, 'phone', phone)
                             ORDER BY contact.id)
            FROM contact WHERE contact.customer_id = customer.id) AS contacts
    FROM customer CROSS JOIN (SELECT * FROM installation LIMIT 1) AS installation  -- planned as the one row that it is
    LEFT JOIN customer_balance ON customer_balance.customer_id = customer.id
    WHERE customer.id = ANY(:ids)
    """  # noqa: S608
)


def find(session: Session, ids: Collection[int]) -> dict[int, Row]:
    """Return customers by their id, deleted ones too."""
    found = session.execute(_FIND, {"ids": list(ids)})
    return {row["id"]: dict(row) for row in found.mappings()}


def purpose_of(kind: str) -> Purpose:
    """Return what a kind of notice is about."""
    return "billing" if kind in _BILLING else "technical"


def languages(row: Row) -> tuple[str, ...]:
    """Return the languages in which to look for words: the customer's, the provider's, English."""
    return tuple(dict.fromkeys(one for one in (row["language"], row["providers_language"], "en") if one))


def recipients(row: Row, channel: Channel, purpose: Purpose | None) -> list[str]:
    """Return where a customer is reached by a channel, each once; nothing where it cannot be."""
    found = _emails(row, purpose) if channel == "email" else _numbers(row, purpose)
    unique: dict[str, str] = {}
    for one in found:
        unique.setdefault(one.casefold(), one)
    return list(unique.values())


def _emails(row: Row, purpose: Purpose | None) -> Iterator[str]:
    own = (row["billing_email"] if purpose == "billing" else None) or row["email"]
    yield from (one for one in (own, *_of_contacts(row, purpose, "email")) if one)


def _numbers(row: Row, purpose: Purpose | None) -> Iterator[str]:
    for typed in (row["phone"], *_of_contacts(row, purpose, "phone")):
        if typed and (number := e164(typed, row["country"])):
            yield number


def _of_contacts(row: Row, purpose: Purpose | None, column: str) -> Sequence[str]:
    contacts = row["contacts"] or ()
    return [contact[column] for contact in contacts if purpose in contact["purposes"] and contact[column]]


@lru_cache(maxsize=4096)
def e164(typed: str, country: str | None) -> str | None:
    """Return a number as +27215550100 (ITU-T E.164); None where its country is not known, or nobody can have it."""
    import phonenumbers  # a tenth of a second

    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
