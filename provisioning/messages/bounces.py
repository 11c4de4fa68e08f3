"""E-mails that were taken and came back: delivery status notifications (RFC 3464) are read, and their messages marked.

The message is known by its Message-ID, which nobody guesses. A report of a delay, or of a delivery, marks nothing.
"""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import database
from provisioning.acts import act
from provisioning.errors import BadInput, NotFound
from provisioning.messages.outcome import said
from provisioning.models import Message as Row

LONGEST = 50 * 2**20
_OURS = re.compile(r"<?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@", re.ASCII)
_HINT = "Give a delivery status notification (RFC 3464), whole."


class Report(NamedTuple):
    """What a mail server says of a message: failed, delayed, delivered, relayed or expanded."""

    reference: str
    action: str
    words: str


def read(octets: bytes) -> Report:
    """Return what a delivery status notification says; raise `BadInput` for anything else."""
    try:
        found = _read(message_from_bytes(octets, policy=policy.default))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as exc:  # what email makes of rubbish
        raise BadInput("the file is no e-mail that can be read", _HINT) from exc
    if found is None:
        raise BadInput("the file reports no delivery of a message of ours", _HINT)
    return found


@act("message")
def mark(session: Session, report: Report, at: datetime | None = None) -> Row:
    """Mark the message of a report as bounced, if the report says that it failed."""
    with database.translated():
        found = session.scalars(
            select(Row).where(Row.reference == report.reference, Row.channel == "email").with_for_update()
        ).one_or_none()
    if found is None:
        raise NotFound("the report is of no message that was sent from here", "See: tollkeeper message list.")
    if report.action == "failed" and found.state not in ("bounced", "cancelled"):
        found.state, found.last_error = "bounced", report.words
        found.ended_at = (at or datetime.now(UTC)).replace(microsecond=0)
        database.flush(session)
    return found


def _read(message: EmailMessage) -> Report | None:
    reference, action, words = None, "", []
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for block in _blocks(part):
                action = action or str(block.get("Action", "")).strip().lower()
                words += [str(block[name]) for name in ("Status", "Diagnostic-Code") if block.get(name)]
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            reference = reference or _reference(part)
    return Report(reference, action, said(" ".join(words))) if reference and action else None


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _reference(part: Message) -> str | None:
    blocks = _blocks(part)
    if not blocks and isinstance(octets := part.get_payload(decode=True), bytes):
        blocks = [message_from_bytes(octets, policy=policy.default)]
    for block in blocks:
        if match := _OURS.match(str(block.get("Message-ID", "")).strip()):
            return match[1]
    return None
