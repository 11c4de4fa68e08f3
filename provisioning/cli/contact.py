"""tollkeeper contact: whom to talk to at a customer."""

from typing import Any

import click

from provisioning.cli import belongings, output, types
from provisioning.cli.command import LazyGroup

_COLUMNS = ("id", "name", "purposes", "phone", "email")
_KEYS = "id, customer, name, purposes, phone, email, created_at"
_OPTIONS: list[types.Spec] = [
    ("--phone", "phone", types.TEXT, "+27 21 555 0100; where the customer has a country, 021 555 0100."),
    ("--email", "email", types.TEXT, "ann@example.net."),
]
_purposes = click.option("--purpose", "purposes", multiple=True, help="What it is for: technical, billing. Repeat.")


@click.group(cls=LazyGroup)
def contact() -> None:
    """Contacts of customers, each with what it is used for. Known by an id."""


@contact.command(
    "add",
    example="tollkeeper contact add FRI001 'Ann Visser' --phone '+27 21 555 0100' --purpose technical",
    keys=f"contact ({_KEYS})",
)
@click.argument("code")
@click.argument("name")
@types.columns(_OPTIONS, clears=False)
@_purposes
def add(code: str, name: str, **columns: Any) -> output.Result:
    """Add a contact, with a phone number, an e-mail address, or both."""
    from provisioning import contact as contacts

    values = types.given(columns)
    return belongings.added("contact", code, lambda session, owner: contacts.add(session, owner, name, **values))


@contact.command("list", example="tollkeeper contact list FRI001", keys=f"a list of ({_KEYS})")
@click.argument("code")
def listing(code: str) -> output.Result:
    """List a customer's contacts."""
    from provisioning import contact as contacts

    return belongings.listed(code, contacts.listing, _COLUMNS)


@contact.command(
    "edit",
    example="tollkeeper contact edit 7 --email ann@example.net --purpose billing",
    keys=f"contact ({_KEYS}), changed (column: [before, after])",
)
@click.argument("contact_id", metavar="ID", type=types.NUMBER)
@click.option("--name", help="Another name.")
@types.columns(_OPTIONS, clears=True)
@_purposes
@click.option("--no-purpose", is_flag=True, help="What it is for is not known.")
def edit(contact_id: int, no_purpose: bool, **columns: Any) -> output.Result:
    """Change a contact. `none` clears an option; purposes are replaced whole."""
    from provisioning import contact as contacts

    values = types.given(columns) | ({"purposes": []} if no_purpose else {})
    return belongings.changed("contact", contact_id, contacts, values)


@contact.command("remove", example="tollkeeper contact remove 7", keys="removed")
@click.argument("contact_id", metavar="ID", type=types.NUMBER)
def remove(contact_id: int) -> output.Result:
    """Remove a contact."""
    from provisioning import contact as contacts

    return belongings.removed("contact", contact_id, contacts)
