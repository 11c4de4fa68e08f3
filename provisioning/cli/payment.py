"""tollkeeper payment: money received."""

from typing import TYPE_CHECKING, Any

import click

from provisioning import units
from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from provisioning.models import Payment

_COLUMNS = ("receipt", "customer", "received_on", "amount_cents", "unused_cents", "method", "reference")
_KEYS = (
    "id, receipt, customer, received_on, amount_cents, allocated_cents, unused_cents, method, reference, voided_at,"
    " author, created_at"
)


def _read_part(text: str) -> tuple[str, int]:
    number, equals, amount = text.rpartition("=")
    if not (number and equals):
        raise BadInput(f"{text!r} names no invoice and amount", "Write it as INV-1001=499.50.")
    return number, units.parse_cents(amount)


_PART = types.Parsed("INVOICE=AMOUNT", _read_part)


@click.group("payment", cls=LazyGroup)
def payment() -> None:
    """Payments: money received, and which invoices it pays."""


@payment.command(
    "add", example="tollkeeper payment add FRI001 499.50 --method eft --reference 'FRI001 March'", keys=_KEYS
)
@click.argument("code")
@click.argument("amount", type=types.MONEY)
@click.option("--received", "received_on", type=types.DAY, help="Today, unless said.")
@click.option("--method", type=types.TEXT, help="eft, card, cash, debit order.")
@click.option("--reference", type=types.TEXT, help="What the bank calls it.")
@click.option("--receipt", type=types.TEXT, help="The receipt's number; generated, unless given.")
@click.option("--allocate", "parts", type=_PART, multiple=True, help="An invoice, and how much of it this pays.")
@click.option("--no-allocate", "keeps", is_flag=True, help="It pays no invoice yet.")
def add(code: str, amount: int, parts: tuple[tuple[str, int], ...], keeps: bool, **columns: Any) -> output.Result:
    """Add a payment. It pays the invoices that are due first; what is left pays the next invoice."""
    from provisioning import balance, database
    from provisioning import customer as customers
    from provisioning import payment as payments

    if parts and keeps:
        raise BadInput("--allocate and --no-allocate contradict each other", "Leave one of them out.")
    values = types.given(columns)
    with database.transaction() as session:
        values.setdefault("received_on", balance.today(session))
        pays = _added_up(parts) if parts or keeps else None
        row = payments.add(session, customers.find(session, code), amount_cents=amount, pays=pays, **values)
        view = _views(session, [row])[0] | {"paid": payments.paid(session, row)}
    return output.added("payment", row.receipt, view)


@payment.command("list", example="tollkeeper payment list --customer FRI001", keys=f"a list of ({_KEYS})")
@click.option("--customer", help="Only of this customer.")
@click.option("--unused", is_flag=True, help="Only with something left that pays no invoice.")
@types.paging("receipt")
def listing(customer: str | None, after: str | None, **filters: Any) -> output.Result:
    """List payments by receipt number."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import payment as payments

    with database.transaction() as session:
        customer_id = None if customer is None else customers.find(session, customer).id
        rows = payments.listing(session, customer_id=customer_id, after=after or "", **filters)
        return output.Listing(_views(session, rows), _COLUMNS).result()


@payment.command("show", example="tollkeeper payment show R000001", keys=f"{_KEYS}, paid (invoice: cents)")
@click.argument("receipt")
def show(receipt: str) -> output.Result:
    """Show a payment, and which invoices it pays."""
    from provisioning import database
    from provisioning import payment as payments

    with database.transaction() as session:
        row = payments.find(session, receipt)
        paid = payments.paid(session, row)
        view = _views(session, [row])[0] | {"paid": paid}
    words = ", ".join(f"{number} {output.human('_cents', cents)}" for number, cents in paid.items())
    return output.shown(view, words={"paid": words or "-"})


@payment.command(
    "allocate", example="tollkeeper payment allocate R000001 INV-1001=200", keys=f"payment ({_KEYS}), paid"
)
@click.argument("receipt")
@click.argument("parts", type=_PART, nargs=-1, required=True)
def allocate(receipt: str, parts: tuple[tuple[str, int], ...]) -> output.Result:
    """Let a payment pay so much of these invoices."""
    from provisioning import database
    from provisioning import payment as payments

    with database.transaction() as session:
        row = payments.find(session, receipt)
        payments.allocate(session, row, pays=_added_up(parts))
        session.refresh(row)
        paid = payments.paid(session, row)
        view = _views(session, [row])[0]

    def lines() -> list[str]:
        return [f"payment {receipt} pays {output.human('_cents', cents)} of {number}" for number, cents in paid.items()]

    return output.Result({"payment": view, "paid": paid}, lines)


@payment.command("void", example="tollkeeper payment void R000001", keys=f"payment ({_KEYS}), changed")
@click.argument("receipt")
def void(receipt: str) -> output.Result:
    """Take a payment back: the bank did, or it was entered twice. It stays to be seen."""
    from provisioning import database
    from provisioning import payment as payments

    with database.transaction() as session:
        row = payments.find(session, receipt)
        changes = payments.void(session, row)
        view = _views(session, [row])[0]
    return output.changed("payment", receipt, view, changes)


def _added_up(parts: "Sequence[tuple[str, int]]") -> dict[str, int]:
    pays: dict[str, int] = {}
    for number, cents in parts:
        pays[number] = pays.get(number, 0) + cents
    return pays


def _views(session: "Session", rows: "Sequence[Payment]") -> list[dict[str, Any]]:
    from provisioning.cli import views

    return [
        view | {"unused_cents": 0 if row.voided_at else row.amount_cents - row.allocated_cents}
        for row, view in zip(rows, views.of_customers(session, rows), strict=True)
    ]
