"""tollkeeper provider: what all customers have who have nothing of their own."""

from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from provisioning.models import Installation

_KEYS = "id, time_zone, currency, schema_version, created_at"


@click.group(cls=LazyGroup)
def provider() -> None:
    """The provider itself: its time zone and currency."""


@provider.command("show", example="tollkeeper provider show", keys=_KEYS)
def show() -> output.Result:
    """Show the provider."""
    from provisioning import database
    from provisioning import provider as providers

    with database.transaction() as session:
        return output.shown(_view(providers.find(session)))


@provider.command(
    "edit",
    example="tollkeeper provider edit --time-zone Africa/Johannesburg",
    keys=f"provider ({_KEYS}), changed (column: [before, after])",
)
@click.option("--time-zone", type=types.TEXT, help="Of all customers without their own: Africa/Johannesburg.")
@click.option("--currency", type=types.TEXT, help="Of all prices, as ISO 4217 has it: ZAR, EUR.")
def edit(**columns: str | None) -> output.Result:
    """Change the provider, with effect on every customer without a time zone of its own."""
    from provisioning import database
    from provisioning import provider as providers

    with database.transaction() as session:
        row = providers.find(session)
        changes = providers.edit(session, row, **types.given(columns))
        view = _view(row)
    return output.changed("provider", "itself", view, changes)


def _view(row: "Installation") -> dict[str, Any]:
    return {key: getattr(row, key) for key in _KEYS.split(", ")} | {"id": str(row.id)}
