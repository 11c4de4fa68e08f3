"""tollkeeper device: client devices by their MAC."""

from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

_COLUMNS = ("mac", "account", "reseller", "authorised", "mac_auth", "description")
_KEYS = "id, mac, account (null: in the inventory), reseller, authorised, mac_auth, description, created_at"
_CHANGED = f"device ({_KEYS}), changed (column: [before, after])"
_OPTIONS: list[types.Spec] = [("--description", "description", types.TEXT, "What it is, where it stands.")]
_authorised = types.switch("authorised", "authorised", "unauthorised", "Whether its account may be used from it.")
_mac_auth = types.switch("mac_auth", "mac-auth", "no-mac-auth", "Whether the MAC alone lets it in.")


@click.group(cls=LazyGroup)
def device() -> None:
    """Client devices by their MAC, in any vendor's writing: at an account, or in the inventory."""


@device.command(
    "add",
    example="tollkeeper device add frikkie@example 00-00-5E-00-53-01 --mac-auth --description 'roof radio'",
    keys=f"device ({_KEYS})",
)
@click.argument("words", nargs=-1, required=True, metavar="[USER_NAME] MAC")
@click.option("--inventory", is_flag=True, help="To no account: MAC alone is said.")
@click.option("--reseller", help="In whose inventory; the operator's own, unless said.")
@_authorised
@_mac_auth
@types.columns(_OPTIONS, clears=False)
def add(words: tuple[str, ...], inventory: bool, reseller: str | None, **columns: Any) -> output.Result:
    """Add a device to an account, or to the inventory."""
    from provisioning import account as accounts
    from provisioning import acting, database
    from provisioning import device as devices
    from provisioning.cli import views

    if len(words) != (1 if inventory else 2) or (reseller is not None and not inventory):
        raise BadInput("a device goes to an account, or into the inventory", "Say USER_NAME MAC, or --inventory MAC.")
    values = types.given(columns)
    with database.transaction() as session:
        if inventory:
            owner = acting.own_reseller_id(session) if reseller is None else acting.reseller_id(session, reseller)
            row = devices.add_to_inventory(session, words[0], reseller_id=owner, **values)
        else:
            row = devices.add(session, words[1], account_id=accounts.find(session, words[0]).id, **values)
        view = views.devices(session, [row])[0]
    return output.added("device", view["mac"], view)


@device.command("list", example="tollkeeper device list --account frikkie@example", keys=f"a list of ({_KEYS})")
@click.option("--account", help="Only of this account.")
@types.switch("inventory", "inventory", "in-use", "Only those in the inventory, or at an account.")
@types.switch("authorised", "authorised", "unauthorised", "Only those.")
@types.paging("MAC")
def listing(account: str | None, **filters: Any) -> output.Result:
    """List devices by MAC."""
    from provisioning import account as accounts
    from provisioning import acts, database
    from provisioning import device as devices
    from provisioning.cli import views

    with database.transaction() as session:
        acts.check_may_view(session, "account")
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
    values = types.given(columns)
    return _change(mac, "edit", account, values)


@device.command("assign", example="tollkeeper device assign 00:00:5e:00:53:01 frikkie@example", keys=_CHANGED)
@click.argument("mac", type=types.MAC)
@click.argument("account")
@_mac_auth
def assign(mac: str, account: str, **columns: Any) -> output.Result:
    """Give a device of the inventory to an account."""
    return _change(mac, "assign", account, types.given(columns))


@device.command("return", example="tollkeeper device return 00:00:5e:00:53:01", keys=_CHANGED)
@click.argument("mac", type=types.MAC)
def take_back(mac: str) -> output.Result:
    """Take a device back into the inventory of its customer's reseller.

    Its MAC alone lets nobody in any more; whether it is authorised stays.
    """
    return _change(mac, "take_back", None, {})


@device.command("remove", example="tollkeeper device remove 00:00:5e:00:53:01", keys="removed")
@click.argument("mac", type=types.MAC)
def remove(mac: str) -> output.Result:
    """Forget a device, at an account or in the inventory."""
    from provisioning import database
    from provisioning import device as devices

    with database.transaction() as session:
        devices.remove(session, devices.find(session, mac))
    return output.removed("device", mac)


def _change(mac: str, operation: str, account: str | None, values: dict[str, Any]) -> output.Result:
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import device as devices
    from provisioning.cli import views

    with database.transaction() as session:
        row = devices.find(session, mac)
        before = views.devices(session, [row])[0]
        if account is not None:
            values["account_id"] = accounts.find(session, account).id
        changes = getattr(devices, operation)(session, row, **values)
        view = views.devices(session, [row])[0]
    return output.changed("device", mac, view, views.named(changes, before, view))
