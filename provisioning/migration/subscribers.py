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
from provisioning.migration import mapping, merging, packages, people, sharing
from provisioning.migration.mapping import Rules
from provisioning.migration.meaning import Meaning, Remark
from provisioning.migration.packages import Values
from provisioning.migration.people import Person
from provisioning.migration.report import Report
from provisioning.migration.source import Old
from provisioning.models import Account, Customer

_NAMES = ("first_name", "last_name", "company_name")
_LONGEST_USER_NAME = 253  # octets, RFC 2865 5.1
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
    _same: dict[tuple[str, Values], tuple[str, Values]] = field(default_factory=dict)  # one of the equal ones

    def understand(self) -> None:
        """Work out what every user is to be."""
        names = filter(self._can_be, self.old.users())
        meanings = {name: mapping.interpret(merging.merge(self.old, name), self.rules) for name in names}
        sharing.settle(self.session, meanings)
        for name, meaning in meanings.items():
            self._add(name, meaning)
        for name in sorted(self.old.reply.keys() - self.old.check.keys() - self.old.groups.keys()):
            self.report.add(name, Remark("lost", "radreply", "it has no check item and no group: nobody gets in by it"))
        for name in sorted(self.old.people.keys() - set(self.old.users())):
            self.report.add(name, Remark("lost", "userinfo", "there is no such user in radcheck or radusergroup"))

    def _add(self, name: str, meaning: Meaning) -> None:
        person = people.read(name, self.old.people.get(name, {}), meaning)
        if name in self.old.prices:
            meaning.account["price_cents"] = people.price_cents(self.old.prices[name], meaning)
        shared, own = packages.layers(meaning)
        meaning.account["reply_attributes"] = [list(pair) for pair in own]
        groups = [group for group in self.old.groups.get(name, ()) if group.lower() not in mapping.DISABLED_GROUPS]
        package = (packages.base_name(groups[:1]), packages.values_of(meaning, shared))
        self.users.append(User(name, meaning, person, self._same.setdefault(package, package)))
        self.wanted[package] += 1
        self.spoken.update(meaning.vendors)
        for remark in meaning.remarks:
            self.report.add(name, remark)

    def _can_be(self, name: str) -> bool:
        why = None
        if not name or not name.isprintable():
            why = "a user name of nothing, or with what cannot be printed"
        elif len(name.encode()) > _LONGEST_USER_NAME:
            why = f"a user name of more than {_LONGEST_USER_NAME} octets (RFC 2865 5.1)"
        if why is not None:
            self.report.errors.append((name, why))
        return why is None

    def entries(self, names: packages.Packages) -> Iterator[Entry]:
        """Return the users as entries; the line is the user's place in `users`, from 1 on."""
        codes = self._codes()
        namesakes = self._namesakes(codes)
        for line, user in enumerate(self.users, 1):
            is_new = codes[user.name][1]
            account = {**({} if is_new else _CLEARED), **user.meaning.account}
            account |= {"user_name": user.name, "package": names.name_of(*user.package)}
            if user.meaning.password is not None:
                account["password"] = user.meaning.password
                account.pop("password_hash", None)
            who: dict[str, Any] = {"code": codes[user.name][0]}
            if is_new:
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
