"""tollkeeper filter: lists of customers that are asked for often."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import click

from provisioning.cli import output
from provisioning.cli.command import LazyGroup

_KEYS = "name, command (that it stands for), options, created_at"


@click.group("filter", cls=LazyGroup)
def filter_group() -> None:
    """Saved filters, your own: tollkeeper customer list ... --save NAME makes one, --filter NAME uses it."""


@filter_group.command("list", example="tollkeeper filter list", keys=f"a list of ({_KEYS})")
def listing() -> output.Result:
    """List your saved filters by name."""
    from provisioning import reading, saved_filter

    with reading.look() as look:
        views = [_view(row) for row in saved_filter.listing(look)]
    return output.Listing(views, ("name", "command")).result()


@filter_group.command("show", example='tollkeeper filter show "in arrears"', keys=_KEYS)
@click.argument("name")
def show(name: str) -> output.Result:
    """Show what a filter stands for."""
    from provisioning import reading, saved_filter

    with reading.look() as look:
        view = _view(saved_filter.find(look, name))
    return output.shown(view, words={"options": ", ".join(view["options"]) or "none"})


@filter_group.command(
    "remove", example='tollkeeper filter remove "in arrears"', keys="removed (its name)", changes=False
)
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove a filter. It is nobody else's, so this is no act of the audit's."""
    from provisioning import database, saved_filter

    with database.transaction() as session:
        saved_filter.remove(session, name)
    return output.removed("filter", name)


def _view(row: Mapping[str, Any]) -> dict[str, Any]:
    command = shlex.join(["tollkeeper", "customer", "list", *_typed(row["options"])])
    return {"name": row["name"], "command": command, "options": row["options"], "created_at": row["created_at"]}


def _typed(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what would be typed for these options."""
    from provisioning.cli.customer_list import listing as command

    for param in command.params:
        value = options.get(param.name or "")
        if value is None:
            continue
        if isinstance(value, bool):
            yield param.opts[0] if value else param.secondary_opts[0]
            continue
        for one in value if isinstance(value, list) else [value]:
            is_money = param.type.name == "MONEY"
            yield from (param.opts[0], output.human("_cents" if is_money else "", one))
