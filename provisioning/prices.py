"""What an account costs a month, and whether its customer may have more that costs."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import balance, units
from provisioning.errors import Conflict, Forbidden
from provisioning.models import Account, Customer, CustomerGroup, Package

_REFUSAL = text("SELECT credit_refusal(:customer_id)")


def effective(session: Session, accounts: Iterable[Account]) -> dict[int, int]:
    """Return what each account costs a month after discount, by its id; of those whose package and group are seen."""
    query = (
        select(Account.id, Account.price_cents, Package.price_cents, CustomerGroup.discount_percent)
        .join(Package, Package.id == Account.package_id)
        .join(Customer, Customer.id == Account.customer_id)
        .join(CustomerGroup, CustomerGroup.id == Customer.group_id)
        .where(Account.id.in_([account.id for account in accounts]))
    )
    found = session.execute(query).tuples()
    return {account_id: effective_cents(own, package, discount) for account_id, own, package, discount in found}


def effective_cents(own_cents: int | None, package_cents: int, discount_percent: Decimal) -> int:
    """Return the price after discount. A price of the account's own is what was agreed: nothing goes off it."""
    if own_cents is not None:
        return own_cents
    return int((package_cents * (100 - discount_percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def of_account(session: Session, account: Account) -> int:
    """Return the account's own price, else its package's."""
    return account.price_cents if account.price_cents is not None else of_package(session, account.package_id)


def of_package(session: Session, package_id: int) -> int:
    """Return a package's price."""
    row = session.get(Package, package_id)
    if row is None:
        raise Forbidden("its package is not yours to see", "An administrator can permit it: tollkeeper role edit.")
    return row.price_cents


def check_credit(session: Session, customer_id: int, *, cents: int, before_cents: int = 0) -> None:
    """Raise `Conflict` where a customer is to pay more, and its group lets none without credit have that.

    It needs a credit limit, and owes no more than that. Who may not see money is told no figures.
    """
    if cents <= before_cents:
        return
    refusal = session.scalar(_REFUSAL, {"customer_id": customer_id})
    if refusal is None:
        return
    customer = session.get_one(Customer, customer_id)
    limit = customer.credit_limit_cents
    if limit is None:
        raise Conflict(
            f"customer {customer.code} has no credit limit, and its group gives nothing that costs without one",
            f"Set one: tollkeeper customer edit {customer.code} --credit-limit 1000.",
        )
    owed = balance.owed_cents(session, customer_id)
    figure = f" {units.format_cents(owed)}," if owed > limit else ""
    raise Conflict(
        f"customer {customer.code} owes{figure} more than its credit limit of {units.format_cents(limit)}",
        f"Book what was paid: tollkeeper payment add {customer.code}; or raise the limit.",
    )
