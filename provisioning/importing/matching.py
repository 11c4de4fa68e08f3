"""Which customers and accounts the rows of a file mean: found for many rows at once.

A customer is known by its account code, else by what another system calls it, else as the owner of the row's user name,
else by its name; of namesakes, one that has all that the row says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ARRAY, any_, cast, select, text
from sqlalchemy.orm import Session

from provisioning.importing.entry import Entry
from provisioning.models import Account, Customer, Device

_BY_NAME = text("""
    SELECT line, customer.id, namesake FROM unnest(
        CAST(:lines AS integer[]), CAST(:companies AS text[]), CAST(:firsts AS text[]), CAST(:lasts AS text[]))
        AS row (line, company, first, last)
    JOIN customer ON name_key = customer_name_key(company, first, last) AND deleted_at IS NULL
    ORDER BY customer.id
""")


_BY_EXTERNAL = text("""
    SELECT system, value, customer_id
    FROM unnest(CAST(:systems AS text[]), CAST(:values AS text[])) AS wanted (system, value)
    JOIN external_id USING (system, value)
""")


@dataclass
class Known:
    """What the database has of what some rows speak of."""

    by_code: dict[str, Customer] = field(default_factory=dict)
    by_id: dict[int, Customer] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)  # by user name
    externals: dict[tuple[str, str], int] = field(default_factory=dict)  # (system, value) -> customer id
    named: dict[int, list[int]] = field(default_factory=dict)  # line -> customer ids
    devices: dict[str, Device] = field(default_factory=dict)  # by MAC

    def match(self, entry: Entry) -> tuple[Literal["code", "external", "user", "name"], list[Customer]]:
        """Return by what a row says which customer it means, and who that may be: nobody, where it is a new one."""
        code = entry.of("customer").get("code")
        if code is not None:
            return "code", [self.by_code[code]] if code in self.by_code else []
        found = {self.externals[pair] for pair in entry.of("external").items() if pair in self.externals}
        if found:
            return "external", [self.by_id[row_id] for row_id in sorted(found)]
        account = self.accounts.get(entry.of("account").get("user_name", ""))
        if account is not None:
            return "user", [self.by_id[account.customer_id]]
        return "name", [self.by_id[row_id] for row_id in self.named.get(entry.line, ())]


def find(session: Session, entries: Sequence[Entry]) -> Known:
    """Ask for all that these rows may mean."""
    known = Known()
    codes = {entry.of("customer").get(key) for entry in entries for key in ("code", "parent")} - {None}
    known.by_code = {row.code: row for row in _in(session, Customer, Customer.code, codes)}
    users = {entry.of("account").get("user_name") for entry in entries} - {None}
    known.accounts = {row.user_name: row for row in _in(session, Account, Account.user_name, users)}
    known.externals = _externals(session, {pair for entry in entries for pair in entry.of("external").items()})
    macs = {mac for entry in entries for mac in entry.of("device").get("mac", ())}
    known.devices = {row.mac: row for row in _in(session, Device, Device.mac, macs)}
    known.named = _by_name(session, entries)
    ids = {account.customer_id for account in known.accounts.values()} | set(known.externals.values())
    ids |= {row_id for found in known.named.values() for row_id in found}
    known.by_id = {row.id: row for row in _in(session, Customer, Customer.id, ids)}
    return known


def _in(session: Session, row: Any, column: Any, values: Iterable[Any]) -> list[Any]:
    wanted = sorted(values)
    return list(session.scalars(select(row).where(column == any_(cast(wanted, ARRAY(column.type)))))) if wanted else []


def _externals(session: Session, pairs: set[tuple[str, Any]]) -> dict[tuple[str, str], int]:
    if not pairs:
        return {}
    systems, values = map(list, zip(*pairs, strict=True))
    found = session.execute(_BY_EXTERNAL, {"systems": systems, "values": values})
    return {(system, value): customer_id for system, value, customer_id in found}


def _by_name(session: Session, entries: Sequence[Entry]) -> dict[int, list[int]]:
    people = [entry for entry in entries if "code" not in entry.of("customer") and entry.of("customer")]
    if not people:
        return {}
    values = [
        (one.line, *(one.of("customer").get(key) for key in ("company_name", "first_name", "last_name")))
        for one in people
    ]
    lines, companies, firsts, lasts = map(list, zip(*values, strict=True))
    found: dict[int, list[int]] = {}
    parameters = {"lines": lines, "companies": companies, "firsts": firsts, "lasts": lasts}
    for line, row_id, _ in session.execute(_BY_NAME, parameters):
        found.setdefault(line, []).append(row_id)
    return found
