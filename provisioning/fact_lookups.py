"""What facts refer to, as radiusd/state.py looks it up, but among rows that were read for the occasion. Pure."""

from collections.abc import Mapping

from policies.facts import Account, Customer


def package_id(account: Account, now: float) -> int:
    """Return the package that the account has at this moment: a change whose time has come is in it."""
    current = account.package_id
    for activates_at, changed_id in account.extras.package_changes if account.extras else ():
        if activates_at <= now:
            current = changed_id
    return current


def parents(customer: Customer, customers: Mapping[int, Customer]) -> tuple[Customer, ...]:
    """Return those whose state covers a customer, nearest first."""
    found: list[Customer] = []
    while customer.inherits_state and customer.parent_id is not None and customer.parent_id in customers:
        customer = customers[customer.parent_id]
        found.append(customer)
    return tuple(found)
