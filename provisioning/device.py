"""Client devices by their MAC: whether an account may be used from them, whether the MAC alone lets them in."""

from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import database, rows, units
from provisioning.acts import act
from provisioning.models import Device
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
def edit(session: Session, device: Device, **columns: Unpack[Edits]) -> Changes:
    """Change a device."""
    rows.put(device, columns)
    return rows.save(session, device)


@act("account")
def remove(session: Session, device: Device) -> None:
    """Take a device away from its account."""
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
    after: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Device]:
    """Return devices by MAC, from the one behind `after` on; None for a filter that is not wanted."""
    query = select(Device).order_by(Device.mac)
    wanted = {"account_id": account_id, "authorised": authorised}
    query = query.filter_by(**{column: value for column, value in wanted.items() if value is not None})
    if after is not None:
        query = query.where(Device.mac > units.parse_mac(after))
    return list(session.scalars(query.limit(limit).offset(offset)))
