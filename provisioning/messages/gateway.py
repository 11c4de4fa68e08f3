"""By whom messages leave: a mail server, an SMS provider's HTTP interface; one of each.

The password, or token, is sealed; nobody is shown it again. Who changes a gateway probably mends it: what waits for the
next try is tried at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from typing import Any, TypedDict, Unpack

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import particulars, passwords, rows
from provisioning.acts import act, check_may_view
from provisioning.errors import BadInput, Conflict, NotFound
from provisioning.messages import fields, rendering
from provisioning.messages.addressee import Channel
from provisioning.models import MessageGateway
from provisioning.rows import Changes
from vault.sealed import GATEWAY_SECRET, NotOurs, Seal

PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)  # token, RFC 9110 5.6.2
_AGAIN = text(
    "UPDATE message SET not_before = date_trunc('second', now())"
    " WHERE channel = CAST(:channel AS message_channel) AND state = 'queued' AND attempts > 0 AND not_before > now()"
)


class Columns(TypedDict, total=False):
    """What can be set besides the secret; as in schema.sql."""

    enabled: bool
    sender: str
    host: str | None
    port: int | None
    tls: str | None
    url: str | None
    method: str | None
    body: str | None
    headers: dict[str, str]
    user_name: str | None
    messages_a_second: int


@dataclass(frozen=True)
class Gateway:
    """A gateway as it is used, its secret open."""

    channel: Channel
    sender: str
    user_name: str | None
    secret: str | None = field(repr=False)
    messages_a_second: int = 10
    host: str = ""
    port: int = 0
    tls: str = "none"
    url: str = ""
    method: str = "POST"
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def find(session: Session, channel: str) -> MessageGateway:
    """Return the gateway of a channel."""
    check_may_view(session, "node")
    found = session.get(MessageGateway, channel)
    if found is None:
        raise NotFound(f"there is no gateway for {channel}", f"Set one: tollkeeper message gateway set {channel}.")
    return found


@act("node")
def put(
    session: Session,
    channel: Channel,
    *,
    seal: Seal,
    secret: str | None = None,
    without_secret: bool = False,
    **columns: Unpack[Columns],
) -> Changes:
    """Set a gateway, or what is given of it; raise `BadInput`."""
    gateway = session.get(MessageGateway, channel)
    is_new = gateway is None
    if gateway is None:
        defaults: dict[str, Any] = {"tls": "starttls"} if channel == "email" else {"method": "POST"}
        columns = {**defaults, **columns}  # type: ignore[typeddict-item]
        gateway = MessageGateway(channel=channel, headers={})
    columns = _checked(channel, columns)
    if channel == "email" and "port" not in columns and ("tls" in columns or is_new):
        columns["port"] = PORTS.get(columns.get("tls") or "", 25)
    rows.put(gateway, columns)
    if secret is not None or without_secret:
        gateway.secret = None if secret is None else seal.seal(_typed(secret).encode(), GATEWAY_SECRET)
    if gateway.tls == "none" and gateway.user_name is not None:
        raise BadInput("a password would go over the network in clear", "Use --tls starttls, or leave out --user.")
    if is_new:
        rows.add(session, gateway)
        return {}
    changes = rows.save(session, gateway)
    session.execute(_AGAIN, {"channel": channel})
    return changes


@act("node")
def remove(session: Session, gateway: MessageGateway) -> None:
    """Remove a gateway; messages wait until there is another one."""
    rows.remove(session, gateway)


def opened(row: Mapping[str, Any], seal: Seal | None) -> Gateway:
    """Return a gateway as it is used, from its columns; without a secret no seal is needed."""
    columns = {name: row[name] for name in Gateway.__dataclass_fields__ if row[name] is not None and name != "secret"}
    columns.setdefault("user_name", None)
    return Gateway(**columns, secret=_open(bytes(row["secret"]), seal) if row["secret"] is not None and seal else None)


def _open(sealed: bytes, seal: Seal) -> str:
    try:
        return seal.open(sealed, GATEWAY_SECRET).decode()
    except NotOurs as exc:
        raise Conflict("the gateway's password does not open with this key", passwords.OTHER_KEY) from exc


def address(sender: str) -> Address:
    """Return the sender of e-mails from `Name <name@example.net>`, or the address alone; raise `BadInput`."""
    name, opens, rest = sender.rpartition("<")
    mailbox = particulars.email(rest.rstrip().removesuffix(">") if opens else sender.strip())
    if not mailbox.isascii():
        raise BadInput(f"{mailbox!r} is not ASCII", "Servers may refuse such a sender; use another address.")
    local, _, domain = mailbox.rpartition("@")
    return Address(rendering.one_line(name).strip('"'), local, domain)


def _checked(channel: Channel, columns: Columns) -> Columns:
    foreign = {"url", "method", "body", "headers"} if channel == "email" else {"host", "port", "tls"}
    if given := sorted(foreign & {*columns}):
        raise BadInput(f"a gateway for {channel} has no {given[0]}", "See: tollkeeper message gateway set --help.")
    if channel == "email" and columns.get("sender"):
        address(columns["sender"])
    for part in ("url", "body"):
        if isinstance(template := columns.get(part), str):
            rendering.check(template, fields.OF_A_REQUEST)
    for name, value in columns.get("headers", {}).items():
        if not _HEADER.fullmatch(name):
            raise BadInput(f"{name!r} is not the name of a header", "Write it as 'Content-Type: application/json'.")
        rendering.check(value, fields.OF_A_REQUEST)
    return columns


def _typed(secret: str) -> str:
    rows.check_text(secret, "the password")
    if not secret:
        raise BadInput("the password is empty", "Use --no-password for none.")
    return secret
