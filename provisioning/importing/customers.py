"""Rows of customers with their accounts, many at once.

New ones are inserted together, as a hundred thousand are to take seconds; those that are there are changed by the same
operations as everywhere. What the database refuses is refused for the whole batch: run.py finds out whose fault it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import account as accounts
from provisioning import address as addresses
from provisioning import code, customer, device, particulars, passwords, statics
from provisioning.errors import BadInput, OperatorError
from provisioning.importing import matching
from provisioning.importing.entry import Entry, Outcome
from provisioning.importing.inserting import insert
from provisioning.importing.matching import Known
from provisioning.importing.recorder import Recorder
from provisioning.importing.references import References
from provisioning.models import Account, Address, Base, Customer, Device, ExternalId
from vault.sealed import Seal

_STATIC = frozenset({"ipv4_address", "ipv6_prefix", "delegated_ipv6_prefix", "routes", "vlan_id"})
_NAMES = ("first_name", "last_name", "company_name")


@dataclass
class _Plan:
    """What is to be done about one row."""

    entry: Entry
    outcome: Outcome
    customer: Customer | None = None  # that is there
    new: dict[str, Any] | None = None  # columns of a new one
    letters: str | None = None  # of the code that it is to be given
    customer_id: int | None = None
    account: Account | None = None
    group_id: int | None = None


@dataclass
class Customers:
    """Carries out rows of customers."""

    session: Session
    recorder: Recorder
    references: References
    seal: Seal | None
    namesakes: bool = False
    _claimed: set[int] = field(default_factory=set)  # namesakes that a row of this file has taken for itself

    def identities(self, entry: Entry) -> Iterator[object]:
        """Return what makes a row depend on another one: two rows of a batch have nothing of this in common."""
        values = entry.of("customer")
        yield from (("code", values[key]) for key in ("code", "parent") if values.get(key))
        yield from entry.of("external").items()
        yield from (("mac", mac) for mac in entry.of("device").get("mac", ()))
        if user_name := entry.of("account").get("user_name"):
            yield "user", user_name
        if "code" not in values:
            yield "name", " ".join(str(values.get(key) or "").lower() for key in _NAMES)

    def carry_out(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Do what these rows say; raise what the database refuses."""
        claimed = set(self._claimed)
        known = matching.find(self.session, entries)
        plans = [self._plan(entry, known) for entry in entries]
        try:
            self._add_customers([plan for plan in plans if plan.new is not None])
            for plan in plans:
                if plan.customer is not None and plan.outcome.action != "error":
                    self._change(plan)
            going = [plan for plan in plans if plan.outcome.action != "error"]
            self._addresses(going)
            self._externals(going, known)
            account_ids = self._accounts(going, known)
            self._devices(going, known, account_ids)
        except BaseException:
            self._claimed = claimed
            raise
        return [plan.outcome for plan in plans]

    # -- what a row means

    def _plan(self, entry: Entry, known: Known) -> _Plan:
        plan = _Plan(entry, Outcome(entry.line, "nothing"))
        try:
            if None in entry.of("external").values():
                raise BadInput("what another system calls a customer is taken away by hand", "See: external-id remove.")
            plan.customer = self._which(entry, known)
            plan.account = known.accounts.get(entry.of("account").get("user_name", ""))
            if plan.customer is None:
                plan.new = self._new(entry, known)
                plan.letters = self._letters(plan.new)
            else:
                plan.customer_id, plan.group_id = plan.customer.id, plan.customer.group_id
                plan.outcome.name = plan.customer.code
            self._check_account(plan)
        except OperatorError as exc:
            plan.new, plan.outcome = None, Outcome(entry.line, "error", plan.outcome.name, cause=exc.message)
        return plan

    def _which(self, entry: Entry, known: Known) -> Customer | None:
        how, found = known.match(entry)
        if not found and how == "name" and not any(entry.of("customer").get(key) for key in _NAMES):
            raise BadInput("nothing says which customer is meant", "Give a code, a name, or an external id.")
        if how == "name" and self._is_namesake(entry):
            found = [row for row in found if row.id not in self._claimed and self._has_all(row, entry)][:1]
            self._claimed.update(row.id for row in found)
        if how == "user" and self._renames(found[0], entry):
            raise BadInput(
                f"user name {entry.of('account')['user_name']} belongs to {found[0].code}, who has another name",
                "Give the account code, or another user name.",
            )
        if len(found) > 1:
            raise BadInput("it may mean several customers", "Give the account code.")
        return found[0] if found else None

    @staticmethod
    def _renames(row: Customer, entry: Entry) -> bool:
        return bool(_differences(row, {key: value for key, value in entry.of("customer").items() if key in _NAMES}))

    def _is_namesake(self, entry: Entry) -> bool:
        return bool(entry.of("customer").get("namesake", self.namesakes))

    def _has_all(self, row: Customer, entry: Entry) -> bool:
        return not _differences(row, self._columns(entry, row))

    def _columns(self, entry: Entry, row: Customer | None) -> dict[str, Any]:
        """Return the columns that a row sets, but those that stand for other rows."""
        values = dict(entry.of("customer"))
        for reference in ("code", "group", "parent", "reseller"):
            values.pop(reference, None)
        if values.get("phone") is not None:
            country = values.get("country") or (row.country if row is not None else None)
            values["phone"] = particulars.phone(values["phone"], country)
        return values

    def _new(self, entry: Entry, known: Known) -> dict[str, Any]:
        values = entry.of("customer")
        parent = self._parent(values.get("parent"), known)
        group = self.references.group_of(values.get("group"))
        reseller_id = self.references.own_reseller_id if parent is None else parent.reseller_id
        if values.get("reseller") is not None:
            reseller_id = self.references.reseller_id_of(values["reseller"])
        columns = self._columns(entry, None) | {
            "code": values.get("code"),
            "group_id": group.id,
            "parent_id": None if parent is None else parent.id,
            "reseller_id": reseller_id,
        }
        columns.setdefault("namesake", self.namesakes)
        self.references.check_speed(columns.get("download_bps"), columns.get("upload_bps"))
        return columns

    @staticmethod
    def _letters(new: Mapping[str, Any]) -> str | None:
        if new["code"] is not None:
            return None
        return customer.code_prefix(new.get("type"), *(new.get(key) for key in _NAMES))

    @staticmethod
    def _parent(parent: str | None, known: Known) -> Customer | None:
        if parent is None:
            return None
        if parent not in known.by_code:
            raise BadInput(f"no customer is named {parent!r}", "Put the parent's row before it.")
        return known.by_code[parent]

    def _check_account(self, plan: _Plan) -> None:
        values = plan.entry.of("account")
        if values and "user_name" not in values:
            raise BadInput("columns of an account need its user name", "Fill the column user_name, or empty those.")
        if plan.entry.of("device").get("mac") and "user_name" not in values:
            raise BadInput("a device needs the account that it belongs to", "Fill the column user_name.")
        if plan.account is not None and plan.account.customer_id != plan.customer_id:
            raise BadInput(
                f"user name {plan.account.user_name} belongs to another customer",
                "Move it first: tollkeeper account move.",
            )
        if values and plan.account is None:
            group = self._group(plan)
            self.references.package_id_of(values.get("package"), group)

    def _group(self, plan: _Plan) -> Any:
        wanted = plan.group_id if plan.new is None else plan.new["group_id"]
        return next(group for group in self.references.groups.values() if group.id == wanted)

    # -- customers

    def _add_customers(self, plans: Sequence[_Plan]) -> None:
        self._give_codes(plans)
        made = insert(self.session, Customer, [plan.new or {} for plan in plans], returning=("code", "id"))
        self.recorder.added(Customer, id=[row_id for _, row_id in made])
        ids = dict(made)
        for plan in plans:
            new = plan.new or {}
            plan.customer_id, plan.group_id = ids[new["code"]], new["group_id"]
            plan.outcome.action, plan.outcome.name = "create", new["code"]
            if self._is_namesake(plan.entry):
                self._claimed.add(ids[new["code"]])

    def _give_codes(self, plans: Sequence[_Plan]) -> None:
        """Give the new customers without a code the next ones, in the order of the file.

        By their letters, as the letters' sequences are locked and two imports are not to wait for each other in a ring.
        """
        wanted: dict[str, list[dict[str, Any]]] = {}
        for plan in plans:
            if plan.letters is not None:
                wanted.setdefault(plan.letters, []).append(plan.new or {})
        for letters in sorted(wanted):
            made = code.take(self.session, letters, len(wanted[letters]))
            for new, taken in zip(wanted[letters], made, strict=True):
                new["code"] = taken

    def _change(self, plan: _Plan) -> None:
        row, values = plan.customer, plan.entry.of("customer")
        if row is None:
            raise AssertionError("there is a customer to be changed")
        edits = _differences(row, self._columns(plan.entry, row))
        if values.get("group") is not None:
            edits |= _differences(row, {"group_id": self.references.group_of(values["group"]).id})
        if "reseller" in values:
            wanted = None if values["reseller"] is None else self.references.reseller_id_of(values["reseller"])
            if wanted != row.reseller_id:
                raise BadInput("a customer is moved to another reseller by hand", "See: tollkeeper customer move.")
        if "parent" in values:
            edits |= _differences(row, {"parent_id": self._parent_id(values["parent"])})
        if edits:
            before = self.recorder.read(row)
            self._changed(plan, "", customer.edit(self.session, row, **edits))
            self.recorder.changed(row, before)

    def _parent_id(self, parent: str | None) -> int | None:
        return None if parent is None else customer.find(self.session, parent).id

    @staticmethod
    def _changed(plan: _Plan, of: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
        if plan.outcome.action != "create":
            plan.outcome.action = "change"
        plan.outcome.changes |= {f"{of}{key}": pair for key, pair in changes.items()}

    # -- what belongs to them

    def _addresses(self, plans: Sequence[_Plan]) -> None:
        plans = [plan for plan in plans if plan.entry.of("address")]
        there: dict[int, Address] = {}
        ids = [plan.customer_id for plan in plans if plan.customer is not None]
        query = (
            select(Address).where(Address.customer_id.in_(ids), Address.kind == "install").order_by(Address.id.desc())
        )
        for found in self.session.scalars(query) if ids else ():
            there[found.customer_id] = found
        new: list[dict[str, Any]] = []
        for plan in plans:
            values = dict(plan.entry.of("address"))
            row = there.get(plan.customer_id or 0)
            if row is None:
                if not values.get("street"):
                    raise BadInput("an address needs a street", "Fill the column address_street.")
                new.append({"customer_id": plan.customer_id, **values})
                self._changed(plan, "address ", {} if plan.new else {"street": (None, values["street"])})
            elif edits := _differences(row, values):
                before = self.recorder.read(row)
                self._changed(plan, "address ", addresses.edit(self.session, row, **edits))
                self.recorder.changed(row, before)
        made = insert(self.session, Address, new, returning=("id",))
        self.recorder.added(Address, id=[row_id for (row_id,) in made])

    def _externals(self, plans: Sequence[_Plan], known: Known) -> None:
        new = []
        for plan in plans:
            for system, value in plan.entry.of("external").items():
                owner = known.externals.get((system, value))
                if owner == plan.customer_id:
                    continue
                if owner is not None:
                    raise BadInput(f"another customer is known to {system} as {value}", "Correct one of them.")
                new.append({"system": system, "value": value, "customer_id": plan.customer_id})
                self._changed(plan, "external ", {} if plan.new else {system: (None, value)})
        made = insert(self.session, ExternalId, new, returning=("system", "value"))
        self.recorder.added(ExternalId, system=[system for system, _ in made], value=[value for _, value in made])

    # -- accounts

    def _accounts(self, plans: Sequence[_Plan], known: Known) -> dict[str, int]:
        """Add and change accounts; return the ids of all that the rows name, by user name."""
        account_ids = {name: account.id for name, account in known.accounts.items()}
        for plan in plans:
            if plan.account is not None:
                self._change_account(plan, plan.account)
        new = [plan for plan in plans if plan.account is None and plan.entry.of("account")]
        checked = [plan for plan in new if self._group(plan).requires_credit_limit or len(new) == 1]
        account_ids |= self._add_accounts([plan for plan in new if plan not in checked] if checked else new)
        for plan in checked:
            account_ids[plan.entry.of("account")["user_name"]] = self._add_checked(plan)
        for plan in new:
            self._changed(
                plan, "account ", {} if plan.new else {"user_name": (None, plan.entry.of("account")["user_name"])}
            )
        return account_ids

    def _add_accounts(self, plans: Sequence[_Plan]) -> dict[str, int]:
        static = {plan.entry.of("account")["user_name"] for plan in plans if _STATIC & plan.entry.of("account").keys()}
        if static:
            statics.take_turns(self.session)
        columns = [self._account_columns(plan) for plan in plans]
        made: dict[str, int] = dict(insert(self.session, Account, columns, returning=("user_name", "id")))
        self.recorder.added(Account, id=list(made.values()))
        if static:
            statics.check_added(self.session, [row_id for name, row_id in made.items() if name in static])
        return made

    def _account_columns(self, plan: _Plan) -> dict[str, Any]:
        values = dict(plan.entry.of("account"))
        package_id = self.references.package_id_of(values.pop("package", None), self._group(plan))
        typed = values.pop("password", None)
        sealed = None if typed is None else passwords.seal_password(typed, self._seal())
        return {"customer_id": plan.customer_id, "package_id": package_id, "password": sealed, **values}

    def _add_checked(self, plan: _Plan) -> int:
        """Add an account by itself: its group asks for credit, or more is to be said of why it is refused."""
        columns = self._account_columns(plan) | {"password": plan.entry.of("account").get("password")}
        row = accounts.add(self.session, columns.pop("user_name"), seal=self._seal(), **columns)
        self.recorder.added(Account, id=[row.id])
        return row.id

    def _change_account(self, plan: _Plan, row: Account) -> None:
        values = dict(plan.entry.of("account"))
        typed, package = values.pop("password", None), values.pop("package", None)
        if package is not None:
            values["package_id"] = self.references.package_id_of(package, None)
        edits = _differences(row, values)
        changes_password = typed is not None and not self._has_password(row, typed)
        if not edits and not changes_password:
            return
        before = self.recorder.read(row)
        if edits:
            self._changed(plan, "account ", accounts.edit(self.session, row, **edits))
        if changes_password:
            self._changed(plan, "account ", accounts.passwd(self.session, row, password=typed, seal=self._seal()))
        self.recorder.changed(row, before)

    def _has_password(self, row: Account, typed: str) -> bool:
        return row.password is not None and accounts.open_password(row, self._seal()) == typed

    def _seal(self) -> Seal:
        if self.seal is None:
            raise BadInput("passwords need the key file", "Set TOLLKEEPER_KEY_FILE.")
        return self.seal

    def _devices(self, plans: Sequence[_Plan], known: Known, account_ids: Mapping[str, int]) -> None:
        new = []
        for plan in plans:
            for mac in plan.entry.of("device").get("mac", ()):
                user_name = plan.entry.of("account")["user_name"]
                account_id, there = account_ids[user_name], known.devices.get(mac)
                if there is not None and there.account_id == account_id:
                    continue
                if there is not None and there.account_id is not None:
                    raise BadInput(f"device {mac} belongs to another account", "Remove it there first.")
                if there is not None:
                    before = self.recorder.read(there)
                    device.edit(self.session, there, account_id=account_id)
                    self.recorder.changed(there, before)
                else:
                    new.append({"account_id": account_id, "mac": mac})
                self._changed(plan, "device ", {} if plan.new else {mac: (None, user_name)})
        made = insert(self.session, Device, new, returning=("id",))
        self.recorder.added(Device, id=[row_id for (row_id,) in made])


def _differences(row: Base, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a row does not have."""
    return {key: value for key, value in values.items() if _plain(getattr(row, key)) != _plain(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
