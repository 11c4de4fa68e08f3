"""Users of the old server as entries of an import: a customer each, with an account; see provisioning/importing/.

A user whose account is there already is taken for it whoever the customer is by now: his name stays. Everything that
the old server says of the account is set again, and what it does not say is cleared, so that until the switch the old
database is in command and a second import catches up.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import code, customer
from provisioning.errors import BadInput
from provisioning.importing.entry import Entry
from provisioning.migration import mapping, merging, packages, people
from provisioning.migration.mapping import Rules
from provisioning.migration.meaning import Meaning, Remark
from provisioning.migration.packages import Values
from provisioning.migration.people import Person
from provisioning.migration.report import Report
from provisioning.migration.source import Old
from provisioning.models import Account, Customer, Device

_NAMES = ("first_name", "last_name", "company_name")
_LONGEST_USER_NAME = 253  # octets, RFC 2865 5.1
_UNIQUE = ("ipv4_address", "ipv6_prefix", "delegated_ipv6_prefix")
_ATTRIBUTES = {
    "ipv4_address": "Framed-IP-Address",
    "ipv6_prefix": "Framed-IPv6-Prefix",
    "delegated_ipv6_prefix": "Delegated-IPv6-Prefix",
}
_CLEARED: dict[str, Any] = {
    "blocked": False,
    "lock_to_devices": False,
    "expires_at": None,
    "sessions_allowed": None,
    "ipv4_address": None,
    "ipv4_netmask": None,
    "ipv6_prefix": None,
    "delegated_ipv6_prefix": None,
    "routes": [],
    "vlan_id": None,
    "password_hash": None,
}
_NAMES_THERE = text(
    "SELECT name_key FROM customer WHERE NOT namesake AND deleted_at IS NULL AND name_key = ANY(CAST(:keys AS text[]))"
)


@dataclass
class User:
    """One user, understood."""

    name: str
    meaning: Meaning
    person: Person
    package: tuple[str, Values]  # what its package is named after, and its values


@dataclass
class Subscribers:
    """All users of the old server, and what is known about them here."""

    session: Session
    old: Old
    rules: Rules
    report: Report
    users: list[User] = field(default_factory=list)
    spoken: Counter[str] = field(default_factory=Counter)  # vendors in whose attributes speeds are said
    wanted: Counter[tuple[str, Values]] = field(default_factory=Counter)

    def understand(self) -> None:
        """Work out what every user is to be."""
        taken = self._taken()
        for name in self.old.users():
            if not self._can_be(name):
                continue
            meaning = mapping.interpret(merging.merge(self.old, name), self.rules)
            person = people.read(name, self.old.people.get(name, {}), meaning)
            if name in self.old.prices:
                meaning.account["price_cents"] = people.price_cents(self.old.prices[name], meaning)
            _share(meaning, name, taken)
            shared, own = packages.layers(meaning)
            meaning.account["reply_attributes"] = [list(pair) for pair in own]
            groups = [group for group in self.old.groups.get(name, ()) if group.lower() not in mapping.DISABLED_GROUPS]
            user = User(name, meaning, person, (packages.base_name(groups[:1]), packages.values_of(meaning, shared)))
            self.users.append(user)
            self.wanted[user.package] += 1
            self.spoken.update(meaning.vendors)
            for remark in meaning.remarks:
                self.report.add(name, remark)
        for name in sorted(self.old.reply.keys() - self.old.check.keys() - self.old.groups.keys()):
            self.report.add(name, Remark("lost", "radreply", "it has no check item and no group: nobody gets in by it"))
        for name in sorted(self.old.people.keys() - set(self.old.users())):
            self.report.add(name, Remark("lost", "userinfo", "there is no such user in radcheck or radusergroup"))

    def _can_be(self, name: str) -> bool:
        why = None
        if not name or not name.isprintable():
            why = "a user name of nothing, or with what cannot be printed"
        elif len(name.encode()) > _LONGEST_USER_NAME:
            why = f"a user name of more than {_LONGEST_USER_NAME} octets (RFC 2865 5.1)"
        if why is not None:
            self.report.errors.append((name, why))
        return why is None

    def _taken(self) -> dict[tuple[str, str], str]:
        """Return who has which address, prefix and MAC here already: of these only one account can have each."""
        taken: dict[tuple[str, str], str] = {}
        for column in _UNIQUE:
            key = getattr(Account, column)
            for value, name in self.session.execute(select(key, Account.user_name).where(key.is_not(None))).tuples():
                taken[column, value] = name
        devices = select(Device.mac, Account.user_name).join(Account, Account.id == Device.account_id)
        taken.update({("mac", mac): name for mac, name in self.session.execute(devices).tuples()})
        return taken

    def entries(self, names: packages.Packages) -> Iterator[Entry]:
        """Return the users as entries; the line is the user's place in `users`, from 1 on."""
        codes = self._codes()
        namesakes = self._namesakes(codes)
        for line, user in enumerate(self.users, 1):
            account = {**_CLEARED, **user.meaning.account}
            account |= {"user_name": user.name, "package": names.name_of(*user.package)}
            if user.meaning.password is not None:
                account["password"] = user.meaning.password
                del account["password_hash"]
            who: dict[str, Any] = {"code": codes[user.name][0]}
            if codes[user.name][1]:  # a new one
                who |= user.person.customer | {"namesake": _key(user.person) in namesakes}
            else:
                who |= {key: value for key, value in user.person.customer.items() if key not in (*_NAMES, "type")}
            device = {"mac": user.meaning.macs} if user.meaning.macs else {}
            yield Entry(line, {"customer": who, "address": user.person.address, "account": account, "device": device})

    def _codes(self) -> dict[str, tuple[str, bool]]:
        """Return everybody's account code, and whether the customer is a new one."""
        query = select(Account.user_name, Customer.code).join(Customer, Customer.id == Account.customer_id)
        there = dict(iter(self.session.execute(query).tuples()))
        codes = {user.name: (there[user.name], False) for user in self.users if user.name in there}
        new: dict[str, list[str]] = {}
        for user in self.users:
            if user.name not in codes:
                new.setdefault(self._letters(user), []).append(user.name)
        for letters in sorted(
            new
        ):  # their sequences are locked: in one order, or two imports could wait for each other
            taken = code.take(self.session, letters, len(new[letters]))
            codes |= {name: (one, True) for name, one in zip(new[letters], taken, strict=True)}
        return codes

    @staticmethod
    def _letters(user: User) -> str:
        who = user.person.customer
        try:
            return customer.code_prefix(who.get("type"), *(who.get(key) for key in _NAMES))
        except BadInput:
            return "X"  # a name of nothing but letters that have no Latin base

    def _namesakes(self, codes: Mapping[str, tuple[str, bool]]) -> set[str]:
        """Return the names that several have: of new users, or of one and of a customer who is there."""
        keys = Counter(_key(user.person) for user in self.users if codes[user.name][1])
        there = self.session.scalars(_NAMES_THERE, {"keys": list(keys)})
        return {key for key, number in keys.items() if number > 1} | set(there)


def _key(person: Person) -> str:
    """As schema.sql's customer_name_key makes it."""
    who = person.customer
    name = who.get("company_name") or f"{who.get('first_name') or ''} {who.get('last_name') or ''}"
    return " ".join(name.split()).lower()


def _share(meaning: Meaning, name: str, taken: dict[tuple[str, str], str]) -> None:
    """What only one account can have goes to the first that has it; an address is told to the others all the same."""
    for column in _UNIQUE:
        value = meaning.account.get(column)
        if value is not None and taken.setdefault((column, value), name) != name:
            del meaning.account[column]
            attribute = _ATTRIBUTES[column]
            meaning.reply.append((attribute, "=", value, True))
            meaning.remark("changed", attribute, "another user has it too; kept as a further attribute", value)
    for mac in list(meaning.macs):
        if taken.setdefault(("mac", mac), name) != name:
            meaning.macs.remove(mac)
            meaning.remark("lost", "Calling-Station-Id", "another user has this device; it is let in from any", mac)
    if not meaning.macs:
        meaning.account.pop("lock_to_devices", None)
