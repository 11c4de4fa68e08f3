"""tollkeeper reseller: who sells, in a tree below the provider."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from rich.tree import Tree
    from sqlalchemy.orm import Session

    from provisioning.models import Reseller

_KEYS = "id, name, parent (name), brand, version, created_at"
_COLUMNS = ("name", "parent", "brand", "customers")
_CHANGED = f"reseller ({_KEYS}), changed (column: [before, after])"
_brand = click.option("--brand", type=types.TEXT.clearing(), help="What its customers know it by.")


@click.group(cls=LazyGroup)
def reseller() -> None:
    """Resellers: who sells. A reseller's operators see and touch only its own part, and what is below."""


@reseller.command("add", example="tollkeeper reseller add Karoo --brand 'Karoo Fibre'", keys=f"reseller ({_KEYS})")
@click.argument("name")
@click.option("--parent", help="The reseller it is below; without it, the provider, or the operator's own reseller.")
@_brand
def add(name: str, parent: str | None, brand: Any) -> output.Result:
    """Add a reseller."""
    from provisioning import database
    from provisioning import reseller as resellers

    values = types.given({"brand": brand})
    with database.transaction() as session:
        if parent is not None:
            values["parent_id"] = resellers.find(session, parent).id
        view = _view(session, resellers.add(session, name, **values))
    return output.added("reseller", name, view)


@reseller.command("list", example="tollkeeper reseller list", keys=f"a list of ({_KEYS}, customers: its own)")
def listing() -> output.Result:
    """List all resellers; on a terminal, as the tree that they are."""
    from provisioning import reading
    from provisioning import reseller as resellers

    with reading.look() as look:
        found = resellers.listing(look)
    names = {row["id"]: row["name"] for row in found}
    views = [{"parent": names.get(row["parent_id"]), **row} for row in found]
    for view in views:
        del view["parent_id"]
    return output.Result(views, output.Listing(views, _COLUMNS).result().lines, lambda: _drawings(views))


@reseller.command(
    "show",
    example="tollkeeper reseller show Karoo",
    keys=f"{_KEYS}, customers, operators, packages, groups, resellers (numbers of its own, those below left out)",
)
@click.argument("name")
def show(name: str) -> output.Result:
    """Show a reseller, and how much is its own."""
    from provisioning import database
    from provisioning import reseller as resellers

    with database.transaction() as session:
        row = resellers.find(session, name)
        return output.shown(_view(session, row) | dict(resellers.counts(session, row)))


@reseller.command("edit", example="tollkeeper reseller edit Karoo --parent Namib", keys=_CHANGED)
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@click.option("--parent", type=types.TEXT.clearing(), help="The reseller it is to be below; none: the provider.")
@_brand
def edit(name: str, new_name: str | None, parent: Any, brand: Any) -> output.Result:
    """Change a reseller. `none` clears an option."""
    from provisioning import database
    from provisioning import reseller as resellers
    from provisioning.cli import views

    values = types.given({"name": new_name, "parent_id": parent, "brand": brand})
    with database.transaction() as session:
        row = resellers.find(session, name)
        before = _view(session, row)
        if values.get("parent_id") is not None:
            values["parent_id"] = resellers.find(session, parent).id
        changes = resellers.edit(session, row, **values)
        view = _view(session, row)
    return output.changed("reseller", name, view, views.named(changes, before, view))


@reseller.command("remove", example="tollkeeper reseller remove Karoo", keys="removed")
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove a reseller that has nothing of its own."""
    from provisioning import database
    from provisioning import reseller as resellers

    with database.transaction() as session:
        resellers.remove(session, resellers.find(session, name))
    return output.removed("reseller", name)


def _view(session: "Session", row: "Reseller") -> dict[str, Any]:
    from provisioning.models import Reseller

    parent = session.get(Reseller, row.parent_id) if row.parent_id is not None else None
    return {
        "id": row.id,
        "name": row.name,
        "parent": parent.name if parent else None,
        "brand": row.brand,
        "version": row.version,
        "created_at": row.created_at,
    }


def _drawings(views: Sequence[output.View]) -> Iterable[Any]:
    from rich.tree import Tree

    tree = Tree("[bold]provider[/]")
    _grow(tree, views, [view for view in views if view["parent"] is None])
    yield tree


def _grow(tree: "Tree", views: Sequence[output.View], level: Iterable[output.View]) -> None:
    for view in level:
        brand = f" [dim]{output.escape(view['brand'])}[/]" if view["brand"] else ""
        number = view["customers"]
        counted = f"{number:,} {'customer' if number == 1 else 'customers'}"
        branch = tree.add(f"{output.escape(view['name'])}{brand}  {counted}")
        _grow(branch, views, [below for below in views if below["parent"] == view["name"]])
