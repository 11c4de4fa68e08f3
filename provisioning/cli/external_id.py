"""tollkeeper external-id: what other systems call a customer."""

import click

from provisioning.cli import output
from provisioning.cli.command import LazyGroup

_COLUMNS = ("system", "value")
_KEYS = "system, value, customer"


@click.group(cls=LazyGroup)
def external_id() -> None:
    """What other systems, such as billing, call a customer: looked up both ways."""


@external_id.command("add", example="tollkeeper external-id add FRI001 sage C-10442", keys=f"external id ({_KEYS})")
@click.argument("code")
@click.argument("system")
@click.argument("value")
def add(code: str, system: str, value: str) -> output.Result:
    """Note what a system calls a customer."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import external_id as external_ids
    from provisioning.cli import views

    with database.transaction() as session:
        owner = customers.find(session, code)
        view = views.belonging(external_ids.add(session, owner, system, value), owner.code)
    return output.added("external id", f"{view['system']} {view['value']}", view)


@external_id.command("list", example="tollkeeper external-id list FRI001", keys=f"a list of ({_KEYS})")
@click.argument("code")
def listing(code: str) -> output.Result:
    """List what other systems call a customer."""
    from provisioning import external_id as external_ids
    from provisioning.cli import belongings

    return belongings.listed(code, external_ids.listing, _COLUMNS)


@external_id.command(
    "find", example="tollkeeper external-id find sage C-10442", keys=f"{_KEYS}, name (of the customer)"
)
@click.argument("system")
@click.argument("value")
def find(system: str, value: str) -> output.Result:
    """Show whom a system calls so."""
    from provisioning import database
    from provisioning import external_id as external_ids
    from provisioning.cli import views
    from provisioning.models import Customer

    with database.transaction() as session:
        found = external_ids.find(session, system, value)
        owner = session.get_one(Customer, found.customer_id)
        view = views.belonging(found, owner.code) | {"name": views.full_name(owner)}
    return output.shown(view)


@external_id.command("remove", example="tollkeeper external-id remove FRI001 sage", keys="removed")
@click.argument("code")
@click.argument("system")
def remove(code: str, system: str) -> output.Result:
    """Forget what a system calls a customer."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import external_id as external_ids

    with database.transaction() as session:
        found = external_ids.of_customer(session, customers.find(session, code), system)
        name = f"{found.system} {found.value}"
        external_ids.remove(session, found)
    return output.removed("external id", name)
