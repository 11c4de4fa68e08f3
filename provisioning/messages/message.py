"""What can still be done about a message: it is kept back, or tried again."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import rows
from provisioning.acts import act
from provisioning.errors import Conflict
from provisioning.models import Message

_AGAIN = text(
    "UPDATE message SET state = 'queued', attempts = 0, not_before = date_trunc('second', now()), ended_at = NULL"
    " WHERE state = 'failed' OR state = 'queued' AND attempts > 0"
)


@act("message")
def cancel(session: Session, message_id: int) -> Message:
    """Take a message out of the queue; refused once it has left."""
    found = _claimed(session, message_id)
    if found.state != "queued":
        raise Conflict(f"message {message_id} is not queued: it is {found.state}", "Only what has not left can stay.")
    found.state, found.ended_at = "cancelled", datetime.now(UTC).replace(microsecond=0)
    rows.save(session, found)
    return found


@act("message")
def retry(session: Session, message_id: int) -> Message:
    """Queue a message anew, or try it now that waits for its next try."""
    found = _claimed(session, message_id)
    if found.state == "sent":
        raise Conflict(f"message {message_id} was sent", "Write another one: tollkeeper message send.")
    again: dict[str, Any] = {"state": "queued", "attempts": 0, "ended_at": None}
    rows.put(found, {**again, "not_before": datetime.now(UTC).replace(microsecond=0)})
    rows.save(session, found)
    return found


@act("message")
def retry_all(session: Session) -> int:
    """Queue all messages anew that have failed, and try those now that wait for their next try; return how many."""
    done = session.execute(_AGAIN)
    return int(getattr(done, "rowcount", 0))


def _claimed(session: Session, message_id: int) -> Message:
    found = rows.of_id(session, Message, message_id)
    rows.claim(session, found)
    session.refresh(found)
    return found
