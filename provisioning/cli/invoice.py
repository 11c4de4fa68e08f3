"""tollkeeper invoice and credit-note: what is owed."""

from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from provisioning.models import Invoice

_COLUMNS = ("number", "customer", "issued_on", "due_on", "amount_cents", "open_cents", "state")
_KEYS = (
    "id, number, customer, kind (invoice|credit_note), issued_on, due_on, amount_cents, allocated_cents, open_cents,"
    " state (open|paid|used|void), description, voided_at, author, created_at"
)


def _add_options(function: Any) -> Any:
    for option in (
        click.option("--description", type=types.TEXT, help="What it is for."),
        click.option("--issued", "issued_on", type=types.DAY, help="The day it is dated; today, unless said."),
        click.argument("amount", type=types.MONEY),
        click.argument("number"),
        click.argument("code"),
    ):
        function = option(function)
    return function


@click.group("invoice", cls=LazyGroup)
def invoice() -> None:
    """Invoices: what customers owe, and since when."""


@click.group("credit-note", cls=LazyGroup)
def credit_note() -> None:
    """Credit notes: what customers owe no longer."""


@invoice.command(
    "add", example="tollkeeper invoice add FRI001 INV-1001 499.50 --due 2027-01-31", keys=f"invoice ({_KEYS})"
)
@_add_options
@click.option("--due", "due_on", type=types.DAY, help="The last day to pay; the day it is dated, unless said.")
def add(code: str, number: str, amount: int, **columns: Any) -> output.Result:
    """Add an invoice. What the customer has paid ahead pays at once."""
    return _add("invoice", code, number, amount, **columns)


@credit_note.command(
    "add", example="tollkeeper credit-note add FRI001 CN-17 50 --description 'line was down'", keys=f"invoice ({_KEYS})"
)
@_add_options
def add_credit(code: str, number: str, amount: int, **columns: Any) -> output.Result:
    """Add a credit note. It pays what is due first."""
    return _add("credit_note", code, number, amount, **columns)


def _add(kind: Any, code: str, number: str, amount: int, **columns: Any) -> output.Result:
    from provisioning import balance, database
    from provisioning import customer as customers
    from provisioning import invoice as invoices

    values = types.given(columns)
    with database.transaction() as session:
        values.setdefault("issued_on", balance.today(session))
        owner = customers.find(session, code)
        row = invoices.add(session, owner, number, amount_cents=amount, kind=kind, **values)
        view = _views(session, [row])[0]
    return output.added(kind.replace("_", " "), number, view)


@invoice.command("list", example="tollkeeper invoice list --open --overdue", keys=f"a list of ({_KEYS})")
@click.option("--customer", help="Only of this customer.")
@click.option("--open", "is_open", is_flag=True, help="Only what is not paid whole.")
@click.option("--overdue", is_flag=True, help="Only what was due before today, and is not paid whole.")
@types.paging("number")
def listing(customer: str | None, overdue: bool, after: str | None, **filters: Any) -> output.Result:
    """List invoices and credit notes by number."""
    from provisioning import balance, database
    from provisioning import customer as customers
    from provisioning import invoice as invoices

    with database.transaction() as session:
        rows = invoices.listing(
            session,
            customer_id=None if customer is None else customers.find(session, customer).id,
            overdue_on=balance.today(session) if overdue else None,
            after=after or "",
            **filters,
        )
        return output.Listing(_views(session, rows), _COLUMNS).result()


@invoice.command("show", example="tollkeeper invoice show INV-1001", keys=f"{_KEYS}, paid_by (number: cents)")
@click.argument("number")
def show(number: str) -> output.Result:
    """Show an invoice or a credit note, and what pays it."""
    from provisioning import database
    from provisioning import invoice as invoices
    from provisioning import payment as payments

    with database.transaction() as session:
        row = invoices.find(session, number)
        paid_by = payments.payers(session, row)
        view = _views(session, [row])[0] | {"paid_by": paid_by}
    words = ", ".join(f"{name} {output.human('_cents', cents)}" for name, cents in paid_by.items())
    return output.shown(view, words={"paid_by": words or "-"})


@invoice.command("void", example="tollkeeper invoice void INV-1001", keys=f"invoice ({_KEYS}), changed")
@click.argument("number")
def void(number: str) -> output.Result:
    """Take an invoice or a credit note back. It stays to be seen; what had paid it pays others."""
    from provisioning import database
    from provisioning import invoice as invoices

    with database.transaction() as session:
        row = invoices.find(session, number)
        changes = invoices.void(session, row)
        view = _views(session, [row])[0]
    return output.changed("invoice", number, view, changes)


def _views(session: "Session", rows: "Sequence[Invoice]") -> list[dict[str, Any]]:
    from provisioning.cli import views

    return [
        view | {"open_cents": _open(row), "state": _state(row)}
        for row, view in zip(rows, views.of_customers(session, rows), strict=True)
    ]


def _open(row: "Invoice") -> int:
    return 0 if row.voided_at is not None else row.amount_cents - row.allocated_cents


def _state(row: "Invoice") -> str:
    if row.voided_at is not None:
        return "void"
    if _open(row):
        return "open"
    return "paid" if row.kind == "invoice" else "used"
