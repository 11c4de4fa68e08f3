"""tollkeeper balance: what a customer owes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from provisioning.balance import Line

_HEADINGS = ("day", "", "number", "", "amount", "balance")


@click.group("balance", cls=LazyGroup)
def balance() -> None:
    """Balances: what customers owe, and since when."""


@balance.command(
    "show",
    example="tollkeeper balance show FRI001",
    keys="customer, currency, balance_cents, ages (current, 30_days, ... : cents open), lines (on, kind, number,"
    " description, amount_cents, balance_cents)",
)
@click.argument("code")
def show(code: str) -> output.Result:
    """Show a customer's statement: what moved its balance, and how long what is open has been due."""
    from dataclasses import asdict

    from sqlalchemy import select

    from provisioning import acts, database
    from provisioning import balance as balances
    from provisioning import customer as customers
    from provisioning.models import Installation

    with database.transaction() as session:
        acts.check_may_view(session, "money")
        row = customers.find(session, code)
        moved = balances.statement(session, row.id)
        data: dict[str, Any] = {
            "customer": row.code,
            "currency": session.scalar(select(Installation.currency)),
            "balance_cents": balances.owed_cents(session, row.id),
            "ages": balances.ages(session, row.id, on=balances.today(session)),
            "lines": [asdict(line) for line in moved],
        }
    return output.Result(data, lambda: _lines(data, moved), lambda: _drawings(data, moved))


def _lines(data: dict[str, Any], moved: "list[Line]") -> Iterable[str]:
    for line in moved:
        yield "\t".join(_cells(line))
    for name, cents in data["ages"].items():
        yield f"{_words(name)}\t{output.human('_cents', cents)}"
    yield f"balance\t{output.human('_cents', data['balance_cents'])} {data['currency']}"


def _drawings(data: dict[str, Any], moved: "list[Line]") -> Iterable[Any]:
    from rich.table import Column

    money = [Column(name, justify="right") for name in _HEADINGS[-2:]]
    statement = output.table(*_HEADINGS[:-2], *money)  # type: ignore[arg-type]
    for line in moved:
        statement.add_row(*map(output.escape, _cells(line)))
    yield statement
    aged = output.table(*(Column(_words(name), justify="right") for name in data["ages"]))  # type: ignore[arg-type]
    aged.add_row(*(output.human("_cents", cents) for cents in data["ages"].values()))
    yield aged
    colour = "bold red" if data["balance_cents"] > 0 else "green"
    yield f"balance [{colour}]{output.human('_cents', data['balance_cents'])} {data['currency']}[/]"


def _cells(line: "Line") -> tuple[str, ...]:
    money = (output.human("_cents", line.amount_cents), output.human("_cents", line.balance_cents))
    return str(line.on), line.kind.replace("_", " "), line.number, line.description or "", *money


def _words(name: str) -> str:
    return name.replace("_", " ")
