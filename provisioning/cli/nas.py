"""tollkeeper nas: the routers that may ask."""

from typing import Any

import click

from provisioning.cli import output, secrets, types
from provisioning.cli.command import LazyGroup

_COLUMNS = ("name", "address", "vendor", "coa_port", "requires_message_authenticator")
_KEYS = (
    "id, name, address, vendor, coa_port, requires_message_authenticator, takes_coa (null: as the vendor's routers do),"
    " takes_disconnect, coa_packets_a_second, version, created_at"
)


class _TakesCoa(types.Choice):
    """`vendor` leaves it to the vendor's file."""

    def __init__(self) -> None:
        super().__init__(("yes", "no", "vendor"))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return True, False, or what clears the column."""
        word = super().convert(value, param, ctx)
        return types.CLEAR if word == "vendor" else word == "yes"


_OPTIONS: list[types.Spec] = [
    ("--vendor", "vendor", types.TEXT, "mikrotik, cisco, huawei, ...: whose attributes it understands."),
    ("--coa-port", "coa_port", types.NUMBER, "Where it takes CoA and Disconnect: 3799, or 1700."),
    ("--coa-packets-a-second", "coa_packets_a_second", types.NUMBER, "How many of those it is sent at most; 50."),
    ("--takes-coa", "takes_coa", _TakesCoa(), "Whether speeds change live: yes, no; vendor: as its routers do."),
]
_disconnect = types.switch(
    "takes_disconnect",
    "takes-disconnect",
    "takes-no-disconnect",
    "Whether it ends sessions when it is told to; without, what is refused goes on until the next login.",
)
_message_authenticator = types.switch(
    "requires_message_authenticator",
    "require-message-authenticator",
    "allow-unsigned",
    "Whether its requests must be signed; unsigned ones are open to BlastRADIUS.",
)


@click.group(cls=LazyGroup)
def nas() -> None:
    """Routers that may ask. A new one may from the moment it is added, without a restart."""


@nas.command(
    "add",
    example="tollkeeper nas add edge1 192.0.2.1 --vendor mikrotik",
    keys=f"nas ({_KEYS}), secret (where generated)",
)
@click.argument("name")
@click.argument("address")
@types.columns(_OPTIONS, clears=False)
@_message_authenticator
@_disconnect
@secrets.secret_options
def add(
    name: str, address: str, secret_dash: str | None, secret_file: str | None, secret_stdin: bool, **columns: Any
) -> output.Result:
    """Add a NAS. Its secret is generated and shown this once, unless one of 16 characters or more is given."""
    from provisioning import database, passwords
    from provisioning import nas as routers
    from provisioning.cli import views

    typed = secrets.typed_secret(secret_dash=secret_dash, secret_file=secret_file, secret_stdin=secret_stdin)
    secret = passwords.generate_secret() if typed is None else typed
    seal = secrets.open_seal()
    with database.transaction() as session:
        row = routers.add(session, name, address=address, secret=secret, seal=seal, **types.given(columns))
        view = views.nas(row)
    return output.added("nas", name, view, **({"secret": secret} if typed is None else {}))


@nas.command("list", example="tollkeeper nas list --vendor mikrotik", keys=f"a list of ({_KEYS})")
@click.option("--vendor", help="Only this vendor's.")
@types.paging("NAS name")
def listing(vendor: str | None, after: str | None, limit: int, offset: int) -> output.Result:
    """List NAS by name."""
    from provisioning import database
    from provisioning import nas as routers
    from provisioning.cli import views

    with database.transaction() as session:
        found = routers.listing(session, vendor=vendor, after=after or "", limit=limit, offset=offset)
        return output.Listing([views.nas(row) for row in found], _COLUMNS).result()


@nas.command("show", example="tollkeeper nas show edge1", keys=_KEYS)
@click.argument("name")
def show(name: str) -> output.Result:
    """Show a NAS; its secret is never shown again."""
    from provisioning import database
    from provisioning import nas as routers
    from provisioning.cli import views

    with database.transaction() as session:
        return output.shown(views.nas(routers.find(session, name)))


@nas.command(
    "edit",
    example="tollkeeper nas edit edge1 --address 192.0.2.2 --new-secret",
    keys=f"nas ({_KEYS}), changed (column: [before, after]), secret (where generated)",
)
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@click.option("--address", help="Where it sends from.")
@types.columns(_OPTIONS, clears=False)
@_message_authenticator
@_disconnect
@click.option("--new-secret", is_flag=True, help="Generate another secret, shown this once.")
@secrets.secret_options
def edit(
    name: str,
    new_name: str | None,
    new_secret: bool,
    secret_dash: str | None,
    secret_file: str | None,
    secret_stdin: bool,
    **columns: Any,
) -> output.Result:
    """Change a NAS, with effect on its next request."""
    from provisioning import database, passwords
    from provisioning import nas as routers
    from provisioning.cli import views

    typed = secrets.typed_secret(secret_dash=secret_dash, secret_file=secret_file, secret_stdin=secret_stdin)
    generated = passwords.generate_secret() if new_secret and typed is None else None
    with database.transaction() as session:
        row = routers.find(session, name)
        changes = routers.edit(session, row, **types.given({"name": new_name, **columns}))
        if secret := typed if generated is None else generated:
            changes |= routers.change_secret(session, row, secret=secret, seal=secrets.open_seal())
        view = views.nas(row)
    return output.changed("nas", name, view, changes, **({"secret": generated} if generated else {}))


@nas.command("remove", example="tollkeeper nas remove edge1", keys="removed")
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove a NAS; it gets no answer any more."""
    from provisioning import database
    from provisioning import nas as routers

    with database.transaction() as session:
        routers.remove(session, routers.find(session, name))
    return output.removed("nas", name)
