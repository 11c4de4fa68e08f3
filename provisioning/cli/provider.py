"""tollkeeper provider: what all customers have who have nothing of their own."""

from typing import TYPE_CHECKING, Any

import click

from provisioning import hours
from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from provisioning.models import Installation

_PLAIN = ("id", "name", "time_zone", "currency", "language", "debt_ignored_cents", "brake_percent", "brake_customers")
_KEYS = (
    f"{', '.join(_PLAIN)}, dunning_time (HH:MM, where the customer is), no_cut_weekdays (null: none), cut_hours"
    " (null: any), quiet_hours (null: none), schema_version, created_at"
)
_OPTIONS: list[types.Spec] = [
    ("--name", "name", types.TEXT, "As customers know it."),
    ("--time-zone", "time_zone", types.TEXT, "Of all customers without their own: Africa/Johannesburg."),
    ("--currency", "currency", types.TEXT, "Of all prices, as ISO 4217 has it: ZAR, EUR."),
    ("--language", "language", types.TEXT, "Of messages to customers without their own: en, af."),
    ("--dunning-time", "dunning_minute", types.TIME_OF_DAY, "When what is due on a day is done: 08:00, local time."),
    ("--debt-ignored", "debt_ignored_cents", types.MONEY, "So little is no reason to suspend: 50."),
    ("--no-cut-weekdays", "no_cut_weekdays", types.WEEKDAYS.clearing(), "Nobody is suspended then: fri-sun; none."),
    ("--cut-hours", "cut", types.HOURS.clearing(), "Suspended only then: 08:00-16:00; none: at any hour."),
    ("--brake-percent", "brake_percent", types.PERCENT, "A run that would suspend more waits for approval: 2."),
    ("--brake-customers", "brake_customers", types.NUMBER, "So few need no approval: 10."),
    ("--quiet-hours", "quiet", types.HOURS.clearing(), "No messages then: 20:00-07:00; none."),
]
_ALL_DAY = (0, 1440)


@click.group(cls=LazyGroup)
def provider() -> None:
    """The provider itself: its name, time zone, currency; when customers are suspended and told."""


@provider.command("show", example="tollkeeper provider show", keys=_KEYS)
def show() -> output.Result:
    """Show the provider."""
    from provisioning import database
    from provisioning import provider as providers

    with database.transaction() as session:
        return output.shown(_view(providers.find(session)))


@provider.command(
    "edit",
    example="tollkeeper provider edit --time-zone Africa/Johannesburg --no-cut-weekdays fri-sun --dunning-time 09:00",
    keys=f"provider ({_KEYS}), changed (key: [before, after])",
)
@types.columns(_OPTIONS, clears=False)
def edit(**options: Any) -> output.Result:
    """Change the provider, with effect on every customer that has nothing of its own in that place."""
    from provisioning import database
    from provisioning import provider as providers

    with database.transaction() as session:
        row = providers.find(session)
        before = _view(row)
        providers.edit(session, row, **_columns(types.given(options)))
        view = _view(row)
    changes = {key: (before[key], value) for key, value in view.items() if value != before[key]}
    return output.changed("provider", "itself", view, changes)


def _columns(given: dict[str, Any]) -> Any:
    """Return the options as columns: hours are two."""
    if "no_cut_weekdays" in given:
        given["no_cut_weekdays"] = given["no_cut_weekdays"] or 0
    for name, none in (("cut", _ALL_DAY), ("quiet", (None, None))):
        if name in given:
            given[f"{name}_from_minute"], given[f"{name}_until_minute"] = given.pop(name) or none
    return given


def _view(row: "Installation") -> dict[str, Any]:
    cut, quiet = (row.cut_from_minute, row.cut_until_minute), (row.quiet_from_minute, row.quiet_until_minute)
    return {key: getattr(row, key) for key in _PLAIN} | {
        "id": str(row.id),
        "dunning_time": hours.format_minute(row.dunning_minute),
        "no_cut_weekdays": hours.format_weekdays(row.no_cut_weekdays) or None,
        "cut_hours": None if cut == _ALL_DAY else hours.format_hours(*cut),
        "quiet_hours": None if quiet[0] is None or quiet[1] is None else hours.format_hours(quiet[0], quiet[1]),
        "schema_version": row.schema_version,
        "created_at": row.created_at,
    }
