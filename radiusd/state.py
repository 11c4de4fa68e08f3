"""The state in memory: plain dicts of immutable rows, so that a look-up needs no lock and no I/O.

Only the feed thread writes. It replaces whole rows, one dict assignment each, and brings parents before children and
takes them away after, so that a request in between finds either the old world or the new. A row that refers to one not
here (`KeyError` from `facts`) can therefore only mean that the state is broken, and the hook stays silent.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from policies import facts, mac
from policies.facts import Account, Customer, Device, Facts, Group, Nas, OpenSession, Package
from policies.reply import Plain
from policies.request import AccessRequest

TermsKey = tuple[int, int, str, bool]
"""Package, group, the router's vendor, whether it speaks PPP."""

# (user_name, now) -> the places of the sessions that are reserved
Reserved = Callable[[str, float], Collection[str]]


class Terms(NamedTuple):
    """What an ordinary account of one package and group gets from one vendor's routers."""

    group: Group
    pairs: tuple[Plain, ...]  # what is the same for everybody
    class_start: str
    sessions_allowed: int | None
    session_seconds: int | None
    interim_seconds: int


class State:
    """All rows of one provider."""

    def __init__(self) -> None:
        self.groups: dict[int, Group] = {}
        self.packages: dict[int, Package] = {}
        self.customers: dict[int, Customer] = {}
        self.nas: dict[int, Nas] = {}
        self.nas_by_address: dict[str, Nas] = {}
        self.accounts: dict[str, Account] = {}
        self.devices: dict[str, Device] = {}
        self.sessions: dict[int, OpenSession] = {}
        self.sessions_of: dict[str, tuple[OpenSession, ...]] = {}  # by user name
        self.behind: set[tuple[str, str]] = set()  # sessions that the database has otherwise by now, as changes
        self.terms: dict[TermsKey, Terms] = {}  # what the hook has worked out from groups and packages as they are now

    def facts(self, request: AccessRequest, now: float, reserved: Reserved) -> Facts | None:
        """Look up what is to be decided about; None: nobody of this name. Raises KeyError on a dangling reference."""
        account = self.accounts.get(request.user_name)
        device = self.devices.get(mac.normalise(request.calling_station_id) or "") if self.devices else None
        by_mac = account is None
        if account is None:
            account = self._account_by_mac(request.user_name, device)
            if account is None:
                return None
        customer = self.customers[account.customer_id]
        extras = account.extras
        package_id, allowed = account.package_id, None
        if extras is not None:
            allowed = extras.sessions_allowed
            for activates_at, changed_id in extras.package_changes:
                if activates_at <= now:
                    package_id = changed_id
        package = self.packages[package_id]
        if allowed is None:
            allowed = package.sessions_allowed
        return Facts(
            account,
            customer,
            self.groups[customer.group_id],
            package,
            self.nas_by_address.get(request.source_address),
            () if customer.parent_id is None else self._parents(customer),
            device,
            by_mac,
            0 if allowed is None else self.other_sessions(account.user_name, place(request), reserved, now),
        )

    def user_name(self, request: AccessRequest) -> str | None:
        """Return the name of the account that is asked for, by its name or by a MAC; None: nobody."""
        account = self.accounts.get(request.user_name)
        if account is None:
            device = self.devices.get(mac.normalise(request.calling_station_id) or "")
            account = self._account_by_mac(request.user_name, device)
        return None if account is None else account.user_name

    def other_sessions(self, user_name: str, own_place: str, reserved: Reserved, now: float) -> int:
        """Count the other places in which a session is open or reserved: a session that is both is one."""
        places, sessions = reserved(user_name, now), self.sessions_of.get(user_name)
        if sessions is None:
            return len(places) - (own_place in places)
        return len({*places, *(session.place for session in sessions)} - {own_place})

    def _account_by_mac(self, user_name: str, device: Device | None) -> Account | None:
        """MAC authentication: the user name is the MAC of the very device that asks, and that device may do so."""
        if device is None or not device.mac_auth or mac.normalise(user_name) != device.mac:
            return None
        return self.accounts[device.user_name]

    def _parents(self, customer: Customer) -> tuple[Customer, ...]:
        parents: list[Customer] = []
        while customer.inherits_state and customer.parent_id is not None:
            customer = self.customers[customer.parent_id]
            parents.append(customer)
        return tuple(parents)

    def put(self, relation: str, row: Any) -> None:
        """Take in a new or changed row of `relation`."""
        match relation:
            case "account":
                self.accounts[row.user_name] = row
            case "device":
                self.devices[row.mac] = row
            case "session":
                self.remove("session", str(row.id))
                self.sessions[row.id] = row
                self.sessions_of[row.user_name] = (*self.sessions_of.get(row.user_name, ()), row)
            case "nas":
                self.remove("nas", str(row.id))
                self.nas_by_address[row.address] = self.nas[row.id] = row
            case _:
                self._by_id(relation)[row.id] = row
        self._forget_terms(relation)

    def remove(self, relation: str, key: str) -> None:
        """Forget a row; one that is not there is forgotten already."""
        match relation:
            case "account":
                self.accounts.pop(key, None)
            case "device":
                self.devices.pop(key, None)
            case "session":
                self._forget_session(int(key))
            case "nas":
                gone = self.nas.pop(int(key), None)
                if gone is not None and self.nas_by_address.get(gone.address) is gone:
                    del self.nas_by_address[gone.address]
            case _:
                self._by_id(relation).pop(int(key), None)
        self._forget_terms(relation)

    def _forget_terms(self, relation: str) -> None:
        """After the change, and by a new dict: what is being worked out from the old row goes into the old one."""
        if relation in ("group", "package"):
            self.terms = {}

    def _forget_session(self, number: int) -> None:
        gone = self.sessions.pop(number, None)
        if gone is None:
            return
        left = tuple(session for session in self.sessions_of[gone.user_name] if session.id != number)
        if left:
            self.sessions_of[gone.user_name] = left
        else:
            del self.sessions_of[gone.user_name]

    def _by_id(self, relation: str) -> dict[int, Any]:
        tables: dict[str, dict[int, Any]]
        tables = {"group": self.groups, "package": self.packages, "customer": self.customers}
        return tables[relation]

    def copy(self) -> "State":
        """Return this moment's rows in dicts of their own: what another thread may walk through in its own time."""
        copied = State()
        for name, table in vars(self).items():
            setattr(copied, name, table.copy())
        return copied

    def counts(self) -> dict[str, int]:
        """How many rows of each kind there are."""
        names = ("accounts", "customers", "groups", "packages", "nas", "devices", "sessions")
        return {name: len(getattr(self, name)) for name in names}


def place(request: AccessRequest) -> str:
    """Where the session that is asked for would sit."""
    return facts.place(request.calling_station_id, request.source_address, request.port)
