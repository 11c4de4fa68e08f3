"""Notes about customers, with author and time; none is ever changed, and a removed one is kept out of sight.

A pop-up note is shown before anything else of the customer, a debtor note is about money owed.
"""

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import rows
from provisioning.acts import act
from provisioning.errors import BadInput
from provisioning.models import Customer, Note

Kind = Literal["note", "popup", "debtor"]

_LONGEST = 10_000
_LAYOUT = str.maketrans("", "", "\n\t")


@act("customer")
def add(session: Session, customer: Customer, text: str, *, kind: Kind = "note") -> Note:
    """Add a note; it may have several lines."""
    text = text.replace("\r\n", "\n").strip()
    if not text.translate(_LAYOUT).isprintable():
        raise BadInput("the note has a character that cannot be printed", "Leave out control characters; use UTF-8.")
    if len(text) > _LONGEST:
        raise BadInput(f"the note is longer than {_LONGEST} characters", "Attach it as a file: tollkeeper attachment.")
    return rows.add(session, Note(customer_id=customer.id, kind=kind, text=text))


@act("customer")
def remove(session: Session, note: Note) -> None:
    """Take a note out of sight; it is kept, with the time of its removal."""
    note.removed_at = datetime.now(UTC).replace(microsecond=0)
    rows.save(session, note)


def find(session: Session, note_id: int) -> Note:
    """Return the note of this id, unless it was removed."""
    note = rows.of_id(session, Note, note_id)
    if note.removed_at is not None:
        raise rows.gone(Note, note_id)
    return note


def listing(
    session: Session, customer_id: int, *, kind: Kind | None = None, removed: bool = False, limit: int | None = None
) -> list[Note]:
    """Return a customer's notes, the latest first; `removed`: those that were taken out of sight."""
    query = select(Note).where(Note.customer_id == customer_id).order_by(Note.id.desc()).limit(limit)
    query = query.where(Note.removed_at.is_not(None) if removed else Note.removed_at.is_(None))
    return list(session.scalars(query if kind is None else query.where(Note.kind == kind)))


def popups(session: Session, customer_id: int) -> list[Note]:
    """Return the notes to be shown before anything else of this customer, the latest first."""
    return listing(session, customer_id, kind="popup")
