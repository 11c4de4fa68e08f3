"""Client devices by their MAC: whether an account may be used from them, whether the MAC alone lets them in.

A device is at an account, or in the inventory of a reseller (or the provider), to be given to the next customer.
"""

from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import database, rows, units
from provisioning.acts import act, check_may_view
from provisioning.errors import Conflict
from provisioning.models import Account, Customer, Device
from provisioning.rows import Changes


class Columns(TypedDict, total=False):
    """What can be set besides MAC and account; as in schema.sql."""

    authorised: bool
    mac_auth: bool
    description: str | None


class Edits(Columns, total=False):
    """What can be changed."""

    account_id: int


@act("account")
def add(session: Session, mac: str, *, account_id: int, **columns: Unpack[Columns]) -> Device:
    """Add a device to an account."""
    device = Device(mac=units.parse_mac(mac), account_id=account_id)
    rows.put(device, columns)
    return rows.add(session, device)


@act("account")
def add_to_inventory(session: Session, mac: str, *, reseller_id: int | None, **columns: Unpack[Columns]) -> Device:
    """Add a device to a reseller's inventory, None for the provider's."""
    device = Device(mac=units.parse_mac(mac), reseller_id=reseller_id)
    rows.put(device, columns)
    return rows.add(session, device)


@act("account")
def assign(session: Session, device: Device, *, account_id: int, **columns: Unpack[Columns]) -> Changes:
    """Give a device of the inventory to an account; raise `Conflict` for one that is at an account."""
    if device.account_id not in (None, account_id):
        raise Conflict(
            f"device {device.mac} is at another account", f"Take it back first: tollkeeper device return {device.mac}."
        )
    return edit(session, device, account_id=account_id, **columns)


@act("account")
def take_back(session: Session, device: Device) -> Changes:
    """Take a device back into the inventory of its customer's reseller; its MAC alone lets nobody in any more."""
    if device.account_id is not None:
        owner = select(Customer.reseller_id).join(Account, Account.customer_id == Customer.id)
        device.reseller_id = session.scalar(owner.where(Account.id == device.account_id))
    rows.put(device, {"account_id": None, "mac_auth": False})
    return rows.save(session, device)


@act("account")
def edit(session: Session, device: Device, **columns: Unpack[Edits]) -> Changes:
    """Change a device."""
    rows.put(device, columns)
    return rows.save(session, device)


@act("account")
def remove(session: Session, device: Device) -> None:
    """Forget a device."""
    session.delete(device)
    database.flush(session)


def find(session: Session, mac: str) -> Device:
    """Return the device of this MAC, in any vendor's writing."""
    return rows.find(session, Device, Device.mac, units.parse_mac(mac))


def listing(
    session: Session,
    *,
    account_id: int | None = None,
    authorised: bool | None = None,
    inventory: bool | None = None,
    after: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Device]:
    """Return devices by MAC, from the one behind `after` on; None for a filter that is not wanted."""
    check_may_view(session, "account")
    query = select(Device).order_by(Device.mac)
    wanted = {"account_id": account_id, "authorised": authorised}
    query = query.filter_by(**{column: value for column, value in wanted.items() if value is not None})
    if inventory is not None:
        query = query.where(Device.account_id.is_(None) if inventory else Device.account_id.is_not(None))
    if after is not None:
        query = query.where(Device.mac > units.parse_mac(after))
    return list(session.scalars(query.limit(limit).offset(offset)))
