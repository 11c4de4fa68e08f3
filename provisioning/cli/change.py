"""tollkeeper change: other packages for accounts, now or from a moment on."""

from datetime import date
from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

_COLUMNS = ("id", "account", "customer", "package", "activates_at", "state", "author", "created_at", "comment")
_KEYS = (
    "id, account, customer, package, activates_at, price_cents (null: the package's), topup_price_cents, comment,"
    " author, created_at, applied_at, cancelled_at, state (to come|due|applied|cancelled)"
)
_ID = click.IntRange(1, 2**63 - 1)


@click.group(cls=LazyGroup)
def change() -> None:
    """Package changes: another package for an account, now or from a moment on."""


@change.command(
    "add",
    example="tollkeeper change add --account frikkie@example --package 'Home 100' --at 2027-02-01",
    keys=f"change ({_KEYS})",
)
@click.option("--account", required=True, help="User name of the account.")
@click.option("--package", required=True, help="The package it gets.")
@click.option("--at", type=types.TIME, help="From when on: 2027-02-01, in the customer's time zone; today is now.")
@click.option("--price", "price_cents", type=types.MONEY, help="A month from then on; else the package's.")
@click.option("--topup-price", "topup_price_cents", type=types.MONEY, help="Of a top-up from then on.")
@click.option("--comment", help="Why.")
def add(account: str, package: str, at: date | None, **columns: Any) -> output.Result:
    """Change an account's package, now unless said."""
    from provisioning import account as accounts
    from provisioning import change as changes
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views
    from provisioning.cli.account_options import time_zone

    with database.transaction() as session:
        row = accounts.find(session, account)
        moment = changes.activation(session, at, time_zone(session, row.customer_id))
        package_id = packages.find(session, package).id
        added = changes.add(session, row, package_id=package_id, activates_at=moment, **columns)
        view = views.changes(session, [added])[0]
    when = "now" if view["state"] == "applied" else f"from {output.human('', view['activates_at'])} on"
    return output.Result(
        {"change": view}, lambda: [f"change {view['id']} added: account {account} has package {package} {when}"]
    )


@change.command("list", example="tollkeeper change list --customer FRI001", keys=f"a list of ({_KEYS})")
@click.option("--account", help="Only of this account.")
@click.option("--customer", help="Only of this customer's accounts.")
@click.option("--due", is_flag=True, help="Only those whose time has come, and that wait to be written down.")
@click.option("--all", "every", is_flag=True, help="Applied and cancelled ones too.")
@click.option("--after", type=_ID, help="Start behind the change with this id.")
@click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True)
def listing(account: str | None, customer: str | None, **filters: Any) -> output.Result:
    """List package changes to come, the newest first, with who made them and when."""
    from provisioning import account as accounts
    from provisioning import change as changes
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        found = changes.listing(
            session,
            account_id=None if account is None else accounts.find(session, account).id,
            customer_id=None if customer is None else customers.find(session, customer).id,
            **filters,
        )
        return output.Listing(views.changes(session, found), _COLUMNS).result()


@change.command("show", example="tollkeeper change show 7", keys=_KEYS)
@click.argument("change_id", metavar="ID", type=_ID)
def show(change_id: int) -> output.Result:
    """Show a package change."""
    from provisioning import change as changes
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        return output.shown(views.changes(session, [changes.find(session, change_id)])[0])


@change.command("cancel", example="tollkeeper change cancel 7", keys=f"change ({_KEYS}), changed")
@click.argument("change_id", metavar="ID", type=_ID)
def cancel(change_id: int) -> output.Result:
    """Cancel a package change that is still to come."""
    from provisioning import change as changes
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = changes.find(session, change_id)
        done = changes.cancel(session, row)
        view = views.changes(session, [row])[0]
    return output.changed("change", str(change_id), view, done)
