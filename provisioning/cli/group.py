"""tollkeeper group: customer groups."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_COLUMNS = ("name", "enabled", "customers", "treatment_expired", "treatment_suspended", "treatment_cap", "reseller")
_KEYS = (
    "id, name, enabled, sends_reply_message, treatment_blocked, treatment_deleted, treatment_disabled,"
    " treatment_group_disabled, treatment_expired, treatment_suspended, treatment_cap, garden_pool, garden_profile,"
    " garden_redirect_url, garden_download_bps, garden_upload_bps, garden_session_seconds, throttle_download_bps,"
    " throttle_upload_bps, overdue_days, second_notice_days, suspension_days, discount_percent, default_package,"
    " requires_credit_limit, usage_notice_percents, reseller, version, created_at, customers (how many)"
)
_REFUSED = click.Choice(["reject", "garden"])
_OPTIONS: list[types.Spec] = [
    ("--blocked", "treatment_blocked", _REFUSED, "Of blocked accounts."),
    ("--deleted", "treatment_deleted", _REFUSED, "Of deleted customers."),
    ("--disabled", "treatment_disabled", _REFUSED, "Of disabled customers."),
    ("--group-disabled", "treatment_group_disabled", _REFUSED, "Of everybody, while the group is disabled."),
    ("--expired", "treatment_expired", _REFUSED, "Of expired accounts and customers."),
    ("--suspended", "treatment_suspended", _REFUSED, "Of suspended accounts and customers."),
    ("--cap", "treatment_cap", click.Choice(["reject", "garden", "throttle"]), "Of those who reached the data cap."),
    ("--garden-pool", "garden_pool", types.TEXT, "The garden's address pool on the routers."),
    ("--garden-profile", "garden_profile", types.TEXT, "Address list, domain, filter: what the vendor has."),
    ("--garden-redirect-url", "garden_redirect_url", types.TEXT, "The page that the garden shows."),
    ("--garden-download", "garden_download_bps", types.RATE, "Speed in the garden."),
    ("--garden-upload", "garden_upload_bps", types.RATE, "Speed in the garden."),
    ("--garden-session", "garden_session_seconds", types.DURATION, "How long a session in the garden lasts."),
    ("--throttle-download", "throttle_download_bps", types.RATE, "Speed at the data cap."),
    ("--throttle-upload", "throttle_upload_bps", types.RATE, "Speed at the data cap."),
    ("--overdue-days", "overdue_days", types.NUMBER, "Days after an invoice's due date, until it is overdue."),
    ("--second-notice-days", "second_notice_days", types.NUMBER, "Until the second notice."),
    ("--suspension-days", "suspension_days", types.NUMBER, "Until suspension."),
    ("--discount", "discount_percent", types.PERCENT, "Off the packages' prices, in percent: 7.5."),
    ("--default-package", "default_package_id", types.TEXT, "What an account has that is given no package."),
]
_credit = types.switch(
    "requires_credit_limit",
    "require-credit-limit",
    "no-credit-limit",
    "Whether what costs wants a credit limit of the customer, and that it owes no more.",
)
_reply_message = types.switch(
    "sends_reply_message", "reply-message", "no-reply-message", "Whether a refusal says why, as Reply-Message."
)


@click.group(cls=LazyGroup)
def group() -> None:
    """Customer groups: on or off for all their customers, and how each refused state is treated."""


@group.command(
    "add",
    example="tollkeeper group add Homes --expired garden --garden-pool expired --reply-message",
    keys=f"group ({_KEYS})",
)
@click.argument("name")
@click.option("--reseller", help="Whose group it is: the operator's own, unless said.")
@types.columns(_OPTIONS, clears=False)
@_credit
@_reply_message
def add(name: str, reseller: str | None, **columns: Any) -> output.Result:
    """Add a group. Treatments are reject unless said otherwise."""
    from provisioning import database
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        row = groups.add(session, name, reseller=reseller, **_values(session, columns))
        view = views.groups(session, [row])[0]
    return output.added("group", name, view)


@group.command("list", example="tollkeeper group list --disabled", keys=f"a list of ({_KEYS})")
@types.switch("enabled", "enabled", "disabled", "Only those.")
@types.paging("group name")
def listing(enabled: bool | None, after: str | None, limit: int, offset: int) -> output.Result:
    """List groups by name."""
    from provisioning import database
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        found = groups.listing(session, enabled=enabled, after=after or "", limit=limit, offset=offset)
        return output.Listing(views.groups(session, found), _COLUMNS).result()


@group.command("show", example="tollkeeper group show Homes", keys=_KEYS)
@click.argument("name")
def show(name: str) -> output.Result:
    """Show all there is to know of a group."""
    from provisioning import database
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        return output.shown(views.groups(session, [groups.find(session, name)])[0])


@group.command(
    "edit",
    example="tollkeeper group edit Homes --cap throttle --throttle-download 1M --throttle-upload 512k",
    keys=f"group ({_KEYS}), changed (column: [before, after])",
)
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@click.option("--version", type=types.NUMBER, help="Only if it still is of this version, as `show` has it.")
@types.columns(_OPTIONS, clears=True)
@_credit
@_reply_message
def edit(name: str, new_name: str | None, **columns: Any) -> output.Result:
    """Change a group, with effect on all its customers at once. `none` clears an option."""
    return _change(name, "edit", name=new_name, **columns)


@group.command("enable", example="tollkeeper group enable Homes", keys="group, changed")
@click.argument("name")
def enable(name: str) -> output.Result:
    """Let the customers of a group in again."""
    return _change(name, "enable")


@group.command("disable", example="tollkeeper group disable Homes", keys="group, changed")
@click.argument("name")
def disable(name: str) -> output.Result:
    """Treat all customers of a group as its --group-disabled says."""
    return _change(name, "disable")


@group.command("remove", example="tollkeeper group remove Homes", keys="removed")
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove a group without customers."""
    from provisioning import database
    from provisioning import group as groups

    with database.transaction() as session:
        groups.remove(session, groups.find(session, name))
    return output.removed("group", name)


def _change(of: str, verb: str, **columns: Any) -> output.Result:
    from provisioning import database
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        row = groups.find(session, of)
        before = views.groups(session, [row])[0]
        changes = getattr(groups, verb)(session, row, **_values(session, columns))
        view = views.groups(session, [row])[0]
    return output.changed("group", of, view, views.named(changes, before, view))


def _values(session: "Session", columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options given as columns; the default package by its id."""
    from provisioning import package as packages

    values = types.given(columns)
    if values.get("default_package_id") is not None:
        values["default_package_id"] = packages.find(session, values["default_package_id"]).id
    return values
