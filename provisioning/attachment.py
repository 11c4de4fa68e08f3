"""Attachments: files of a customer, such as a contract or a photo of the roof.

The file is on disk before its row commits (provisioning/attachment_store.py). While files are swept nobody adds one:
the two hold an advisory lock, shared and exclusive. A removed attachment keeps its row; its content goes with the next
sweep, unless another attachment has the same.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import acts, database, intent, media_type, rows
from provisioning.acts import act
from provisioning.attachment_store import Damaged, Store
from provisioning.errors import BadInput, Forbidden
from provisioning.models import Attachment, Customer, MessageAttachment
from provisioning.units import format_octets

_ADDING = text("SELECT pg_advisory_xact_lock_shared(hashtext('tollkeeper.attachment'))")
_SWEEPING = text("SELECT pg_advisory_xact_lock(hashtext('tollkeeper.attachment')), sees_all()")
_PREVIEW_LINES = 10
_PREVIEW_COLUMNS = 100


@dataclass(frozen=True)
class Verified:
    """How many attachments and octets were read, and which were not as they should be."""

    attachments: int
    octets: int
    flaws: tuple[tuple[Attachment, str], ...]


@act("customer")
def add(
    session: Session,
    customer: Customer,
    octets: bytes,
    *,
    file_name: str,
    store: Store,
    limit_octets: int,
    description: str | None = None,
) -> Attachment:
    """Keep a file of a customer; raise `BadInput` for one that is too big, or of a kind that is not taken."""
    row = Attachment(customer_id=customer.id, octets=len(octets))
    rows.put(row, {"file_name": file_name, "description": description})
    row.sha256, row.media_type = keep(session, octets, store=store, limit_octets=limit_octets)
    return rows.add(session, row)


def keep(session: Session, octets: bytes, *, store: Store, limit_octets: int) -> tuple[str, str]:
    """Put a content into the store, before the row that has it; return its SHA-256 and its media type."""
    if len(octets) > limit_octets:
        raise BadInput(
            f"the file is bigger than {format_octets(limit_octets)}",
            "Make it smaller; TOLLKEEPER_ATTACHMENT_OCTETS is the limit.",
        )
    told = media_type.told(octets)
    with database.translated():
        session.execute(_ADDING)
    return store.digest(octets) if intent.current().dry_run else store.put(octets), told


@act("customer")
def remove(session: Session, attachment: Attachment) -> None:
    """Remove an attachment; its content goes with the next sweep."""
    attachment.removed_at = datetime.now(UTC).replace(microsecond=0)
    rows.save(session, attachment)


def find(session: Session, attachment_id: int) -> Attachment:
    """Return the attachment of this id, unless it was removed."""
    found = rows.of_id(session, Attachment, attachment_id)
    if found.removed_at is not None:
        raise rows.gone(Attachment, attachment_id)
    return found


def listing(session: Session, customer: Customer) -> list[Attachment]:
    """Return a customer's attachments, as they were added."""
    query = select(Attachment).where(Attachment.customer_id == customer.id, Attachment.removed_at.is_(None))
    return list(session.scalars(query.order_by(Attachment.id)))


def preview(attachment: Attachment, store: Store) -> list[str]:
    """Return the first lines of a text, without what a terminal would obey; nothing of other files."""
    if not attachment.media_type.startswith("text/"):
        return []
    lines = store.get(attachment.sha256).decode("utf-8-sig").splitlines()[:_PREVIEW_LINES]
    return ["".join(one if one.isprintable() else " " for one in line[:_PREVIEW_COLUMNS]) for line in lines]


def verify(session: Session, store: Store) -> Verified:
    """Read every file there is a row of, as far as the operator may see it."""
    acts.check_may_view(session, "customer")
    query = select(Attachment).where(Attachment.removed_at.is_(None)).order_by(Attachment.id)
    count, octets, flaws = 0, 0, []
    for row in session.scalars(query.execution_options(yield_per=1000)):
        count += 1
        try:
            octets += len(store.get(row.sha256))
        except Damaged as exc:
            flaws.append((row, exc.message))
    return Verified(count, octets, tuple(flaws))


@act("customer")
def sweep(session: Session, store: Store) -> int:
    """Remove the files that no attachment, and no message, has any more; return how many. Only who sees all may."""
    acts.check_may_view(session, "message")  # or those of messages would seem to be nobody's
    with database.translated():
        (_, sees_all) = session.execute(_SWEEPING).one()
    if not sees_all:
        raise Forbidden("only the provider's operators may sweep attachments", "Leave out --sweep.")
    kept = session.scalars(select(Attachment.sha256).where(Attachment.removed_at.is_(None)))
    sent = session.scalars(select(MessageAttachment.sha256))
    return store.sweep(frozenset(kept) | frozenset(sent))
