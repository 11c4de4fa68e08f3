"""tollkeeper address: where a customer's lines are, where its letters go."""

import math
from typing import Any

import click

from provisioning.cli import belongings, output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

_COLUMNS = ("id", "kind", "street", "city", "region", "postal_code", "country")
_KEYS = "id, customer, kind, street, city, region, postal_code, country, latitude, longitude, created_at"


def _degrees(text: str) -> float:
    try:
        degrees = float(text)
    except ValueError:
        degrees = math.nan
    if not math.isfinite(degrees):
        raise BadInput(f"{text!r} is not a number of degrees", "Write it as -33.92.")
    return degrees


_DEGREES = types.Parsed("DEGREES", _degrees)
_OPTIONS: list[types.Spec] = [
    ("--kind", "kind", click.Choice(["install", "billing", "postal", "physical"]), "Install, unless said."),
    ("--city", "city", types.TEXT, "City, town or farm."),
    ("--region", "region", types.TEXT, "Province or state."),
    ("--postal-code", "postal_code", types.TEXT, "As it is written there."),
    ("--country", "country", types.TEXT, "ZA, or South Africa (ISO 3166); without it, the customer's."),
    ("--latitude", "latitude", _DEGREES, "-33.92: degrees north."),
    ("--longitude", "longitude", _DEGREES, "18.42: degrees east."),
]


@click.group(cls=LazyGroup)
def address() -> None:
    """Addresses of customers. Known by an id."""


@address.command(
    "add",
    example="tollkeeper address add FRI001 '7 Kerk Street' --kind install --city Carnarvon",
    keys=f"address ({_KEYS})",
)
@click.argument("code")
@click.argument("street")
@types.columns(_OPTIONS, clears=False)
def add(code: str, street: str, **columns: Any) -> output.Result:
    """Add an address."""
    from provisioning import address as addresses

    values = types.given(columns)
    return belongings.added("address", code, lambda session, owner: addresses.add(session, owner, street, **values))


@address.command("list", example="tollkeeper address list FRI001", keys=f"a list of ({_KEYS})")
@click.argument("code")
def listing(code: str) -> output.Result:
    """List a customer's addresses."""
    from provisioning import address as addresses

    return belongings.listed(code, addresses.listing, _COLUMNS)


@address.command(
    "edit",
    example="tollkeeper address edit 7 --latitude -30.97 --longitude 22.13",
    keys=f"address ({_KEYS}), changed (column: [before, after])",
)
@click.argument("address_id", metavar="ID", type=types.NUMBER)
@click.option("--street", help="Another street.")
@types.columns(_OPTIONS, clears=True)
def edit(address_id: int, **columns: Any) -> output.Result:
    """Change an address. `none` clears an option."""
    from provisioning import address as addresses

    return belongings.changed("address", address_id, addresses, types.given(columns))


@address.command("remove", example="tollkeeper address remove 7", keys="removed")
@click.argument("address_id", metavar="ID", type=types.NUMBER)
def remove(address_id: int) -> output.Result:
    """Remove an address."""
    from provisioning import address as addresses

    return belongings.removed("address", address_id, addresses)
