"""Messages as they are put into the queue, many at a time."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.messages.addressee import Channel

_PUT = text(
    """
    INSERT INTO message (customer_id, notice_id, channel, recipient, subject, body, html, template, language, category,
                         not_before, reference)
    SELECT customer_id, notice_id, channel, recipient, subject, body, html, template, language, category, not_before,
           CASE channel WHEN 'email' THEN gen_random_uuid()::text END
    FROM jsonb_to_recordset(CAST(:drafts AS jsonb)) AS draft (
        customer_id bigint, notice_id bigint, channel message_channel, recipient text, subject text, body text,
        html text, template text, language text, category text, not_before timestamptz)
    RETURNING id
    """
)
_ATTACH = text(
    """
    INSERT INTO message_attachment (message_id, sha256, file_name, media_type)
    SELECT id, sha256, file_name, media_type FROM unnest(CAST(:ids AS bigint[])) AS id
    CROSS JOIN jsonb_to_recordset(CAST(:files AS jsonb)) AS file (sha256 text, file_name text, media_type text)
    """
)


class Draft(NamedTuple):
    """A message that is to be."""

    customer_id: int | None
    channel: Channel
    recipient: str
    subject: str
    body: str
    html: str | None
    not_before: datetime
    language: str | None = None
    template: str | None = None
    category: str | None = None
    notice_id: int | None = None


class File(NamedTuple):
    """A file that goes with messages; its octets are in the store of attachments."""

    sha256: str
    file_name: str
    media_type: str


def put(session: Session, drafts: Sequence[Draft], files: Sequence[File] = ()) -> list[int]:
    """Queue messages, each with all these files; return their ids."""
    if not drafts:
        return []
    rows: list[dict[str, Any]] = [one._asdict() | {"not_before": one.not_before.isoformat()} for one in drafts]
    ids = list(session.scalars(_PUT, {"drafts": json.dumps(rows)}))
    if files:
        session.execute(_ATTACH, {"ids": ids, "files": json.dumps([file._asdict() for file in files])})
    return ids
