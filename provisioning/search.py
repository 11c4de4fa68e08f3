"""To find whatever something is: a code, a name, a phone number, an address, a MAC, an IP, a session, an invoice.

From its form it is guessed what it can be, and only the indexes that fit are asked, in one statement. Best first: what
is exactly it, then what begins so, then what has it somewhere. Deleted customers come last of their like.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from provisioning import customer_rows, networks, search_sources, units, writings
from provisioning.errors import BadInput
from provisioning.reading import Look, Row

_LONGEST = 200
_PHONE = re.compile(r"[+]?[0-9][0-9 ()/.-]*", re.ASCII)
_LEAST_PHONE_DIGITS = 4
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_TOKEN = re.compile(r"[^\s@]{4,100}")

_FIND = """
    WITH found (rank, kind, name, customer_id, detail) AS ({sources}),
    best AS (SELECT DISTINCT ON (kind, name, customer_id) * FROM found ORDER BY kind, name, customer_id, rank, detail)
    SELECT best.kind, best.name, customer.code AS customer, {customer_name} AS customer_name,
           {state} AS customer_state, detail
    FROM best LEFT JOIN customer ON customer.id = best.customer_id
    ORDER BY customer.deleted_at IS NOT NULL AND rank > 0, rank, array_position(%(kinds)s, best.kind), best.name
    LIMIT %(limit)s OFFSET %(offset)s
"""
_SEE = {
    "account": "account show",
    "nas": "nas show",
    "session": "session show",
    "closed session": "session show",
    "invoice": "invoice show",
    "payment": "payment show",
    "package": "package show",
    "group": "group show",
    "reseller": "reseller show",
}
KINDS = ("customer", "contact", "address", "external id", "device", *_SEE)


class Asked(NamedTuple):
    """What is typed, and what it can be: a part of it is None where it cannot."""

    text: str
    mac: str | None
    ip: str | None
    digits: str | None  # of a phone number
    number: int | None
    token: str | None  # one word that a machine may have made up


def read(typed: str) -> Asked:
    """Return what can be meant; raise `BadInput` where nothing is."""
    text = " ".join(typed.split())
    if not text or len(text) > _LONGEST:
        raise BadInput("there is nothing to look for", "Give a name, a number, a MAC: tollkeeper find --help.")
    digits = writings.phone_digits(text) if _PHONE.fullmatch(text) else ""
    return Asked(
        text=text,
        mac=_or_none(units.parse_mac, text),
        ip=_or_none(networks.parse, text),
        digits=digits if len(digits) >= _LEAST_PHONE_DIGITS else None,
        number=int(text) if _ID.fullmatch(text) else None,
        token=text if _TOKEN.fullmatch(text) else None,
    )


def find(look: Look, typed: str, *, limit: int = 20, offset: int = 0) -> list[Row]:
    """Return what is found: kind, name, customer, customer_name, customer_state, detail, see (the command to go on)."""
    asked = read(typed)
    query = _FIND.format(
        sources=" UNION ALL ".join(f"({source})" for source in _sources(asked)),
        customer_name=f"nullif({customer_rows.NAME}, '')",
        state=f"CASE WHEN customer.id IS NOT NULL THEN {customer_rows.STATE} END",
    )
    rows = look.rows(query, **_values(asked), limit=limit, offset=offset)
    return [row | {"see": _see(row)} for row in rows]


def _sources(asked: Asked) -> Iterator[str]:
    yield from search_sources.BY_TEXT
    if asked.mac is not None:
        yield from search_sources.BY_MAC
    if asked.ip is not None:
        yield from search_sources.BY_IP
    if asked.digits is not None:
        yield from search_sources.BY_PHONE
    if asked.number is not None:
        yield from search_sources.BY_NUMBER
    if asked.token is not None:
        yield from search_sources.BY_TOKEN


def _values(asked: Asked) -> dict[str, Any]:
    values = {
        "text": asked.text,
        "words": writings.words(asked.text),
        "begins": writings.containing(asked.text.lower())[1:],
        "digits": [writings.containing(asked.digits)] if asked.digits else [],
        "ends": f"%{asked.digits or ''}",
        "number": asked.number,
        "kinds": list(KINDS),
        "mac": asked.mac,
    }
    if asked.mac is not None:
        values |= networks.mac_values(asked.mac)
    if asked.ip is not None:
        values |= networks.ip_values(asked.ip) | {"ip": asked.ip}
    return values


def _see(row: Row) -> list[str]:
    """Return the words of the command that shows more."""
    kind = row["kind"]
    if kind == "device":
        found = ["account", "show", row["detail"].split(",")[0]] if row["customer"] else ["device", "list"]
        return ["tollkeeper", *found]
    if kind in _SEE:
        return ["tollkeeper", *_SEE[kind].split(), row["name"]]
    return ["tollkeeper", "customer", "show", row["customer"]]


def _or_none(parse: Callable[[str], str], text: str) -> str | None:
    try:
        return parse(text)
    except BadInput:
        return None
