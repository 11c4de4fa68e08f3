"""tollkeeper role: what operators may see and change, by area."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import OperatorRole

_KEYS = "name, description, permissions (area: view|edit)"
_AREAS = (
    "nas, group, package, customer, account, session, usage, accounting, money, import, reseller, operator, audit, node"
)


def _parse_permission(typed: str) -> tuple[str, str]:
    from provisioning import role as roles

    return roles.parse_permission(typed)


def _parse_area(typed: str) -> str:
    from provisioning import role as roles

    return roles.parse_area(typed)


_may = click.option(
    "--may",
    type=types.Parsed("AREA=PERMISSION", _parse_permission),
    multiple=True,
    help=f"customer=edit, account=view: edit includes view. Repeat. Areas: {_AREAS}.",
)
_description = click.option("--description", type=types.TEXT, help="What it is for.")


@click.group(cls=LazyGroup)
def role() -> None:
    """Roles: what operators may see and change, by area. The administrator's may do everything, always."""


@role.command(
    "add",
    example="tollkeeper role add helpdesk --may customer=edit --may account=view",
    keys=f"role ({_KEYS})",
)
@click.argument("name")
@_may
@_description
def add(name: str, may: tuple[tuple[str, str], ...], description: str | None) -> output.Result:
    """Add a role. What is not said it may not even see."""
    from provisioning import database
    from provisioning import role as roles

    with database.transaction() as session:
        row = roles.add(session, name, description=description or "", may=dict(may))
        view = _view(session, row)
    return output.added("role", name, view)


@role.command("list", example="tollkeeper role list", keys=f"a list of ({_KEYS}, operators: how many have it)")
def listing() -> output.Result:
    """List all roles by name."""
    from provisioning import reading
    from provisioning import role as roles

    with reading.look() as look:
        found = roles.listing(look)
    words = [{**view, "permissions": _words(view["permissions"])} for view in found]
    printed = output.Listing(words, ("name", "operators", "description", "permissions")).result()
    return output.Result(found, printed.lines, printed.draw)


@role.command("show", example="tollkeeper role show support", keys=f"{_KEYS}, operators (how many have it)")
@click.argument("name")
def show(name: str) -> output.Result:
    """Show what a role may see and change."""
    from provisioning import database, reading
    from provisioning import role as roles

    with reading.look() as look:
        found = roles.listing(look, name=name)
    if not found:
        with database.transaction() as session:
            roles.find(session, name)
    return output.shown(found[0], words={"permissions": _words(found[0]["permissions"])})


@role.command(
    "edit",
    example="tollkeeper role edit helpdesk --may usage=view --may-not account",
    keys=f"role ({_KEYS}), changed (area: [before, after])",
)
@click.argument("name")
@_may
@click.option(
    "--may-not", type=types.Parsed("AREA", _parse_area), multiple=True, help="Not even see this area. Repeat."
)
@_description
def edit(
    name: str, may: tuple[tuple[str, str], ...], may_not: tuple[str, ...], description: str | None
) -> output.Result:
    """Change a role, with effect on all its operators at once."""
    from provisioning import database
    from provisioning import role as roles

    with database.transaction() as session:
        row = roles.find(session, name)
        changes = roles.edit(session, row, description=description, may=dict(may), may_not=may_not)
        view = _view(session, row)
    return output.changed("role", name, view, changes)


@role.command("remove", example="tollkeeper role remove helpdesk", keys="removed")
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove a role that no operator has."""
    from provisioning import database
    from provisioning import role as roles

    with database.transaction() as session:
        roles.remove(session, roles.find(session, name))
    return output.removed("role", name)


def _view(session: "Session", row: "OperatorRole") -> dict[str, Any]:
    from provisioning import role as roles

    return {"name": row.name, "description": row.description, "permissions": roles.permissions(session, row)}


def _words(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"{area}={permission}" for area, permission in permissions.items())
