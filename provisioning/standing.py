"""What the hook would answer a customer's accounts now, decided here by its own rules, from the database.

The queries are those of the hook's own views (schema.sql) and the decision is policies', so it holds with every hook
down. Row-level security says what is seen: who may not see a group or a package is told nothing. There is no request,
so what it would bring is taken kindly: the router is one that the account may use, the device one of its own, if it
has any, and no session is in the way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies import rows
from policies.decide import Decision, Rates, decide
from policies.explain import explain
from policies.facts import Account, Customer, Device, Facts, Group, Nas, Package
from provisioning import fact_lookups
from provisioning.reading import Look

AREAS = frozenset({"group", "package", "customer", "account"})  # what has to be seen

_VIEWS = """
    SELECT relation, rtrim(pg_get_viewdef(to_regclass('hook_' || relation)), ';') AS query
    FROM unnest('{group,package,customer,account,device}'::text[]) AS relation
"""
_ACCOUNTS = "SELECT user_name FROM account WHERE customer_id = %(id)s"
# a relation's rows: its columns, what else is told of each, and which
_WANTED: Mapping[str, tuple[Sequence[str], str]] = {
    "account": (rows.ACCOUNT, f"user_name IN ({_ACCOUNTS})"),
    "device": (rows.DEVICE, f"user_name IN ({_ACCOUNTS})"),
    "group": (rows.GROUP, "id = (SELECT group_id FROM customer WHERE customer.id = %(id)s)"),
    "customer": (
        rows.CUSTOMER,
        """id IN (WITH RECURSIVE above AS (
                      SELECT id, parent_id FROM customer WHERE id = %(id)s
                      UNION SELECT customer.id, customer.parent_id
                      FROM customer JOIN above ON customer.id = above.parent_id)
                  SELECT id FROM above)""",
    ),
    "package": (
        rows.PACKAGE,
        """id IN (SELECT package_id FROM account WHERE customer_id = %(id)s
                  UNION SELECT package_change.package_id FROM package_change JOIN account ON account.id = account_id
                        WHERE customer_id = %(id)s AND applied_at IS NULL AND package_change.cancelled_at IS NULL)""",
    ),
}
_SECRETS = frozenset({"password", "password_hash", "secret"})


@dataclass(frozen=True)
class Standing:
    """How one account stands: the answer, the speed that it has, from where, and until when."""

    decision: Decision
    facts: Facts
    download_bps: int | None  # None: no limit is sent, or no session
    upload_bps: int | None
    speed_by: str | None  # package, customer, time band, throttle, garden
    why: str | None  # what the rule that applies looked at; None where none does


def of_customer(look: Look, customer_id: int, now: float) -> dict[str, Standing]:
    """Return how the accounts of a customer stand, by user name; those that are cancelled are not among them."""
    if not look.areas >= AREAS:
        return {}
    found = _read(look, customer_id)
    customers = {row[0]: rows.customer(row) for row in found["customer"]}
    groups = {row[0]: rows.group(row) for row in found["group"]}
    packages = {row[0]: rows.package(row) for row in found["package"]}
    devices = [rows.device(row) for row in found["device"]]
    accounts = [rows.account(row, None) for row in found["account"]]
    return {
        account.user_name: _standing(facts, now)
        for account in accounts
        if (facts := _facts(account, customers, groups, packages, devices, now)) is not None
    }


def _read(look: Look, customer_id: int) -> dict[str, list[Sequence[Any]]]:
    """Run the views' queries as the operator, who may not use the views themselves; all in one statement."""
    asked = " UNION ALL ".join(_asked(row["relation"], row["query"]) for row in look.rows(_VIEWS))
    found: dict[str, list[Sequence[Any]]] = {relation: [] for relation in _WANTED}
    for row in look.rows(asked, id=customer_id):
        found[row["relation"]].append(row["row"])
    return found


def _asked(relation: str, query: str) -> str:
    columns, where = _WANTED[relation]
    seen = ", ".join("NULL" if column in _SECRETS else column for column in columns)
    quoted = query.replace("%", "%%")
    return f"""
        SELECT '{relation}' AS relation, jsonb_build_array({seen}) AS row FROM ({quoted}) AS hook WHERE {where}
    """  # noqa: S608 - our own words


def _facts(
    account: Account,
    customers: Mapping[int, Customer],
    groups: Mapping[int, Group],
    packages: Mapping[int, Package],
    devices: Sequence[Device],
    now: float,
) -> Facts | None:
    customer = customers[account.customer_id]
    group, package = groups.get(customer.group_id), packages.get(fact_lookups.package_id(account, now))
    if group is None or package is None:
        return None
    nas_ids = account.extras.nas_ids if account.extras else ()
    own = sorted((one for one in devices if one.user_name == account.user_name), key=lambda one: not one.authorised)
    return Facts(
        account,
        customer,
        group,
        package,
        Nas(nas_ids[0] if nas_ids else 0, "any of its own", "", ""),
        fact_lookups.parents(customer, customers),
        own[0] if own else None,
    )


def _standing(facts: Facts, now: float) -> Standing:
    decision = decide(facts, now)
    rates, by = decision.rates, _speed_by(decision, facts)
    why = next((step.facts for step in explain(facts, now) if step.verdict == "applies"), None)
    package = facts.package
    if by == "package" and package.download_bps is not None and package.upload_bps is not None:
        rates = Rates(package.download_bps, package.upload_bps)
    if rates is None:
        return Standing(decision, facts, None, None, None, why)
    return Standing(decision, facts, rates.download_bps, rates.upload_bps, by, why)


def _speed_by(decision: Decision, facts: Facts) -> str | None:
    """Return what gives the speed."""
    if decision.outcome != "accept":
        return None if decision.outcome == "reject" else decision.outcome
    if decision.rates is None:
        return "package"
    return "customer" if facts.customer.download_bps is not None else "time band"
