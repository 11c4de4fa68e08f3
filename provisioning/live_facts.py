"""The facts of open sessions, read as the hook reads them, but by the operator: row-level security says what is seen.

The queries are those of the hook's own views (schema.sql), so the two cannot differ; passwords are left out. Who may
not see a customer's parents decides without them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from policies import facts, mac, rows
from policies.facts import Account, Customer, Device, Facts
from provisioning import fact_lookups

_REACHED = text("SELECT sessions_reached()")
_ONLINE = text("""
    SELECT session.id, account_id, session.user_name, customer.code, coalesce(nas.name, host(nas_address)),
           host(nas_address), session_class, calling_station_id, port, started_at
    FROM session JOIN account ON account.id = account_id JOIN customer ON customer.id = customer_id
    LEFT JOIN nas ON nas.address = nas_address
    WHERE session.id = ANY(:ids) ORDER BY started_at, session.id
""")
_ABOVE = """
    id IN (WITH RECURSIVE above AS (
               SELECT id, parent_id FROM customer WHERE id = ANY(:ids)
               UNION SELECT customer.id, customer.parent_id FROM customer JOIN above ON customer.id = above.parent_id)
           SELECT id FROM above)
"""
_DEVICES = text(
    "SELECT mac::text, user_name, authorised, mac_auth FROM device JOIN account ON account.id = account_id"
    " WHERE mac = ANY(CAST(:macs AS macaddr[]))"
)
_SECRETS = frozenset({"password", "password_hash", "secret"})


class Online(NamedTuple):
    """An open session of an account of ours, and where it sits."""

    id: int
    account_id: int
    user_name: str
    customer: str
    nas: str
    nas_address: str
    session_class: str | None
    calling_station_id: str | None
    port: str | None
    started_at: datetime

    @property
    def place(self) -> str:
        """Where it sits, as the hook counts places."""
        sits_at = facts.place(self.calling_station_id, self.nas_address, self.port)
        return sits_at or self.session_class or f"session {self.id}"


def online(session: Session) -> list[Online]:
    """Return the open sessions of all whom this transaction's changes concern, the oldest first."""
    reached = session.execute(_REACHED).scalar_one()
    return [Online(*row) for row in session.execute(_ONLINE, {"ids": reached}).tuples()] if reached else []


class Reader:
    """Reads facts as they are in this transaction at this moment."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._groups = {row[0]: rows.group(row) for row in self._read("group", rows.GROUP)}
        self._packages = {row[0]: rows.package(row) for row in self._read("package", rows.PACKAGE)}
        self._nas = {row[2]: rows.nas(row, "") for row in self._read("nas", rows.NAS)}

    def facts(self, some: Sequence[Online], now: float) -> Iterable[Facts | None]:
        """Return the facts of each session, None where its account is none any more. All sessions of an account."""
        accounts = self._accounts({one.account_id for one in some})
        customers = self._customers({account.customer_id for account in accounts.values()})
        devices = self._devices({mac.normalise(one.calling_station_id) or "" for one in some} - {""})
        places: dict[int, set[str]] = {}
        for one in some:
            taken = places.setdefault(one.account_id, set())
            others = len(taken - {one.place})  # of those that were there first
            taken.add(one.place)
            account = accounts.get(one.account_id)
            if account is None:
                yield None
                continue
            customer = customers[account.customer_id]
            yield Facts(
                account,
                customer,
                self._groups[customer.group_id],
                self._packages[fact_lookups.package_id(account, now)],
                self._nas.get(one.nas_address),
                fact_lookups.parents(customer, customers),
                devices.get(mac.normalise(one.calling_station_id) or ""),
                other_sessions=others,
            )

    def _accounts(self, ids: set[int]) -> dict[int, Account]:
        found = self._read(
            *("account", rows.ACCOUNT, "user_name IN (SELECT user_name FROM account WHERE id = ANY(:ids))"),
            extra="(SELECT id FROM account WHERE account.user_name = hook.user_name)",
            ids=list(ids),
        )
        return {row[-1]: rows.account(row[:-1], None) for row in found}

    def _customers(self, ids: set[int]) -> dict[int, Customer]:
        return {row[0]: rows.customer(row) for row in self._read("customer", rows.CUSTOMER, _ABOVE, ids=list(ids))}

    def _devices(self, macs: set[str]) -> dict[str, Device]:
        found = self._session.execute(_DEVICES, {"macs": list(macs)}) if macs else ()
        return {row[0]: rows.device(tuple(row)) for row in found}

    def _read(
        self, relation: str, columns: Sequence[str], where: str = "true", *, extra: str = "NULL", **values: Any
    ) -> list[tuple[Any, ...]]:
        """Run the query of a view of the hook's as the operator, who may not use the view itself."""
        definition = text("SELECT rtrim(pg_get_viewdef(CAST(:view AS regclass)), ';')")
        query = self._session.execute(definition, {"view": f"hook_{relation}"}).scalar_one()
        wanted = ", ".join("NULL" if column in _SECRETS else column for column in columns)
        asked = f"SELECT {wanted}, {extra} FROM ({query}) AS hook WHERE {where}"  # noqa: S608 - our own words
        found = self._session.execute(text(asked), values)
        return [tuple(row) if extra != "NULL" else tuple(row)[:-1] for row in found]
