"""tollkeeper suspension day: days on which nobody is suspended for debt."""

from datetime import date

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

_KEYS = "day, name"


@click.group("day", cls=LazyGroup)
def day() -> None:
    """Days on which nobody is suspended for debt: holidays. Weekdays and hours: provider edit."""


@day.command("add", example="tollkeeper suspension day add 2027-12-25 --name Christmas", keys=f"day ({_KEYS})")
@click.argument("day", type=types.DAY)
@click.option("--name", type=types.TEXT, default="", help="What it is called.")
def add(day: date, name: str) -> output.Result:
    """Add a day. Who would be suspended on it is so at the first moment after it at which somebody may be."""
    from provisioning import database
    from provisioning.dunning import no_cut_day

    with database.transaction() as session:
        no_cut_day.add(session, day, name=name)
    return output.added("day", str(day), {"day": day, "name": name})


@day.command("list", example="tollkeeper suspension day list", keys=f"a list of ({_KEYS})")
def listing() -> output.Result:
    """List the days, the earliest first."""
    from provisioning import database
    from provisioning.dunning import no_cut_day

    with database.transaction() as session:
        views = [{"day": row.day, "name": row.name} for row in no_cut_day.listing(session)]
    return output.Listing(views, ("day", "name")).result()


@day.command("remove", example="tollkeeper suspension day remove 2027-12-25", keys="removed")
@click.argument("day", type=types.DAY)
def remove(day: date) -> output.Result:
    """Remove a day."""
    from provisioning import database
    from provisioning.dunning import no_cut_day

    with database.transaction() as session:
        no_cut_day.remove(session, day)
    return output.removed("day", str(day))
