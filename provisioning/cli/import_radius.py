"""tollkeeper import radius: a FreeRADIUS SQL or daloRADIUS database is taken over."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import Command
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.importing.entry import Outcome
    from provisioning.migration.carrying import Migration

_KEYS = (
    "database, applied, id (of the import; null: nothing was to be done, or a plan), counts, errors ([user, why]),"
    " remarks (kind: lost|changed|note, attribute, why, users, example, value)"
)


@click.command(
    "radius",
    cls=Command,
    example="tollkeeper import radius postgresql://radius@old.example/radius --group Homes",
    keys=_KEYS,
)
@click.argument("dsn", type=types.TEXT)
@click.option("--group", help="Of the new customers.")
@click.option("--plan/--apply", "plans", default=True, help="Say what would be done (the default), or do it.")
@click.option("--skip-errors", "skips", is_flag=True, help="Apply it without those users that cannot be taken over.")
@click.option("--report", metavar="FILE", type=types.TEXT, help="Write all that is said into a file too.")
@click.option("--time-zone", help="Of the old server's dates; the provider's, unless said.")
@click.option("--sessions/--no-sessions", default=True, help="Whether open sessions are taken over.")
def radius(dsn: str, group: str | None, plans: bool, report: str | None, **options: Any) -> output.Result:
    """Take over a FreeRADIUS SQL or daloRADIUS database: routers, users, groups, open sessions; in one transaction.

    \b
    DSN is a libpq string or URL. Groups become packages, users customers with an account. Everything that is not
    taken over is told, with how many users it concerns. A second time only what has changed since is done; what was
    done is taken back with: tollkeeper import undo ID.
    """
    if report is not None:
        _write(Path(report), "")  # what cannot be written is to be known before anything is done
    migration, run_id = _go(dsn, group, applies=not plans, **options)
    result = _result(migration, run_id, applied=not plans)
    if report is not None:
        _write(Path(report), _text(result, as_json=report.endswith(".json")))
    return result


def _go(
    dsn: str, group: str | None, *, applies: bool, skips: bool, time_zone: str | None, sessions: bool
) -> tuple["Migration", int | None]:
    from provisioning import acts, database, reply_attributes
    from provisioning.cli import secrets
    from provisioning.migration import source
    from provisioning.migration.carrying import Migration

    if time_zone is not None:
        _check_zone(time_zone)
    dictionary, seal = reply_attributes.known(), secrets.open_seal()
    old = source.read(dsn)
    with database.transaction() as session, acts.begin(session, "import radius", area="import", detail=old.name):
        nested = session.begin_nested()
        migration = Migration(session, old, seal, dictionary, group, time_zone, sessions, _shown)
        run_id = migration.carry_out()
        if applies and migration.report.errors and not skips:
            user, why = migration.report.errors[0]
            number = len(migration.report.errors)
            raise BadInput(
                f"user {user!r} cannot be taken over: {why}" + (f", and {number - 1} more" if number > 1 else ""),
                "Nothing was changed; see all with --plan, or leave them out: --skip-errors.",
            )
        if not applies or not migration.does_something:
            nested.rollback()
            return migration, None
        nested.commit()
    return migration, run_id


def _check_zone(name: str) -> None:
    from zoneinfo import available_timezones

    if name not in available_timezones():
        raise BadInput(f"{name!r} is not a time zone", "Write it as Africa/Johannesburg.")


def _shown(outcomes: Iterator["Outcome"], number: int) -> Iterator["Outcome"]:
    """Return the outcomes, with a bar on a terminal while they are made."""
    if not sys.stderr.isatty():
        return outcomes
    from rich.console import Console
    from rich.progress import track

    return iter(track(outcomes, "users", number, console=Console(stderr=True), transient=True))


def _result(migration: "Migration", run_id: int | None, *, applied: bool) -> output.Result:
    report = migration.report
    data = {
        "database": migration.old.name,
        "applied": applied,
        "id": run_id,
        "counts": report.counts,
        "errors": [list(error) for error in report.errors],
        "remarks": report.data(),
    }

    def lines() -> Iterable[str]:
        yield from report.lines()
        if run_id is not None:
            yield f"import {run_id}; to take it back: tollkeeper import undo {run_id}"
        elif not applied:
            yield "this is a plan, and nothing was changed; do it with --apply"

    return output.Result(data, lines, exit_status=0 if applied or not report.errors else 1)


def _text(result: output.Result, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(result.data, indent=1, ensure_ascii=False) + "\n"
    return "".join(f"{line}\n" for line in result.lines())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise BadInput(f"file {path} cannot be written: {exc}", "Name another one.") from exc
