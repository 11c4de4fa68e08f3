"""The list of customers: by whatever is known of them, a page at a time, in one statement.

A page begins behind a customer, by the key that the list is sorted by, so the thousandth is as quick as the first. Text
is looked for in two steps: at most `_FEW` customers are found by an index (schema.sql, customers_by_text); where there
are more, a page of them is soon found by going through all in the list's order.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from provisioning import customer_rows, customer_texts, networks
from provisioning.errors import NotFound
from provisioning.reading import Look, Row

SORTS = {
    "code": "customer.code",
    "name": "customer.name_key",
    "created": "customer.created_at",
    "expires": "coalesce(customer.expires_at, 'infinity')",
    "balance": "coalesce(customer_balance.balance_cents, 0)",
}
# of a part each row found is asked of the policy: with a hundred thousand customers a word that nearly all have took
# 215 ms of a reseller's operator with 10,000, and 73 ms with 4,000
_FEW, _FEW_OF_A_PART = 10_000, 4_000
_FOUND = "SELECT customers_by_text(%(relations)s, %(patterns)s, %(most)s)"
_AND_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM reseller WHERE id = %(reseller_id)s
        UNION SELECT reseller.id FROM reseller JOIN below ON reseller.parent_id = below.id)
    SELECT id FROM below
"""
_BALANCE = " LEFT JOIN customer_balance ON customer_balance.customer_id = customer.id"


@dataclass(frozen=True)
class Wanted:
    """Which customers; what is None, or empty, does not matter. Texts are any part, unless said."""

    code: str | None = None  # its beginning
    name: str | None = None  # these words
    address: str | None = None  # these words
    phone: str | None = None  # however it is written, a contact's too
    email: str | None = None  # a contact's too
    user_name: str | None = None
    search: str | None = None  # these words, each anywhere: customer, contacts, addresses, user names
    mac: str | None = None  # aa:bb:cc:dd:ee:ff, of a device or an open session
    ip: str | None = None  # static, of an open session, or in a network routed there
    group: str | None = None  # from here on all of it
    reseller: str | None = None  # and those below it; none: the provider's own
    payment_method: str | None = None
    category: str | None = None
    billing_group: str | None = None
    type: str | None = None
    kind: str | None = None
    parent: str | None = None
    package: str | None = None
    labels: tuple[str, ...] = ()  # all of them
    states: tuple[str, ...] = ()  # one of them; none given: all but deleted
    with_deleted: bool = False
    online: bool | None = None
    owes_more_than: int | None = None  # cents
    balance_below: int | None = None  # cents
    created_since: datetime | date | None = None  # a bare date begins in the provider's time zone


@dataclass
class _Query:
    """What a statement is made of."""

    joins: str = ""
    conditions: list[str] = field(default_factory=lambda: ["true"])
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **values: Any) -> None:
        """Want this as well."""
        self.conditions.append(condition)
        self.values |= values

    def among(self, ids: Collection[int]) -> None:
        """Want only these customers."""
        known = self.values.get("ids")
        self.values["ids"] = sorted({*ids} if known is None else {*ids} & {*known})
        if known is None:
            self.conditions.append("customer.id = ANY(%(ids)s::bigint[])")

    def select(self, what: str) -> str:
        """Return the statement so far."""
        return f"SELECT {what} FROM customer{self.joins} WHERE {' AND '.join(self.conditions)}"  # noqa: S608


def page(
    look: Look, wanted: Wanted, *, sort: str = "code", reverse: bool = False, after: str | None = None, limit: int = 100
) -> list[Row]:
    """Return customers from behind the one with the code `after` on; raise `NotFound` for what they are listed by."""
    query = _query(look, wanted, walking=sort == "code")
    key, direction = SORTS[sort], "DESC" if reverse else "ASC"
    if sort == "balance":
        query.joins = _BALANCE
    if after is not None:
        _begin_behind(look, query, key, after.upper(), "<" if reverse else ">")
    order = f" ORDER BY {key} {direction}, customer.code {direction} LIMIT %(limit)s"
    selected = query.select(f"customer.id, {key} AS key") + order
    return customer_rows.read(look, selected, reverse=reverse, limit=limit, **query.values)


def count(look: Look, wanted: Wanted) -> int:
    """Return how many there are in all."""
    query = _query(look, wanted, walking=False)
    return int(look.column(query.select("count(*)"), **query.values)[0])


def ids(look: Look, wanted: Wanted) -> list[int]:
    """Return the ids of all of them."""
    query = _query(look, wanted, walking=False)
    return look.column(query.select("customer.id"), **query.values)


def _begin_behind(look: Look, query: _Query, key: str, code: str, sign: str) -> None:
    if key == SORTS["code"]:
        query.add(f"customer.code {sign} %(after)s", after=code)
        return
    _known(look, "customer", "SELECT id FROM customer WHERE code = %(name)s", code)
    its_place = f"SELECT {key}, customer.code FROM customer{query.joins} WHERE customer.code = %(after)s"  # noqa: S608
    query.add(f"({key}, customer.code) {sign} ({its_place})", after=code)


def _query(look: Look, wanted: Wanted, *, walking: bool) -> _Query:
    look.check_may_view("customer", *_areas(wanted))
    query = _Query()
    _by_state(query, wanted)
    _by_column(query, wanted)
    _by_name(look, query, wanted)
    _by_money(query, wanted)
    _by_network(query, wanted)
    _by_text(look, query, wanted, walking=walking)
    return query


def _areas(wanted: Wanted) -> Iterator[str]:
    """Yield what the operator has to be permitted to see, as these filters would find nothing otherwise."""
    if wanted.owes_more_than is not None or wanted.balance_below is not None:
        yield "money"
    if any(value is not None for value in (wanted.user_name, wanted.mac, wanted.ip, wanted.package, wanted.online)):
        yield "account"
    if wanted.online is not None:
        yield "session"
    if wanted.reseller not in (None, "none"):
        yield "reseller"
    if wanted.group is not None:
        yield "group"
    if wanted.package is not None:
        yield "package"


def _by_state(query: _Query, wanted: Wanted) -> None:
    if wanted.states:
        query.add(f"{customer_rows.STATE} = ANY(%(states)s)", states=list(wanted.states))
    elif not wanted.with_deleted:
        query.add("customer.deleted_at IS NULL")


def _by_column(query: _Query, wanted: Wanted) -> None:
    for column in ("payment_method", "category", "billing_group", "type", "kind"):
        if (value := getattr(wanted, column)) is not None:
            cast = {"type": "::customer_type", "kind": "::customer_kind"}.get(column, "")
            query.add(f"customer.{column} = %({column})s{cast}", **{column: value})
    if wanted.labels:
        query.add("customer.labels @> %(labels)s::text[]", labels=list(wanted.labels))
    if wanted.created_since is not None:
        since = "%(created_since)s"
        if not isinstance(wanted.created_since, datetime):
            since = "%(created_since)s::timestamp AT TIME ZONE (SELECT time_zone FROM installation)"
        query.add(f"customer.created_at >= {since}", created_since=wanted.created_since)


def _by_name(look: Look, query: _Query, wanted: Wanted) -> None:
    """What has a name of its own has to be there: a misspelt group is no empty list."""
    if wanted.group is not None:
        group_id = _known(look, "group", "SELECT id FROM customer_group WHERE name = %(name)s", wanted.group)
        query.add("customer.group_id = %(group_id)s", group_id=group_id)
    if wanted.parent is not None:
        parent_id = _known(look, "customer", "SELECT id FROM customer WHERE code = upper(%(name)s)", wanted.parent)
        query.add("customer.parent_id = %(parent_id)s", parent_id=parent_id)
    if wanted.package is not None:
        package_id = _known(look, "package", "SELECT id FROM package WHERE name = %(name)s", wanted.package)
        query.add(
            "EXISTS (SELECT FROM account WHERE account.customer_id = customer.id AND package_id = %(package_id)s"
            " AND cancelled_at IS NULL)",
            package_id=package_id,
        )
    if wanted.reseller == "none":
        query.add("customer.reseller_id IS NULL")
    elif wanted.reseller is not None:
        reseller_id = _known(look, "reseller", "SELECT id FROM reseller WHERE name = %(name)s", wanted.reseller)
        query.add(f"customer.reseller_id IN ({_AND_BELOW})", reseller_id=reseller_id)


def _by_money(query: _Query, wanted: Wanted) -> None:
    for column, sign in (("owes_more_than", ">"), ("balance_below", "<")):
        if (cents := getattr(wanted, column)) is None:
            continue
        if (cents >= 0) if sign == ">" else (cents <= 0):  # an index has them: who has no invoice is not among them
            owing = f"SELECT customer_id FROM customer_balance WHERE balance_cents {sign} %({column})s"  # noqa: S608
            query.add(f"customer.id IN ({owing})", **{column: cents})
        else:
            query.joins = _BALANCE
            query.add(f"coalesce(customer_balance.balance_cents, 0) {sign} %({column})s", **{column: cents})


def _by_network(query: _Query, wanted: Wanted) -> None:
    if wanted.online is not None:
        query.add(
            f"{'' if wanted.online else 'NOT '}EXISTS (SELECT FROM account JOIN session ON account_id = account.id"
            " WHERE account.customer_id = customer.id)"
        )
    whose = "customer.id IN (SELECT customer_id FROM account WHERE id IN ({}))"
    if wanted.mac is not None:
        query.add(whose.format(networks.ACCOUNTS_BY_MAC), **networks.mac_values(wanted.mac))
    if wanted.ip is not None:
        query.add(whose.format(networks.ACCOUNTS_BY_IP), **networks.ip_values(wanted.ip))


def _by_text(look: Look, query: _Query, wanted: Wanted, *, walking: bool) -> None:
    """Want texts. `walking`: a page of what is frequent is met soon by going through all in the list's order."""
    for name in ("code", "name", "address", "phone", "email", "user_name", "search"):
        if (typed := getattr(wanted, name)) is None:
            continue
        for number, text in enumerate(customer_texts.looked_for(name, typed)):
            most = _FEW if look.sees_all else _FEW_OF_A_PART
            ids = look.column(_FOUND, relations=list(text.relations), patterns=text.patterns, most=most + 1)
            if few := len(ids) <= most:
                query.among(ids)
            if not few or not text.exact:
                key, fence = f"{name}{number}", customer_texts.IN_TURN if walking or few else ""
                query.add(text.condition.format(p=f"%({key})s::text[]", fence=fence), **{key: text.patterns})


def _known(look: Look, noun: str, query: str, name: str) -> Any:
    """Return what is asked of the one that has this name; raise `NotFound`."""
    for found in look.column(query, name=name):
        return found
    raise NotFound(f"no {noun} is named {name!r}", f"List them with: tollkeeper {noun} list.")
