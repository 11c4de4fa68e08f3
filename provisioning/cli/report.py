"""tollkeeper report: the report of a billing period that customers get."""

from datetime import date
from typing import Any

import click

from provisioning.cli import files, output, types
from provisioning.cli.command import LazyGroup


@click.group(cls=LazyGroup)
def report() -> None:
    """Reports of billing periods to customers who want them: notice set CODE --report."""


@report.command(
    "preview",
    changes=False,
    example="tollkeeper report preview FRI001 --out report.html",
    keys="customer, first_day, last_day, subject, body, html",
)
@click.argument("code")
@click.option("--at", type=types.DAY, help="Of the period that had ended by this day; without it, today.")
@click.option("--out", metavar="FILE", help="Write the HTML into this new file.")
def preview(code: str, at: date | None, out: str | None) -> output.Result:
    """Show the report that a customer gets of the billing period that has ended."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.messages import reports

    with database.transaction() as session:
        row = customers.find(session, code)
        shown = reports.preview(session, row, on=at)
    if out is not None and shown.html is not None:
        files.write_new(out, shown.html.encode())
    data: dict[str, Any] = {"customer": row.code, **shown._asdict()}
    return output.Result(data, lambda: [shown.subject, "", *shown.body.splitlines()])
