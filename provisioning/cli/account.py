"""tollkeeper account: the RADIUS users."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import online, output, secrets, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_COLUMNS = ("user_name", "customer", "package", "state", "expires_at", "ipv4_address")
_KEYS = (
    "id, user_name, customer, package, password_kind (sealed|one-way|none), state (active|blocked|expired|suspended|cap"
    " reached), blocked, suspended, cap_reached,"
    " expires_at, sessions_allowed, price_cents, topup_price_cents, cancelled_at, lock_to_devices, ipv4_address,"
    " ipv4_netmask, ipv6_prefix, delegated_ipv6_prefix, routes, vlan_id, reply_attributes, version, created_at"
)
_CHANGED = f"account ({_KEYS}), changed (column: [before, after])"
_OPTIONS: list[types.Spec] = [
    ("--expires", "expires_at", types.TIME, "From when on it is refused: 2027-01-31T18:00+02:00, +30d."),
    ("--sessions", "sessions_allowed", types.NUMBER, "How many at once, over the package's."),
    ("--price", "price_cents", types.MONEY, "A month, over the package's."),
    ("--ipv4", "ipv4_address", types.TEXT, "A static address."),
    ("--ipv4-netmask", "ipv4_netmask", types.TEXT, "Its netmask, where it is not 255.255.255.255."),
    ("--ipv6-prefix", "ipv6_prefix", types.TEXT, "A static prefix of the link: 2001:db8:1::/64."),
    ("--delegated-ipv6-prefix", "delegated_ipv6_prefix", types.TEXT, "A static prefix delegated: 2001:db8:100::/48."),
    ("--route", "routes", types.ROUTE, "A route to it: '198.51.100.0/24 192.0.2.10 1'. Repeat."),
    ("--vlan", "vlan_id", types.NUMBER, "1 to 4094."),
    ("--reply", "reply_attributes", types.REPLY, "A further attribute: 'Filter-Id=gold'. Repeat."),
]
_lock = types.switch("lock_to_devices", "lock-to-devices", "any-device", "Whether only its devices may use it.")
_only_nas = click.option("--nas", "nas_names", multiple=True, help="Only this NAS may authenticate it. Repeat.")
_pap_only = click.option(
    "--pap-only", is_flag=True, help="Keep the password one-way: PAP works, CHAP and MS-CHAP cannot."
)


@click.group(cls=LazyGroup)
def account() -> None:
    """Data accounts: the RADIUS users of a customer."""


@account.command(
    "add",
    example="tollkeeper account add frikkie@example --customer FRI001 --package 'Home 50' --generate",
    keys=f"account ({_KEYS}), password (where generated)",
)
@click.argument("user_name")
@click.option("--customer", required=True, help="Account code of the customer it belongs to.")
@click.option("--package", required=True, help="The package it has.")
@secrets.password_options("a password")
@click.option("--no-password", is_flag=True, help="None: a certificate or a device's MAC authenticates it.")
@_pap_only
@_only_nas
@types.columns(_OPTIONS, clears=False)
@_lock
def add(
    user_name: str, customer: str, package: str, pap_only: bool, nas_names: tuple[str, ...], **options: Any
) -> output.Result:
    """Add an account. Its password is asked for, unless an option says where it is."""
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    password, generated = _password(options)
    seal = secrets.open_seal()
    values = types.given(options)
    with database.transaction() as session:
        owner = customers.find(session, customer)
        _resolve_expiry(session, values, owner.time_zone)
        row = accounts.add(
            session,
            user_name,
            customer_id=owner.id,
            package_id=packages.find(session, package).id,
            password=password,
            pap_only=pap_only,
            seal=seal,
            nas_ids=_nas_ids(session, nas_names),
            **values,
        )
        view = views.accounts(session, [row])[0]
    return output.added("account", user_name, view, **({"password": password} if password and generated else {}))


@account.command("list", example="tollkeeper account list --package 'Home 50' --blocked", keys=f"a list of ({_KEYS})")
@click.option("--customer", help="Only of this customer.")
@click.option("--package", help="Only with this package.")
@types.switch("blocked", "blocked", "not-blocked", "Only those.")
@types.switch("suspended", "suspended", "not-suspended", "Only those.")
@types.switch("expired", "expired", "not-expired", "Only those, by the account's own date.")
@types.paging("user name")
def listing(customer: str | None, package: str | None, after: str | None, **filters: Any) -> output.Result:
    """List accounts by user name."""
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    with database.transaction() as session:
        found = accounts.listing(
            session,
            customer_id=None if customer is None else customers.find(session, customer).id,
            package_id=None if package is None else packages.find(session, package).id,
            after=after or "",
            **filters,
        )
        return output.Listing(views.accounts(session, found), _COLUMNS).result()


@account.command("show", example="tollkeeper account show frikkie@example", keys=f"{_KEYS}, nas (names), {online.KEYS}")
@click.argument("user_name")
def show(user_name: str) -> output.Result:
    """Show all there is to know of an account but its password."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning.cli import views
    from provisioning.models import Customer

    with database.transaction() as session:
        row = accounts.find(session, user_name)
        names = views.nas_names(session, accounts.bound_nas_ids(session, row))
        view = views.accounts(session, [row])[0] | {"nas": names}
        return online.shown(session, view, session.get_one(Customer, row.customer_id), [row.id])


@account.command(
    "edit", example="tollkeeper account edit frikkie@example --package 'Home 100' --ipv4 192.0.2.10", keys=_CHANGED
)
@click.argument("user_name")
@click.option("--user-name", "new_user_name", help="Another user name.")
@click.option("--package", help="Another package, from the next Access-Request on.")
@_only_nas
@click.option("--any-nas", is_flag=True, help="Every NAS may authenticate it.")
@types.columns(_OPTIONS, clears=True)
@_lock
def edit(
    user_name: str,
    new_user_name: str | None,
    package: str | None,
    nas_names: tuple[str, ...],
    any_nas: bool,
    **columns: Any,
) -> output.Result:
    """Change an account. `none` clears an option; repeated options are replaced whole."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import package as packages
    from provisioning.cli import views

    values = types.given({"user_name": new_user_name, **columns})
    with database.transaction() as session:
        row = accounts.find(session, user_name)
        before = views.accounts(session, [row])[0]
        if package is not None:
            values["package_id"] = packages.find(session, package).id
        _resolve_expiry(session, values, _time_zone(session, row.customer_id))
        changes = accounts.edit(session, row, **values)
        if nas_names or any_nas:
            bound = accounts.bind(session, row, nas_ids=_nas_ids(session, nas_names))
            if "nas_ids" in bound:
                was, now = (views.nas_names(session, ids) for ids in bound["nas_ids"])
                changes["nas"] = (was, now)
        view = views.accounts(session, [row])[0]
    return output.changed("account", user_name, view, views.named(changes, before, view))


@account.command(
    "passwd",
    example="tollkeeper account passwd frikkie@example --generate",
    keys=f"{_CHANGED}, password (where generated)",
)
@click.argument("user_name")
@secrets.password_options("a password")
@click.option("--no-password", is_flag=True, help="None: a certificate or a device's MAC authenticates it.")
@_pap_only
def passwd(user_name: str, pap_only: bool, **options: Any) -> output.Result:
    """Set another password: asked for, unless an option says where it is."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning.cli import views

    password, generated = _password(options)
    seal = secrets.open_seal()
    with database.transaction() as session:
        row = accounts.find(session, user_name)
        changes = accounts.passwd(session, row, password=password, pap_only=pap_only, seal=seal)
        view = views.accounts(session, [row])[0]
    once = {"password": password} if password and generated else {}
    return output.changed("account", user_name, view, changes, **once)


@account.command("expire", example="tollkeeper account expire frikkie@example +30d", keys=_CHANGED)
@click.argument("user_name")
@click.argument("when", type=types.TIME_OR_NEVER)
def expire(user_name: str, when: date | None) -> output.Result:
    """Set when an account expires: a time, now, or never.

    A bare date begins in the customer's time zone.
    """
    from provisioning import account as accounts
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = accounts.find(session, user_name)
        values = types.given({"expires_at": when})
        _resolve_expiry(session, values, _time_zone(session, row.customer_id))
        changes = accounts.expire(session, row, **values)
        view = views.accounts(session, [row])[0]
    return output.changed("account", user_name, view, changes)


@account.command("move", example="tollkeeper account move frikkie@example POE001", keys=_CHANGED)
@click.argument("user_name")
@click.argument("customer")
def move(user_name: str, customer: str) -> output.Result:
    """Move an account to another customer; user name, package and devices stay."""
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = accounts.find(session, user_name)
        before = views.accounts(session, [row])[0]
        changes = accounts.move(session, row, customer_id=customers.find(session, customer).id)
        view = views.accounts(session, [row])[0]
    return output.changed("account", user_name, view, views.named(changes, before, view))


def _add_verb(verb: str, text: str) -> None:
    @account.command(verb, help=text, example=f"tollkeeper account {verb} frikkie@example", keys=_CHANGED)
    @click.argument("user_name")
    def change(user_name: str) -> output.Result:
        from provisioning import account as accounts
        from provisioning import database
        from provisioning.cli import views

        with database.transaction() as session:
            row = accounts.find(session, user_name)
            changes = getattr(accounts, verb)(session, row)
            view = views.accounts(session, [row])[0]
        return output.changed("account", user_name, view, changes)


for _verb, _text in {
    "block": "Refuse an account, whatever its state otherwise.",
    "unblock": "Let a blocked account in again.",
    "suspend": "Suspend one account of a customer.",
    "unsuspend": "End an account's suspension.",
}.items():
    _add_verb(_verb, _text)


def _password(options: dict[str, Any]) -> tuple[str | None, bool]:
    """Take the password's options out; return the password and whether it was generated."""
    chosen = {name: options.pop(name) for name in ("password_file", "password_stdin", "generate", "no_password")}
    if sum(bool(value) for value in chosen.values()) > 1:
        raise BadInput("two sources for one password", "Choose one.")
    if chosen.pop("no_password"):
        return None, False
    return secrets.password(file=chosen["password_file"], stdin=chosen["password_stdin"], generate=chosen["generate"])


def _nas_ids(session: "Session", names: tuple[str, ...]) -> list[int]:
    from provisioning import nas as routers

    return [routers.find(session, name).id for name in names]


def _time_zone(session: "Session", customer_id: int) -> str | None:
    from provisioning.models import Customer

    return session.get_one(Customer, customer_id).time_zone


def _resolve_expiry(session: "Session", values: dict[str, Any], time_zone: str | None) -> None:
    from provisioning import moments

    if values.get("expires_at") is not None:
        values["expires_at"] = moments.resolve(session, values["expires_at"], time_zone)
