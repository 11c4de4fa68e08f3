"""tollkeeper accounting quarantine: records that could not be understood, and what to do with them."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import measured, output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import AccountingQuarantine

_AT_ONCE = 1000
_ID = click.IntRange(1, 2**63 - 1)
_KEYS = "id, node, received_at, reason, spool_id"
_LIST = [
    measured.number("id", "id", measured.text),
    measured.Column("received_at", "received", measured.minute),
    measured.Column("node", "node"),
    measured.Column("reason", "reason"),
]
_COUNT = [
    measured.Column("day", "day"),
    measured.Column("node", "node"),
    measured.number("number", "records", measured.count),
    measured.Column("reason", "reason"),
]


@click.group(cls=LazyGroup)
def quarantine() -> None:
    """Records that could not be understood. They stay until they are replayed or dropped, and hold up no other."""


@quarantine.command(
    "list",
    example="tollkeeper accounting quarantine list --count",
    keys=f"a list of ({_KEYS}); with --count, of (day, node, reason, number)",
)
@click.option("--reason", help="Only those in whose reason this is.")
@click.option("--day", type=types.DAY, help="Only received on this UTC day.")
@click.option("--node", help="Only this node's.")
@click.option("--count", is_flag=True, help="How many by day, node and reason, instead of each.")
@click.option("--after", type=_ID, help="Start behind the record with this id.")
@click.option("--limit", type=click.IntRange(1, 10**5), default=100, show_default=True)
def listing(
    reason: str | None, day: date | None, node: str | None, count: bool, after: int | None, limit: int
) -> output.Result:
    """List records in quarantine, the latest first."""
    from provisioning import accounting, database

    with database.transaction() as session:
        if count:
            counts = accounting.quarantine_counts(session, node=node, reason=reason, day=day)
            return _table([dict(row._mapping) for row in counts], _COUNT)
        found = accounting.quarantined(session, node=node, reason=reason, day=day, after=after, limit=limit)
        return _table([_view(row) for row in found], _LIST)


@quarantine.command("show", example="tollkeeper accounting quarantine show 7", keys=f"{_KEYS}, body, record (as JSON)")
@click.argument("record_id", metavar="ID", type=_ID)
def show(record_id: int) -> output.Result:
    """Show why a record was not understood, and all of it."""
    from provisioning import accounting, database

    with database.transaction() as session:
        row = accounting.find(session, record_id)
        view = _view(row) | {"body": row.body, "record": _parsed(row.body)}
    head = {key: value for key, value in view.items() if key not in ("body", "record")}
    printed = output.shown(head)
    return output.Result(
        view,
        lambda: [*printed.lines(), "", *_pretty(view)],
        lambda: [*(printed.draw() if printed.draw else ()), *map(output.escape, _pretty(view))],
    )


@quarantine.command("replay", example="tollkeeper accounting quarantine replay --all", keys="replayed (ids)")
@click.argument("record_id", metavar="[ID]", type=_ID, required=False)
@click.option("--all", "every", is_flag=True, help="All of them, the oldest first.")
def replay(record_id: int | None, every: bool) -> output.Result:
    """Put a record back into this node's spool: the fold takes it as if it came now, and it leaves quarantine.

    For when what it failed on has been mended. It counts as received once more, so that the balance still holds.
    """
    from provisioning import accounting

    _check_which(record_id, every)
    return _done("replayed", _each(record_id, accounting.replay))


@quarantine.command("drop", example="tollkeeper accounting quarantine drop 7 --yes", keys="dropped (ids)")
@click.argument("record_id", metavar="[ID]", type=_ID, required=False)
@click.option("--all", "every", is_flag=True, help="All of them.")
def drop(record_id: int | None, every: bool) -> output.Result:
    """Remove a record for good. That it was received and not understood stays counted."""
    from provisioning import accounting, intent

    _check_which(record_id, every)
    if not (intent.current().confirmed or intent.current().dry_run):
        _confirm(record_id)
    return _done("dropped", _each(record_id, accounting.drop))


def _check_which(record_id: int | None, every: bool) -> None:
    if (record_id is None) != every:
        raise BadInput("say which: an id, or --all", "List them: tollkeeper accounting quarantine list.")


def _confirm(record_id: int | None) -> None:
    what = "all records in quarantine" if record_id is None else f"record {record_id}"
    if not sys.stdin.isatty():
        raise BadInput(f"{what} would be gone for good", "Say that you mean it: --yes.")
    click.confirm(f"Remove {what} for good?", abort=True)


def _each(record_id: int | None, act: Callable[["Session", Sequence[int]], list[int]]) -> list[int]:
    """Do it to one record, or to all for None, some in a transaction; return their ids."""
    from provisioning import accounting, database

    with database.transaction() as session:
        ids = accounting.every_id(session) if record_id is None else [accounting.find(session, record_id).id]
    done: list[int] = []
    for first in range(0, len(ids), _AT_ONCE):
        with database.transaction() as session:
            done += act(session, ids[first : first + _AT_ONCE])
    return done


def _done(verb: str, ids: Sequence[int]) -> output.Result:
    return output.Result({verb: ids}, lambda: [f"{len(ids):,} {'record' if len(ids) == 1 else 'records'} {verb}"])


def _table(rows: Sequence[output.View], columns: Sequence[measured.Column]) -> output.Result:
    return output.Result(rows, lambda: measured.lines(rows, columns), lambda: [measured.drawing(rows, columns)])


def _view(row: "AccountingQuarantine") -> dict[str, Any]:
    return {key: getattr(row, key) for key in _KEYS.split(", ")}


def _parsed(body: str) -> Any:
    try:
        return json.loads(body, strict=False)  # a raw control character is no reason to show less
    except ValueError:
        return None


def _pretty(view: Mapping[str, Any]) -> Iterable[str]:
    """Yield the record as indented JSON, or as it came; nothing in it moves the cursor of a terminal."""
    if view["record"] is None:
        return (_printable(line) for line in view["body"].splitlines())
    return (_printable(line) for line in json.dumps(view["record"], indent=2, ensure_ascii=False).splitlines())


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)
