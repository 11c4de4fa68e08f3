"""tollkeeper device: client devices by their MAC."""

from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

_COLUMNS = ("mac", "account", "authorised", "mac_auth", "description")
_KEYS = "id, mac, account, reseller, authorised, mac_auth, description, created_at"
_CHANGED = f"device ({_KEYS}), changed (column: [before, after])"
_OPTIONS: list[types.Spec] = [("--description", "description", types.TEXT, "What it is, where it stands.")]
_authorised = types.switch("authorised", "authorised", "unauthorised", "Whether its account may be used from it.")
_mac_auth = types.switch("mac_auth", "mac-auth", "no-mac-auth", "Whether the MAC alone lets it in.")


@click.group(cls=LazyGroup)
def device() -> None:
    """Client devices by their MAC, in any vendor's writing."""


@device.command(
    "add",
    example="tollkeeper device add frikkie@example 00-00-5E-00-53-01 --mac-auth --description 'roof radio'",
    keys=f"device ({_KEYS})",
)
@click.argument("user_name")
@click.argument("mac", type=types.MAC)
@_authorised
@_mac_auth
@types.columns(_OPTIONS, clears=False)
def add(user_name: str, mac: str, **columns: Any) -> output.Result:
    """Add a device to an account."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import device as devices
    from provisioning.cli import views

    with database.transaction() as session:
        owner = accounts.find(session, user_name)
        row = devices.add(session, mac, account_id=owner.id, **types.given(columns))
        view = views.devices(session, [row])[0]
    return output.added("device", mac, view)


@device.command("list", example="tollkeeper device list --account frikkie@example", keys=f"a list of ({_KEYS})")
@click.option("--account", help="Only of this account.")
@types.switch("authorised", "authorised", "unauthorised", "Only those.")
@types.paging("MAC")
def listing(account: str | None, **filters: Any) -> output.Result:
    """List devices by MAC."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import device as devices
    from provisioning.cli import views

    with database.transaction() as session:
        account_id = None if account is None else accounts.find(session, account).id
        found = devices.listing(session, account_id=account_id, **filters)
        return output.Listing(views.devices(session, found), _COLUMNS).result()


@device.command("edit", example="tollkeeper device edit 00:00:5e:00:53:01 --unauthorised", keys=_CHANGED)
@click.argument("mac", type=types.MAC)
@click.option("--account", help="Move it to this account.")
@_authorised
@_mac_auth
@types.columns(_OPTIONS, clears=True)
def edit(mac: str, account: str | None, **columns: Any) -> output.Result:
    """Change a device. `none` clears its description."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import device as devices
    from provisioning.cli import views

    values = types.given(columns)
    with database.transaction() as session:
        row = devices.find(session, mac)
        before = views.devices(session, [row])[0]
        if account is not None:
            values["account_id"] = accounts.find(session, account).id
        changes = devices.edit(session, row, **values)
        view = views.devices(session, [row])[0]
    return output.changed("device", mac, view, views.named(changes, before, view))


@device.command("remove", example="tollkeeper device remove 00:00:5e:00:53:01", keys="removed")
@click.argument("mac", type=types.MAC)
def remove(mac: str) -> output.Result:
    """Take a device away from its account."""
    from provisioning import database
    from provisioning import device as devices

    with database.transaction() as session:
        devices.remove(session, devices.find(session, mac))
    return output.removed("device", mac)
