"""What the commands of accounts have in common: columns as options, keys of JSON, where a password comes from."""

from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import secrets, types
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

KEYS = (
    "id, user_name, customer, package, password_kind (sealed|one-way|none), state (active|cancelled|blocked|expired|"
    "suspended|cap reached), blocked, suspended, cap_reached, prepaid, expires_at, sessions_allowed, price_cents,"
    " topup_price_cents, effective_price_cents (after the group's discount), cancelled_at, lock_to_devices,"
    " ipv4_address, ipv4_netmask, ipv6_prefix, delegated_ipv6_prefix, routes, vlan_id, reply_attributes, version,"
    " created_at"
)
CHANGED = f"account ({KEYS}), changed (column: [before, after])"
OPTIONS: list[types.Spec] = [
    ("--expires", "expires_at", types.TIME, "From when on it is refused: 2027-01-31T18:00+02:00, +30d."),
    ("--sessions", "sessions_allowed", types.NUMBER, "How many at once, over the package's."),
    ("--price", "price_cents", types.MONEY, "A month, over the package's; no discount goes off it."),
    ("--topup-price", "topup_price_cents", types.MONEY, "Of a top-up, over the package's."),
    ("--ipv4", "ipv4_address", types.TEXT, "A static address."),
    ("--ipv4-netmask", "ipv4_netmask", types.TEXT, "Its netmask, where it is not 255.255.255.255."),
    ("--ipv6-prefix", "ipv6_prefix", types.TEXT, "A static prefix of the link: 2001:db8:1::/64."),
    ("--delegated-ipv6-prefix", "delegated_ipv6_prefix", types.TEXT, "A static prefix delegated: 2001:db8:100::/48."),
    ("--route", "routes", types.ROUTE, "A route to it: '198.51.100.0/24 192.0.2.10 1'. Repeat."),
    ("--vlan", "vlan_id", types.NUMBER, "1 to 4094."),
    ("--reply", "reply_attributes", types.REPLY, "A further attribute: 'Filter-Id=gold'. Repeat."),
]
lock = types.switch("lock_to_devices", "lock-to-devices", "any-device", "Whether only its devices may use it.")
only_nas = click.option("--nas", "nas_names", multiple=True, help="Only this NAS may authenticate it. Repeat.")
pap_only = click.option(
    "--pap-only", is_flag=True, help="Keep the password one-way: PAP works, CHAP and MS-CHAP cannot."
)
no_password = click.option(
    "--no-password", is_flag=True, help="None: a certificate or a device's MAC authenticates it."
)
shared_vlan = click.option("--shared-vlan", is_flag=True, help="Another customer may have its VLAN too.")


def password_of(options: dict[str, Any]) -> tuple[str | None, bool]:
    """Take the password's options out; return the password and whether it was generated."""
    chosen = {name: options.pop(name) for name in ("password_file", "password_stdin", "generate", "no_password")}
    if sum(bool(value) for value in chosen.values()) > 1:
        raise BadInput("two sources for one password", "Choose one.")
    if chosen.pop("no_password"):
        return None, False
    return secrets.password(file=chosen["password_file"], stdin=chosen["password_stdin"], generate=chosen["generate"])


def ids_of_nas(session: "Session", names: tuple[str, ...]) -> list[int]:
    """Return the ids of NAS by name."""
    from provisioning import nas as routers

    return [routers.find(session, name).id for name in names]


def time_zone(session: "Session", customer_id: int) -> str | None:
    """Return where the customer is; None for where the provider is."""
    from provisioning.models import Customer

    return session.get_one(Customer, customer_id).time_zone


def resolve_expiry(session: "Session", values: dict[str, Any], zone: str | None) -> None:
    """Put a moment in the place of a bare date."""
    from provisioning import moments

    if values.get("expires_at") is not None:
        values["expires_at"] = moments.resolve(session, values["expires_at"], zone)
