"""tollkeeper customer tree, customer move: sub-accounts, and where a customer belongs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import Command
from provisioning.cli.customer_options import CHANGED
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.customer_tree import Branch


@click.command(
    "tree",
    cls=Command,
    changes=False,
    example="tollkeeper customer tree ACM001",
    keys="code, name, state, branches (a list of the same)",
)
@click.argument("code")
def tree(code: str) -> output.Result:
    """Show a customer with its sub-accounts, deleted ones too."""
    from provisioning import customer as customers
    from provisioning import customer_tree, database

    with database.transaction() as session:
        top = _data(customer_tree.tree(session, customers.find(session, code)))
    return output.Result(top, lambda: _lines(top), lambda: [_drawing(top)])


@click.command(
    "move",
    cls=Command,
    example="tollkeeper customer move FRI001 --reseller 'Karoo Wireless'",
    keys=f"{CHANGED}, along (codes of sub-accounts that went along)",
)
@click.argument("code")
@click.option("--reseller", type=types.TEXT.clearing(), help="To this reseller; none: to the provider itself.")
@click.option("--parent", type=types.TEXT.clearing(), help="Below this customer; none: below nobody.")
def move(code: str, reseller: Any, parent: Any) -> output.Result:
    """Move a customer to another reseller or below another customer; its sub-accounts go along.

    Its group and its packages have to be the provider's, or ones that the new reseller sells.
    """
    from provisioning import acting, customer_tree, database
    from provisioning import customer as customers
    from provisioning.cli import views

    if (reseller is None) == (parent is None):
        raise BadInput("a customer moves to a reseller, or below a parent", "Give --reseller or --parent.")
    with database.transaction() as session:
        row = customers.find(session, code)
        before = views.customers(session, [row])[0]
        if reseller is not None:
            to = None if reseller is types.CLEAR else acting.reseller_id(session, reseller)
            changes, along = customer_tree.move_to_reseller(session, row, reseller_id=to)
        else:
            above = None if parent is types.CLEAR else customers.find(session, parent)
            changes, along = customer_tree.move_below(session, row, parent=above)
        view = views.customers(session, [row])[0]
    done = output.changed("customer", row.code, view, views.named(changes, before, view))
    codes = [one.code for one in along]
    return output.Result(
        {**done.data, "along": codes}, lambda: [*done.lines(), *(f"customer {one} went along" for one in codes)]
    )


def _data(branch: "Branch") -> dict[str, Any]:
    from provisioning.cli import views

    return {
        "code": branch.customer.code,
        "name": views.full_name(branch.customer),
        "state": views.customer_state(branch.customer),
        "branches": [_data(one) for one in branch.branches],
    }


def _lines(branch: dict[str, Any], indent: str = "") -> Iterable[str]:
    yield f"{indent}{branch['code']}\t{branch['name']}\t{branch['state']}"
    for one in branch["branches"]:
        yield from _lines(one, indent + "  ")


def _drawing(branch: dict[str, Any]) -> Any:
    from rich.tree import Tree

    drawn = Tree(_words(branch), guide_style="dim")
    for one in branch["branches"]:
        drawn.children.append(_drawing(one))
    return drawn


def _words(branch: dict[str, Any]) -> str:
    active = branch["state"] == "active"
    words = f"[bold]{branch['code']}[/] {output.escape(branch['name'])}"
    return words if active else f"[dim]{words} ({branch['state']})[/]"
