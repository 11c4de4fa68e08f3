"""Customers below customers: a company, its branches, their sub-accounts; and moving them.

A sub-account has its parent's reseller, so what is below a customer goes along when it moves to another one.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from provisioning import acts, database, rows
from provisioning.models import Customer
from provisioning.rows import Changes


@dataclass(frozen=True)
class Branch:
    """A customer, and what is below it by account code."""

    customer: Customer
    branches: tuple["Branch", ...]


def below(session: Session, customer: Customer) -> list[Customer]:
    """Return all customers below this one, at any depth, by account code."""
    tree = select(Customer.id).where(Customer.parent_id == customer.id).cte(recursive=True)
    child = aliased(Customer)
    tree = tree.union(select(child.id).where(child.parent_id == tree.c.id))
    return list(session.scalars(select(Customer).where(Customer.id.in_(select(tree.c.id))).order_by(Customer.code)))


def tree(session: Session, customer: Customer) -> Branch:
    """Return a customer with all that is below it."""
    children: dict[int | None, list[Customer]] = defaultdict(list)
    for one in below(session, customer):
        children[one.parent_id].append(one)

    def branch(top: Customer) -> Branch:
        return Branch(top, tuple(branch(child) for child in children[top.id]))

    return branch(customer)


def move_to_reseller(
    session: Session, customer: Customer, *, reseller_id: int | None
) -> tuple[Changes, list[Customer]]:
    """Give a customer to another reseller, None for the provider itself; return who went along."""
    return _move(session, customer, {"reseller_id": reseller_id})


def move_below(session: Session, customer: Customer, *, parent: Customer | None) -> tuple[Changes, list[Customer]]:
    """Make a customer a sub-account of another, whose reseller it gets; None: of nobody. Return who went along."""
    if parent is None:
        return _move(session, customer, {"parent_id": None})
    return _move(session, customer, {"parent_id": parent.id, "reseller_id": parent.reseller_id})


def _move(session: Session, customer: Customer, columns: dict[str, Any]) -> tuple[Changes, list[Customer]]:
    with acts.begin(session, "customer move", area="customer"):
        rows.put(customer, columns)
        changes = rows.save(session, customer)
        along = below(session, customer) if "reseller_id" in changes else []
        for one in along:
            rows.put(one, {"reseller_id": customer.reseller_id})
        database.flush(session)
    return changes, along
