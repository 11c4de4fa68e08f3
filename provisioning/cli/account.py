"""tollkeeper account: the RADIUS users."""

from typing import Any

import click

from provisioning.cli import online, output, secrets, types
from provisioning.cli.account_options import (
    CHANGED,
    KEYS,
    OPTIONS,
    ids_of_nas,
    lock,
    no_password,
    only_nas,
    pap_only,
    password_of,
    resolve_expiry,
    shared_vlan,
    time_zone,
)
from provisioning.cli.command import LazyGroup

_COLUMNS = ("user_name", "customer", "package", "effective_price_cents", "state", "expires_at", "ipv4_address")
_VERBS = {
    "passwd": "Set another password.",
    "expire": "Set when an account expires.",
    "prepaid": "No data of the month, only what is bought ahead.",
    "postpaid": "Give a prepaid account the data of the month again.",
    "move": "Move an account to another customer.",
    "rename": "Give an account another user name.",
    "block": "Refuse an account, whatever its state otherwise.",
    "unblock": "Let a blocked account in again.",
    "suspend": "Suspend one account of a customer.",
    "unsuspend": "End an account's suspension.",
    "cancel": "Cancel one account, or all of a customer.",
    "uncancel": "Take a cancelled account up again, as it was.",
}


@click.group(
    cls=LazyGroup,
    members={verb: (f"provisioning.cli.account_verbs:{verb}", text) for verb, text in _VERBS.items()},
)
def account() -> None:
    """Data accounts: the RADIUS users of a customer."""


@account.command(
    "add",
    example="tollkeeper account add frikkie@example --customer FRI001 --package 'Home 50' --generate",
    keys=f"account ({KEYS}), password (where generated)",
)
@click.argument("user_name")
@click.option("--customer", required=True, help="Account code of the customer it belongs to.")
@click.option("--package", help="The package it has; without it, the default one of the customer's group.")
@secrets.password_options("a password")
@no_password
@pap_only
@only_nas
@types.columns(OPTIONS, clears=False)
@shared_vlan
@lock
def add(
    user_name: str, customer: str, package: str | None, nas_names: tuple[str, ...], **options: Any
) -> output.Result:
    """Add an account. Its password is asked for, unless an option says where it is."""
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    password, generated = password_of(options)
    seal = secrets.open_seal()
    values = types.given(options)
    with database.transaction() as session:
        owner = customers.find(session, customer)
        resolve_expiry(session, values, owner.time_zone)
        row = accounts.add(
            session,
            user_name,
            customer_id=owner.id,
            package_id=None if package is None else packages.find(session, package).id,
            password=password,
            seal=seal,
            nas_ids=ids_of_nas(session, nas_names),
            **values,
        )
        view = views.accounts(session, [row])[0]
    return output.added("account", user_name, view, **({"password": password} if password and generated else {}))


@account.command("list", example="tollkeeper account list --package 'Home 50' --blocked", keys=f"a list of ({KEYS})")
@click.option("--customer", help="Only of this customer.")
@click.option("--package", help="Only with this package.")
@types.switch("blocked", "blocked", "not-blocked", "Only those.")
@types.switch("suspended", "suspended", "not-suspended", "Only those.")
@types.switch("expired", "expired", "not-expired", "Only those, by the account's own date.")
@click.option("--cancelled", is_flag=True, help="Only cancelled ones, which are left out otherwise.")
@click.option("--all", "every", is_flag=True, help="Cancelled ones too.")
@types.paging("user name")
def listing(
    customer: str | None, package: str | None, cancelled: bool, every: bool, after: str | None, **filters: Any
) -> output.Result:
    """List accounts by user name."""
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    with database.transaction() as session:
        found = accounts.listing(
            session,
            customer_id=None if customer is None else customers.find(session, customer).id,
            package_id=None if package is None else packages.find(session, package).id,
            cancelled=None if every else cancelled,
            after=after or "",
            **filters,
        )
        return output.Listing(views.accounts(session, found), _COLUMNS).result()


@account.command("show", example="tollkeeper account show frikkie@example", keys=f"{KEYS}, nas (names), {online.KEYS}")
@click.argument("user_name")
def show(user_name: str) -> output.Result:
    """Show all there is to know of an account but its password."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning.cli import views
    from provisioning.models import Customer

    with database.transaction() as session:
        row = accounts.find(session, user_name)
        names = views.nas_names(session, accounts.bound_nas_ids(session, row))
        view = views.accounts(session, [row])[0] | {"nas": names}
        return online.shown(session, view, session.get_one(Customer, row.customer_id), [row.id])


@account.command(
    "edit", example="tollkeeper account edit frikkie@example --package 'Home 100' --ipv4 192.0.2.10", keys=CHANGED
)
@click.argument("user_name")
@click.option("--user-name", "new_user_name", help="Another user name.")
@click.option("--package", help="Another package, from the next Access-Request on.")
@click.option("--version", type=types.NUMBER, help="Only if it still is of this version, as `show` has it.")
@only_nas
@click.option("--any-nas", is_flag=True, help="Every NAS may authenticate it.")
@types.columns(OPTIONS, clears=True)
@shared_vlan
@lock
def edit(
    user_name: str,
    new_user_name: str | None,
    package: str | None,
    nas_names: tuple[str, ...],
    any_nas: bool,
    **columns: Any,
) -> output.Result:
    """Change an account. `none` clears an option; repeated options are replaced whole."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    values = types.given({"user_name": new_user_name, **columns})
    with database.transaction() as session:
        row = accounts.find(session, user_name)
        before = views.accounts(session, [row])[0]
        if package is not None:
            values["package_id"] = packages.find(session, package).id
        if nas_names or any_nas:
            values["nas_ids"] = ids_of_nas(session, nas_names)
        resolve_expiry(session, values, time_zone(session, row.customer_id))
        changes = accounts.edit(session, row, **values)
        if "nas_ids" in changes:
            was, now = (views.nas_names(session, ids) for ids in changes.pop("nas_ids"))
            changes["nas"] = (was, now)
        view = views.accounts(session, [row])[0]
    return output.changed("account", user_name, view, views.named(changes, before, view))
