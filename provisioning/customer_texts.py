"""What is looked for in customers' texts: in which tables' indexes first, and what exactly has to hold of one."""

from collections.abc import Iterator
from typing import NamedTuple

from provisioning import writings
from provisioning.errors import BadInput

_OWN_NAME = (
    "lower(concat_ws(' ', customer.title, customer.first_name, customer.last_name, customer.company_name))"
    " LIKE ALL ({p})"
)
_DIGITS = "regexp_replace({}, '[^0-9]', '', 'g') LIKE ALL ({{p}})"
IN_TURN = " OFFSET 0"  # each customer is asked in its turn until a page is full, instead of all being joined first


def _of(relation: str, condition: str) -> str:
    return f"EXISTS (SELECT FROM {relation} WHERE {relation}.customer_id = customer.id AND {condition}{{fence}})"


_OF_ADDRESS = _of("address", "address.search_text LIKE ALL ({p})")
_OF_ACCOUNT = _of("account", "account.user_name ILIKE ALL ({p})")
_OF_CONTACT = _of("contact", "contact.search_text LIKE ALL ({p})")
_EVERYWHERE = f"(customer.search_text LIKE ALL ({{p}}) OR {_OF_CONTACT} OR {_OF_ADDRESS} OR {_OF_ACCOUNT})"
_PHONE = f"({_DIGITS.format('customer.phone')} OR {_of('contact', _DIGITS.format('contact.phone'))})"
_EMAIL = (
    "(lower(customer.email) LIKE ALL ({p}) OR lower(customer.billing_email) LIKE ALL ({p})"
    f" OR {_of('contact', 'lower(contact.email) LIKE ALL ({p})')})"
)
EVERYWHERE = ("customer", "contact", "address", "account")


class Text(NamedTuple):
    """Patterns of LIKE that have to match together: {p} in the condition; {fence} there is IN_TURN, or nothing."""

    relations: tuple[str, ...]  # whose index finds the customers, some too many
    patterns: list[str]
    condition: str
    exact: bool = True  # the index says the same as the condition


def looked_for(by: str, typed: str) -> Iterator[Text]:
    """Yield what a filter of this name looks for; raise `BadInput` where there is nothing to look for."""
    if not typed.strip():
        raise BadInput("there is no text to look for", "Write a part of what it should contain.")
    match by:
        case "code":
            prefix = writings.containing(typed.upper()).removeprefix("%")
            condition = "customer.code LIKE upper(substr(({p})[1], 2))"
            yield Text(("customer",), [f"%{prefix.lower()}"], condition, exact=False)
        case "name":
            yield Text(("customer",), writings.words(typed), _OWN_NAME, exact=False)
        case "address":
            yield Text(("address",), writings.words(typed), _OF_ADDRESS)
        case "phone":
            yield Text(("customer", "contact"), [writings.containing(_digits(typed))], _PHONE, exact=False)
        case "email":
            yield Text(("customer", "contact"), [writings.containing(typed.lower())], _EMAIL, exact=False)
        case "user_name":
            yield Text(("account",), [writings.containing(typed)], _OF_ACCOUNT)
        case "search":
            for word in writings.words(typed):
                yield Text(EVERYWHERE, [word], _EVERYWHERE)


def _digits(typed: str) -> str:
    digits = writings.phone_digits(typed)
    if not digits:
        raise BadInput(f"{typed!r} is not a part of a phone number", "Write it with digits: 082 555 1234.")
    return digits
