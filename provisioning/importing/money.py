"""Rows of invoices and payments, one by one: each pays, or is paid, as it comes. What is there is never changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import customer, invoice, payment
from provisioning.errors import BadInput
from provisioning.importing.entry import Entry, Outcome
from provisioning.importing.recorder import Recorder
from provisioning.models import Customer, Invoice, Payment

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "invoice": ("customer", "number", "issued_on", "amount_cents"),
    "payment": ("customer", "receipt", "received_on", "amount_cents"),
}


@dataclass
class Money:
    """Carries out rows of invoices, or of payments."""

    session: Session
    recorder: Recorder
    relation: Literal["invoice", "payment"]

    def identities(self, entry: Entry) -> Iterator[object]:
        """Return what makes a row depend on another one: its number."""
        yield entry.of(self.relation).get("number" if self.relation == "invoice" else "receipt")

    def carry_out(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Do what these rows say; raise what the database refuses."""
        carry: Callable[..., Outcome] = self._invoice if self.relation == "invoice" else self._payment
        return [self._row(entry, carry) for entry in entries]

    def _row(self, entry: Entry, carry: Callable[..., Outcome]) -> Outcome:
        values = dict(entry.of(self.relation))
        try:
            for column in _NEEDED[self.relation]:
                if column not in values:
                    name = column.removesuffix("_cents")
                    raise BadInput(f"column {name} is empty", "Fill it.")
            return carry(entry.line, customer.find(self.session, values.pop("customer")), **values)
        except BadInput as exc:
            return Outcome(entry.line, "error", cause=exc.message)

    def _invoice(self, line: int, owner: Customer, number: str, **values: Any) -> Outcome:
        there = self.session.scalars(select(Invoice).where(Invoice.number == number)).one_or_none()
        if there is not None:
            values.setdefault("due_on", values["issued_on"])
            return self._same(line, number, there, {"customer_id": owner.id, **values})
        row = invoice.add(self.session, owner, number, **values)
        self.recorder.added(Invoice, id=[row.id])
        return Outcome(line, "create", number)

    def _payment(self, line: int, owner: Customer, receipt: str, **values: Any) -> Outcome:
        there = self.session.scalars(select(Payment).where(Payment.receipt == receipt)).one_or_none()
        if there is not None:
            return self._same(line, receipt, there, {"customer_id": owner.id, **values})
        row = payment.add(self.session, owner, receipt=receipt, **values)
        self.recorder.added(Payment, id=[row.id])
        return Outcome(line, "create", receipt)

    @staticmethod
    def _same(line: int, name: str, there: Invoice | Payment, values: Mapping[str, Any]) -> Outcome:
        if all(getattr(there, key) == value for key, value in values.items()):
            return Outcome(line, "nothing", name)
        raise BadInput(
            f"{name} is there already, and says something else", "Void it, and give this one another number."
        )
