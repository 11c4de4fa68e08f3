"""What the commands of things that belong to a customer have in common: they are listed by its code, known by an id."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from provisioning.cli import output

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Base, Customer


def added(noun: str, code: str, add: "Callable[[Session, Customer], Base]") -> output.Result:
    """Add something to the customer of this code."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        owner = customers.find(session, code)
        view = views.belonging(add(session, owner), owner.code)
    return output.added(noun, f"{view['id']} of customer {view['customer']}", view)


def listed(
    code: str, listing: "Callable[[Session, Customer], Sequence[Base]]", columns: Sequence[str]
) -> output.Result:
    """List what the customer of this code has."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        owner = customers.find(session, code)
        return output.Listing([views.belonging(row, owner.code) for row in listing(session, owner)], columns).result()


def changed(noun: str, row_id: int, operations: Any, values: dict[str, Any]) -> output.Result:
    """Change what has this id; `operations`: the noun's module."""
    from provisioning import database

    with database.transaction() as session:
        row = operations.find(session, row_id)
        changes = operations.edit(session, row, **values)
        view = of(session, row)
    return output.changed(noun, str(row_id), view, changes)


def removed(noun: str, row_id: int, operations: Any) -> output.Result:
    """Remove what has this id; `operations`: the noun's module."""
    from provisioning import database

    with database.transaction() as session:
        operations.remove(session, operations.find(session, row_id))
    return output.removed(noun, str(row_id))


def of(session: "Session", row: Any) -> dict[str, Any]:
    """Return a row as it is printed, with the code of its customer."""
    from provisioning.cli import views
    from provisioning.models import Customer

    return views.belonging(row, session.get_one(Customer, row.customer_id).code)
