"""tollkeeper package: what is sold."""

from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

_COLUMNS = ("name", "download_bps", "upload_bps", "cap_octets", "price_cents", "sessions_allowed", "time_bands")
_KEYS = (
    "id, name, download_bps, upload_bps, burst_download_bps, burst_upload_bps, burst_threshold_download_bps,"
    " burst_threshold_upload_bps, burst_seconds, priority, cap_octets, cap_treatment, throttle_download_bps,"
    " throttle_upload_bps, price_cents, topup_price_cents, sessions_allowed, session_seconds, idle_seconds,"
    " interim_seconds, ipv4_pool, ipv6_pool, delegated_ipv6_pool, reply_attributes, time_bands, profiles, reseller,"
    " version, created_at"
)
_AT_CAP = types.Choice(["reject", "garden", "throttle"])
_OPTIONS: list[types.Spec] = [
    ("--download", "download_bps", types.RATE, "Speed to the customer: 50M, 512k, 1.5G."),
    ("--upload", "upload_bps", types.RATE, "Speed from the customer."),
    ("--burst-download", "burst_download_bps", types.RATE, "Speed for a moment."),
    ("--burst-upload", "burst_upload_bps", types.RATE, "Speed for a moment."),
    ("--burst-threshold-download", "burst_threshold_download_bps", types.RATE, "Average below which it may burst."),
    ("--burst-threshold-upload", "burst_threshold_upload_bps", types.RATE, "Average below which it may burst."),
    ("--burst-time", "burst_seconds", types.DURATION, "Over how long the average is taken."),
    ("--priority", "priority", types.NUMBER, "1 (first) to 8, where routers know one."),
    ("--cap", "cap_octets", types.OCTETS, "Data a month: 100GB, 1TB; without it, uncapped."),
    ("--at-cap", "cap_treatment", _AT_CAP, "What happens at the cap; without it, as the group says."),
    ("--throttle-download", "throttle_download_bps", types.RATE, "Speed at the cap."),
    ("--throttle-upload", "throttle_upload_bps", types.RATE, "Speed at the cap."),
    ("--price", "price_cents", types.MONEY, "A month: 499 or 499.50."),
    ("--topup-price", "topup_price_cents", types.MONEY, "Of a top-up."),
    ("--sessions", "sessions_allowed", types.NUMBER, "How many at once; without it, any number."),
    ("--session-limit", "session_seconds", types.DURATION, "How long a session lasts at most: 1d."),
    ("--idle-limit", "idle_seconds", types.DURATION, "After how long without traffic it ends: 15m."),
    ("--interim", "interim_seconds", types.DURATION, "How often routers report usage: 5m."),
    ("--ipv4-pool", "ipv4_pool", types.TEXT, "Name of the routers' pool."),
    ("--ipv6-pool", "ipv6_pool", types.TEXT, "Name of the routers' pool."),
    ("--delegated-ipv6-pool", "delegated_ipv6_pool", types.TEXT, "Name of the routers' pool of prefixes."),
    ("--band", "time_bands", types.BAND, "Other speeds at certain hours: 'mon-fri 18:00-23:00 20M/5M'. Repeat."),
    ("--profile", "profiles", types.PROFILE, "Its name on a vendor's routers: huawei=DOWN/UP. Repeat."),
    ("--reply", "reply_attributes", types.REPLY, "A further attribute: 'Filter-Id=gold'. Repeat."),
]


@click.group(cls=LazyGroup)
def package() -> None:
    """Packages: speed, data cap, price, limits, address pools."""


@package.command(
    "add",
    example="tollkeeper package add 'Home 50' --download 50M --upload 10M --cap 1TB --price 499"
    " --band 'daily 00:00-06:00 100M/20M'",
    keys=f"package ({_KEYS})",
)
@click.argument("name")
@click.option("--reseller", help="Whose package it is: the operator's own, unless said.")
@types.columns(_OPTIONS, clears=False)
def add(name: str, reseller: str | None, **columns: Any) -> output.Result:
    """Add a package. A speed that routers in use cannot be told needs a --profile of their vendor."""
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    with database.transaction() as session:
        row = packages.add(session, name, reseller=reseller, **_given(columns))
        view = views.packages(session, [row])[0]
    return output.added("package", name, view)


@package.command("list", example="tollkeeper package list --limit 20", keys=f"a list of ({_KEYS})")
@types.paging("package name")
def listing(after: str | None, limit: int, offset: int) -> output.Result:
    """List packages by name."""
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    with database.transaction() as session:
        found = packages.listing(session, after=after or "", limit=limit, offset=offset)
        return output.Listing(views.packages(session, found), _COLUMNS).result()


@package.command("show", example="tollkeeper package show 'Home 50'", keys=_KEYS)
@click.argument("name")
def show(name: str) -> output.Result:
    """Show all there is to know of a package."""
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    with database.transaction() as session:
        return output.shown(views.packages(session, [packages.find(session, name)])[0])


@package.command(
    "edit",
    example="tollkeeper package edit 'Home 50' --download 60M --upload 12M --cap none",
    keys=f"package ({_KEYS}), changed (column: [before, after])",
)
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@click.option("--version", type=types.NUMBER, help="Only if it still is of this version, as `show` has it.")
@types.columns(_OPTIONS, clears=True)
def edit(name: str, new_name: str | None, **columns: Any) -> output.Result:
    """Change a package for all its accounts. `none` clears an option; repeated options are replaced whole."""
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    with database.transaction() as session:
        row = packages.find(session, name)
        changes = packages.edit(session, row, **_given({"name": new_name, **columns}))
        view = views.packages(session, [row])[0]
    return output.changed("package", name, view, changes)


@package.command("remove", example="tollkeeper package remove 'Home 50'", keys="removed")
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove a package that no account has."""
    from provisioning import database
    from provisioning import package as packages

    with database.transaction() as session:
        packages.remove(session, packages.find(session, name))
    return output.removed("package", name)


def _given(columns: dict[str, Any]) -> dict[str, Any]:
    values = types.given(columns)
    if "profiles" in values:
        values["profiles"] = dict(values["profiles"])
    return values
