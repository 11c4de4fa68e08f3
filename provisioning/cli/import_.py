"""tollkeeper import: files of customers and their accounts, of invoices, of payments."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioning import intent
from provisioning.cli import output, progress, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.importing.document import Document
    from provisioning.importing.entry import Outcome
    from provisioning.models import ImportRun

_KINDS = ("customers", "invoices", "payments")
_SHOWN = 100
_KEYS = "file, kind, rows, create, change, nothing, error, id (of the import), outcomes"
_OUTCOME = (
    "outcomes: line, action (create|change|nothing|error), name, changes (column: [before, after]), column, cause"
)
_RUN_KEYS = (
    "id, kind, operator, file_name, file_sha256, created_rows, changed_rows, unchanged_rows, applied_at, undone_at"
)
_RUN_COLUMNS = ("id", "applied_at", "operator", "kind", "file_name", "created_rows", "changed_rows", "undone_at")


_MEMBERS = {"radius": ("provisioning.cli.import_radius:radius", "Take over a FreeRADIUS SQL or daloRADIUS database.")}


@click.group("import", cls=LazyGroup, members=_MEMBERS)
def import_() -> None:
    """Files of customers and accounts, invoices, payments: look at the plan, apply it, take it back.

    \b
    CSV (commas, semicolons or tabs; UTF-8 or UTF-16) with a header, or JSON lines. One row is a customer with an
    account; an empty cell leaves what is there, `none` clears it. See: tollkeeper export --columns.
    """


def _options(function: Any) -> Any:
    for option in (
        click.option("--namesakes", is_flag=True, help="Customers of the same name are different ones."),
        click.option("--package", help="Of new accounts that name none."),
        click.option("--group", help="Of new customers that name none."),
        click.option("--kind", type=click.Choice(_KINDS), default="customers", show_default=True),
        click.argument("file", type=types.TEXT),
    ):
        function = option(function)
    return function


@import_.command(
    "plan", changes=False, example="tollkeeper import plan customers.csv --group Homes", keys=f"{_KEYS} ({_OUTCOME})"
)
@_options
@click.option("--all", "shows_all", is_flag=True, help="Every row, not only the first hundred that matter.")
def plan(file: str, shows_all: bool, **options: Any) -> output.Result:
    """Say row by row what an import would do, and do nothing; exit 1 where a row has an error."""
    document, outcomes, counts, _ = _go(file, applies=False, skips=False, **options)
    return _result(document, options["kind"], outcomes, counts, None, shows_all=shows_all)


@import_.command(
    "apply", example="tollkeeper import apply customers.csv --group Homes --yes", keys=f"{_KEYS} ({_OUTCOME})"
)
@_options
@click.option("--skip-errors", "skips", is_flag=True, help="Do the other rows; write those to FILE.rejected.csv.")
def apply(file: str, skips: bool, **options: Any) -> output.Result:
    """Import a file, in one transaction: all of it, or nothing. A second time there is nothing to do."""
    document, outcomes, counts, run_id = _go(file, applies=True, skips=skips, **options)
    if counts["error"] and run_id is not None and not intent.current().dry_run:
        _reject(Path(file), document, outcomes, run_id)
    return _result(document, options["kind"], outcomes, counts, run_id, shows_all=False)


@import_.command("list", example="tollkeeper import list", keys=f"a list of ({_RUN_KEYS})")
@click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0, 10**9), default=0, help="Leave out the last so many.")
def listing(limit: int, offset: int) -> output.Result:
    """List imports, the last first."""
    from provisioning import database
    from provisioning.importing import undo as undoing

    with database.transaction() as session:
        runs = undoing.listing(session, limit=limit, offset=offset)
        return output.Listing([_view(run) for run in runs], _RUN_COLUMNS).result()


@import_.command("show", example="tollkeeper import show 7", keys=_RUN_KEYS)
@click.argument("run_id", type=types.NUMBER)
def show(run_id: int) -> output.Result:
    """Show an import."""
    from provisioning import database
    from provisioning.importing import undo as undoing

    with database.transaction() as session:
        return output.shown(_view(undoing.find(session, run_id)))


@import_.command("undo", example="tollkeeper import undo 7", keys=f"import ({_RUN_KEYS}), stays (what, and why)")
@click.argument("run_id", type=types.NUMBER)
@click.option("--partial", is_flag=True, help="Take back what can be, and say what stays.")
def undo(run_id: int, partial: bool) -> output.Result:
    """Take an import back: what it added goes, what it changed gets its old values."""
    from provisioning import database
    from provisioning.importing import undo as undoing

    with database.transaction() as session:
        run = undoing.find(session, run_id)
        stays = undoing.undo(session, run, partial=partial)
        view = _view(run)

    def lines() -> Iterable[str]:
        yield f"import {run_id} taken back"
        yield from (f"stays\t{why}" for why in stays)

    return output.Result({"import": view, "stays": stays}, lines)


def _view(run: "ImportRun") -> dict[str, Any]:
    return {column.key: getattr(run, column.key) for column in run.__table__.columns}


def _go(
    file: str, *, applies: bool, skips: bool, kind: str, group: str | None, package: str | None, namesakes: bool
) -> tuple["Document", list["Outcome"], dict[str, int], int | None]:
    """Carry out a file's rows, and take it all back where it is only a plan; return what became of them."""
    from provisioning import acts, database
    from provisioning.importing import document as documents
    from provisioning.importing import run as running
    from provisioning.importing.recorder import Recorder

    document = documents.read(Path(file))
    with database.transaction() as session, acts.begin(session, f"import {kind}", area="import", detail=document.name):
        nested = session.begin_nested()
        run_id = running.begin(session, document, kind)
        recorder = Recorder(session)
        carrier = _carrier(session, recorder, kind, group=group, package=package, namesakes=namesakes)
        run = running.Run(session, document, kind, carrier, recorder)
        outcomes = [
            outcome
            for outcome in progress.shown(run.outcomes(run_id), document.name, document.count_lines())
            if outcome.action != "nothing"
        ]
        if applies and run.counts["error"] and not skips:
            first = next(outcome for outcome in outcomes if outcome.action == "error")
            raise BadInput(_words_of_error(first), f"{_fault(run.counts['error'])}; see them with: import plan.")
        if not applies or not (run.counts["create"] or run.counts["change"]):
            nested.rollback()
            return document, outcomes, run.counts, None
        running.end(session, run_id, run.counts)
        nested.commit()
    return document, outcomes, run.counts, run_id


def _carrier(session: Any, recorder: Any, kind: str, *, group: str | None, package: str | None, namesakes: bool) -> Any:
    from provisioning.cli import secrets
    from provisioning.importing.customers import Customers
    from provisioning.importing.money import Money
    from provisioning.importing.references import References

    if kind != "customers":
        return Money(session, recorder, "invoice" if kind == "invoices" else "payment")
    seal = secrets.open_seal() if secrets.key_file().exists() else None
    return Customers(session, recorder, References(session, group, package), seal, namesakes)


def _reject(file: Path, document: "Document", outcomes: list["Outcome"], run_id: int) -> None:
    """Write the rows with errors, and why, to a file of their own, its owner's alone: there may be passwords in it."""
    import csv

    why = {outcome.line: _words_of_error(outcome) for outcome in outcomes if outcome.action == "error"}
    target = f"{file}.rejected.csv"
    try:
        Path(target).unlink(missing_ok=True)
        with open(
            os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as to:
            rejected = csv.writer(to)
            rejected.writerow([*document.header, "error"])
            for row in document.rows():
                if row.line in why:
                    rejected.writerow([*(row.cells.get(name, "") for name in document.header), why[row.line]])
    except OSError as exc:
        raise BadInput(
            f"import {run_id} is done, but {target} cannot be written: {exc.strerror or exc}",
            "See the rows with errors by: tollkeeper import plan.",
        ) from exc


def _result(
    document: "Document",
    kind: str,
    outcomes: list["Outcome"],
    counts: dict[str, int],
    run_id: int | None,
    *,
    shows_all: bool,
) -> output.Result:
    ordered = sorted(outcomes, key=lambda outcome: outcome.action != "error")
    data = {"file": document.name, "kind": kind, "rows": sum(counts.values()), **counts, "id": run_id}
    shown = ordered if shows_all else ordered[:_SHOWN]
    summary = ", ".join(f"{number:,} {word}" for word, number in counts.items()) + _note(run_id)
    rest = [f"... and {len(ordered) - len(shown):,} more rows"] if len(shown) < len(ordered) else []

    def draw() -> Iterable[Any]:
        drawn = output.table("line", "", "", "")
        for one in shown:
            style = "red" if one.action == "error" else None
            drawn.add_row(str(one.line), one.action, *map(output.escape, (one.name, _what(one))), style=style)
        yield from (summary, *([drawn] if shown else []), *rest)

    outcomes_data = [vars(outcome) for outcome in ordered]
    status = 1 if counts["error"] and run_id is None else 0
    return output.Result(
        data | {"outcomes": outcomes_data}, lambda: [summary, *map(_words, shown), *rest], draw, exit_status=status
    )


def _note(run_id: int | None) -> str:
    return "" if run_id is None else f" (import {run_id}; to take it back: tollkeeper import undo {run_id})"


def _words(outcome: "Outcome") -> str:
    if outcome.action == "error":
        return _words_of_error(outcome)
    what = _what(outcome)
    return f"line {outcome.line}: {outcome.action} {outcome.name}{': ' if what else ''}{what}"


def _what(outcome: "Outcome") -> str:
    """Return what is wrong with a row, or what changes."""
    if outcome.action == "error":
        return f"column {outcome.column}: {outcome.cause}" if outcome.column else str(outcome.cause)
    return ", ".join(
        f"{output.heading(key)} {output.human(key, before)} -> {output.human(key, after)}"
        for key, (before, after) in outcome.changes.items()
    )


def _words_of_error(outcome: "Outcome") -> str:
    where = f", column {outcome.column}" if outcome.column else ""
    return f"line {outcome.line}{where}: {outcome.cause}"


def _fault(number: int) -> str:
    return (
        "1 row has an error, and nothing was changed"
        if number == 1
        else (f"{number:,} rows have errors, and nothing was changed")
    )
