"""tollkeeper account passwd, expire, move, rename, block, cancel, ...: one thing about an account."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, secrets, types
from provisioning.cli.account_options import (
    CHANGED,
    KEYS,
    no_password,
    pap_only,
    password_of,
    resolve_expiry,
    time_zone,
)
from provisioning.cli.command import Command
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Account
    from provisioning.rows import Changes


@click.command(
    "passwd",
    cls=Command,
    example="tollkeeper account passwd frikkie@example --generate",
    keys=f"{CHANGED}, password (where generated)",
)
@click.argument("user_name")
@secrets.password_options("a password")
@no_password
@pap_only
def passwd(user_name: str, pap_only: bool, **options: Any) -> output.Result:
    """Set another password: asked for, unless an option says where it is."""
    from provisioning import account as accounts

    password, generated = password_of(options)
    seal = secrets.open_seal()
    once = {"password": password} if password and generated else {}
    return _change(
        user_name,
        lambda session, row: accounts.passwd(session, row, password=password, pap_only=pap_only, seal=seal),
        **once,
    )


@click.command("expire", cls=Command, example="tollkeeper account expire frikkie@example +30d", keys=CHANGED)
@click.argument("user_name")
@click.argument("when", type=types.TIME_OR_NEVER)
def expire(user_name: str, when: date | None) -> output.Result:
    """Set when an account expires: a time, now, or never.

    A bare date begins in the customer's time zone.
    """
    from provisioning import account as accounts

    def change(session: "Session", row: "Account") -> "Changes":
        values = types.given({"expires_at": when})
        resolve_expiry(session, values, time_zone(session, row.customer_id))
        return accounts.expire(session, row, **values)

    return _change(user_name, change)


@click.command("prepaid", cls=Command, example="tollkeeper account prepaid frikkie@example --until +30d", keys=CHANGED)
@click.argument("user_name")
@click.option("--until", type=types.TIME_OR_NEVER, required=True, help="How long it is valid: +30d, 2027-03-01, never.")
def prepaid(user_name: str, until: date | None) -> output.Result:
    """Let an account have no data of the month, only what is bought ahead: tollkeeper topup add.

    At its end it is refused, until more validity is bought. On a package without a data cap it has validity alone.
    """
    from provisioning import account as accounts

    def change(session: "Session", row: "Account") -> "Changes":
        values = types.given({"expires_at": until})
        resolve_expiry(session, values, time_zone(session, row.customer_id))
        return accounts.prepaid(session, row, **values)

    return _change(user_name, change)


@click.command("move", cls=Command, example="tollkeeper account move frikkie@example POE001", keys=CHANGED)
@click.argument("user_name")
@click.argument("customer")
def move(user_name: str, customer: str) -> output.Result:
    """Move an account to another customer; user name, package and devices stay."""
    from provisioning import account as accounts
    from provisioning import customer as customers

    return _change(
        user_name,
        lambda session, row: accounts.move(session, row, customer_id=customers.find(session, customer).id),
    )


@click.command("rename", cls=Command, example="tollkeeper account rename frikkie@example fritz@example", keys=CHANGED)
@click.argument("user_name")
@click.argument("new_user_name", metavar="NEW")
def rename(user_name: str, new_user_name: str) -> output.Result:
    """Give an account another user name, which the customer's router has to be given too."""
    from provisioning import account as accounts

    return _change(user_name, lambda session, row: accounts.rename(session, row, user_name=new_user_name))


@click.command(
    "cancel",
    cls=Command,
    example="tollkeeper account cancel frikkie@example",
    keys=f"{CHANGED}; with --all, cancelled (a list of ({KEYS}))",
)
@click.argument("user_name", required=False)
@click.option("--all", "customer", metavar="CODE", help="Every account of this customer.")
@click.option("--at", type=types.TIME, help="Since when, if not now.")
def cancel(user_name: str | None, customer: str | None, at: date | None) -> output.Result:
    """Cancel an account: nobody is let in by it any more, its usage stays, its coming package changes are cancelled.

    Its addresses stay its own, as it may be taken up again.
    """
    from provisioning import account as accounts
    from provisioning import moments

    if (user_name is None) == (customer is None):
        raise BadInput("say which: a user name, or --all CODE", "List them: tollkeeper account list.")
    if customer is not None:
        return _cancel_all(customer, at)

    def change(session: "Session", row: "Account") -> "Changes":
        zone = time_zone(session, row.customer_id)
        return accounts.cancel(session, row, at=None if at is None else moments.resolve(session, at, zone))

    return _change(user_name or "", change)


def _cancel_all(code: str, at: date | None) -> output.Result:
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database, moments
    from provisioning.cli import views

    with database.transaction() as session:
        owner = customers.find(session, code)
        moment = None if at is None else moments.resolve(session, at, owner.time_zone)
        cancelled = views.accounts(session, accounts.cancel_all(session, owner.id, at=moment))
    names = [view["user_name"] for view in cancelled]
    return output.Result(
        {"cancelled": cancelled},
        lambda: [f"account {name} cancelled" for name in names] or [f"customer {code.upper()}: nothing to cancel"],
    )


def _verb(verb: str, text: str) -> click.Command:
    @click.command(verb, cls=Command, help=text, example=f"tollkeeper account {verb} frikkie@example", keys=CHANGED)
    @click.argument("user_name")
    def change(user_name: str) -> output.Result:
        from provisioning import account as accounts

        return _change(user_name, getattr(accounts, verb))

    return change


block = _verb("block", "Refuse an account, whatever its state otherwise.")
unblock = _verb("unblock", "Let a blocked account in again.")
suspend = _verb("suspend", "Suspend one account of a customer.")
unsuspend = _verb("unsuspend", "End an account's suspension.")
postpaid = _verb("postpaid", "Give a prepaid account the data of the month again, and no end of its validity.")
uncancel = _verb("uncancel", "Take a cancelled account up again, as it was; package changes stay cancelled.")


def _change(user_name: str, act: Callable[["Session", "Account"], "Changes"], **once: str) -> output.Result:
    """Do one thing to an account, and return what changed."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = accounts.find(session, user_name)
        before = views.accounts(session, [row])[0]
        changes = act(session, row)
        view = views.accounts(session, [row])[0]
    return output.changed("account", user_name, view, views.named(changes, before, view), **once)
