"""tollkeeper export: customers with accounts, invoices, payments, as import takes them."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import Command
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.exporting import Export

_KINDS = ("customers", "invoices", "payments")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_AT_ONCE = 1000

Write = Callable[[str], Any]


class _Export(Command):
    """The rows themselves have the standard output, unless they go into a file."""

    def invoke(self, ctx: click.Context) -> int:
        """Refuse --json without a file."""
        if ctx.params["as_json"] and ctx.params["file"] is None and not ctx.params["lists_columns"]:
            raise BadInput("the rows go to standard output", "Give -o FILE with --json; rows as JSON: --format jsonl.")
        return super().invoke(ctx)


@click.command(
    "export",
    cls=_Export,
    example="tollkeeper export --group Homes -o homes.csv",
    keys="file, kind, rows, columns; of --columns: a list of (kind, column, meaning)",
)
@click.option("--kind", type=click.Choice(_KINDS), default="customers", show_default=True)
@click.option("--group", help="Of this group.")
@click.option("--reseller", help="Of this reseller and those below.")
@click.option("--label", "labels", multiple=True, help="With this label; may be repeated.")
@click.option("--deleted", is_flag=True, help="Only customers that are deleted.")
@click.option("--all", "with_deleted", is_flag=True, help="Deleted customers as well.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("-o", "--output", "file", type=types.TEXT, help="Into this file; else to standard output.")
@click.option("--with-passwords", is_flag=True, help="RADIUS passwords in the clear; a file is its owner's alone.")
@click.option("--for-spreadsheets", is_flag=True, help="A ' before what would be a formula: to look at, not to import.")
@click.option("--columns", "lists_columns", is_flag=True, help="List the columns of a file and what they mean.")
def export(
    kind: str,
    form: str,
    file: str | None,
    with_passwords: bool,
    for_spreadsheets: bool,
    lists_columns: bool,
    deleted: bool,
    with_deleted: bool,
    **filters: Any,
) -> output.Result:
    """Write customers with their accounts, or invoices, or payments, in the form in which import takes them.

    A row is an account with its customer, or a customer that has none. Importing the file changes nothing.
    """
    if lists_columns:
        return _columns()
    if for_spreadsheets and form != "csv":
        raise BadInput("spreadsheets take CSV", "Leave out --for-spreadsheets, or --format jsonl.")
    if deleted and with_deleted:
        raise BadInput("--deleted and --all contradict each other", "Choose one.")
    from provisioning import exporting, reading

    wanted = exporting.Wanted(kind, deleted=None if with_deleted else deleted, **filters)
    with reading.look() as look:
        exported = exporting.export(look, wanted, open_password=_opener() if with_passwords else None)
        if with_passwords:
            click.echo("WARNING: passwords are written in the clear", err=True)
        lines = _json_lines(exported) if form == "jsonl" else _csv_lines(exported, guards=for_spreadsheets)
        with _target(file, private=with_passwords) as write:
            written = _write(write, lines, exported.count, file) - (form == "csv")
    return _result(file, kind, written, exported.header)


def _opener() -> Callable[[bytes], str]:
    from provisioning.cli import secrets
    from provisioning.passwords import OTHER_KEY
    from vault.sealed import ACCOUNT_PASSWORD, NotOurs

    seal = secrets.open_seal()

    def opened(sealed: bytes) -> str:
        try:
            return seal.open(sealed, ACCOUNT_PASSWORD).decode()
        except NotOurs as exc:
            raise BadInput("a password does not open with this key", OTHER_KEY) from exc

    return opened


def _csv_lines(exported: "Export", *, guards: bool) -> Iterator[str]:
    from provisioning.exporting import check_csv

    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    write(exported.header)
    yield buffer.getvalue()
    for row in exported.rows:
        buffer.seek(0)
        buffer.truncate()
        write([_guarded(cell) if guards else cell for cell in map(check_csv, row)])
        yield buffer.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _json_lines(exported: "Export") -> Iterator[str]:
    for row in exported.rows:
        cells = {name: cell for name, cell in zip(exported.header, row, strict=True) if cell}
        yield json.dumps(cells, ensure_ascii=False) + "\n"


def _write(write: Write, lines: Iterable[str], count: int, file: str | None) -> int:
    """Write lines, some at a time, with a bar on a terminal that does not get the lines; return how many."""
    from provisioning.cli import progress

    number = 0
    chunk: list[str] = []
    for line in progress.shown(lines, "export", count, wanted=file is not None):
        number += 1
        chunk.append(line)
        if len(chunk) == _AT_ONCE:
            write("".join(chunk))
            chunk.clear()
    write("".join(chunk))
    return number


@contextmanager
def _target(file: str | None, *, private: bool) -> Iterator[Write]:
    """Give what writes: to standard output, or to a file that is there whole and synced at the end, or not at all."""
    if file is None:
        yield lambda text: click.echo(text, nl=False)
        return
    temporary = Path(f"{file}.{os.getpid()}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as opened:
                yield opened.write
                opened.flush()
                os.fsync(descriptor)
            os.replace(temporary, file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise BadInput(f"file {file} cannot be written: {exc.strerror or exc}", "Check its folder.") from exc


def _result(file: str | None, kind: str, rows: int, header: tuple[str, ...]) -> output.Result:
    data = {"file": file, "kind": kind, "rows": rows, "columns": list(header)}
    return output.Result(data, lambda: [] if file is None else [f"{rows:,} rows of {kind} written to {file}"])


def _columns() -> output.Result:
    from provisioning.importing.meanings import MEANINGS

    views = [
        {"kind": kind, "column": column, "meaning": meaning}
        for kind, meanings in MEANINGS.items()
        for column, meaning in meanings.items()
    ]
    return output.Listing(views, ("kind", "column", "meaning")).result()
