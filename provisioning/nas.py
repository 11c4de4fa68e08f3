"""Routers that may ask: where they send from, the secret shared with them, which vendor's words they understand."""

from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import addresses, expressible, passwords, rows
from provisioning.acts import act, check_may_view
from provisioning.errors import Conflict
from provisioning.models import Nas
from provisioning.rows import Changes
from vault.sealed import NAS_SECRET, NotOurs, Seal


class Columns(TypedDict, total=False):
    """What can be set besides name, address and secret; as in schema.sql."""

    vendor: str
    coa_port: int
    requires_message_authenticator: bool
    takes_coa: bool | None
    takes_disconnect: bool
    coa_packets_a_second: int


class Edits(Columns, total=False):
    """What can be changed."""

    name: str
    address: str


@act("nas")
def add(session: Session, name: str, *, address: str, secret: str, seal: Seal, **columns: Unpack[Columns]) -> Nas:
    """Add a NAS, which may ask from this moment on; refuse a vendor that cannot be told the existing speeds."""
    nas = Nas(secret=passwords.seal_secret(secret, seal))
    expressible.check_vendor(session, columns.get("vendor", "generic"))
    rows.put(nas, {"name": name, "address": addresses.host(address), **columns})
    return rows.add(session, nas)


@act("nas")
def edit(session: Session, nas: Nas, **columns: Unpack[Edits]) -> Changes:
    """Change a NAS."""
    if "address" in columns:
        columns["address"] = addresses.host(columns["address"])
    if "vendor" in columns:
        expressible.check_vendor(session, columns["vendor"])
    rows.put(nas, columns)
    return rows.save(session, nas)


@act("nas")
def change_secret(session: Session, nas: Nas, *, secret: str, seal: Seal) -> Changes:
    """Give a NAS another secret; the router must be given it too."""
    nas.secret = passwords.seal_secret(secret, seal)
    return rows.save(session, nas)


def open_secret(nas: Nas, seal: Seal) -> str:
    """Return the secret itself."""
    try:
        return seal.open(nas.secret, NAS_SECRET).decode()
    except NotOurs as exc:
        raise Conflict(f"the secret of NAS {nas.name} does not open with this key", passwords.OTHER_KEY) from exc


@act("nas")
def remove(session: Session, nas: Nas) -> None:
    """Remove a NAS; refused while accounts are bound to it."""
    rows.remove(session, nas)


def find(session: Session, name: str) -> Nas:
    """Return the NAS of this name."""
    return rows.find(session, Nas, Nas.name, name)


def find_by_address(session: Session, address: str) -> Nas | None:
    """Return the NAS that sends from this address, None where none does."""
    return session.scalars(select(Nas).where(Nas.address == address)).one_or_none()


def listing(
    session: Session, *, vendor: str | None = None, after: str = "", limit: int = 100, offset: int = 0
) -> list[Nas]:
    """Return NAS by name, from the one behind `after` on."""
    check_may_view(session, "nas")
    query = select(Nas).where(Nas.name > after).order_by(Nas.name)
    if vendor is not None:
        query = query.where(Nas.vendor == vendor)
    return list(session.scalars(query.limit(limit).offset(offset)))
