"""What customers were told, or were to be: the log of messages, and the notices behind them. For looking only."""

from datetime import date, datetime

from provisioning.errors import NotFound
from provisioning.reading import Look, Row

_COLUMNS = (
    "message.id, customer.code AS customer, notice.kind AS notice, channel, recipient, subject, template,"
    " message.language, message.category, state, not_before, attempts, last_error, reference, sent_at, ended_at,"
    " author, message.created_at"
)
_FROM = "FROM message LEFT JOIN customer ON customer.id = customer_id LEFT JOIN notice ON notice.id = notice_id"
_FILES = "SELECT file_name, media_type, sha256 FROM message_attachment WHERE message_id = %(id)s ORDER BY file_name"
_NOTICES = """
    SELECT notice.id, customer.code AS customer, notice.kind, about, noticed_at, composed_at, notice.error, details,
           (SELECT count(*) FROM message WHERE notice_id = notice.id) AS messages,
           (SELECT count(*) FROM message WHERE notice_id = notice.id AND state = 'sent') AS sent
    FROM notice JOIN customer ON customer.id = customer_id
    WHERE {} ORDER BY notice.id DESC LIMIT %(limit)s
"""
_NOTICE_STATES = {
    "waiting": "composed_at IS NULL AND notice.error IS NULL",
    "composed": "composed_at IS NOT NULL",
    "failed": "notice.error IS NOT NULL",
}


def messages(
    look: Look,
    *,
    code: str | None = None,
    state: str | None = None,
    channel: str | None = None,
    since: datetime | date | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return messages, the newest first, from behind the one with the id `after` on."""
    look.check_may_view("message")
    conditions, values = ["true"], {"code": code, "state": state, "channel": channel, "since": since, "after": after}
    conditions += _of_customer(look, "message", code)
    conditions += ["state = %(state)s"] if state else []
    conditions += ["channel = %(channel)s::message_channel"] if channel else []
    if since is not None:
        zone = "" if isinstance(since, datetime) else "::timestamp AT TIME ZONE (SELECT time_zone FROM installation)"
        conditions.append(f"message.created_at >= %(since)s{zone}")
    conditions += ["message.id < %(after)s"] if after is not None else []
    query = f"SELECT {_COLUMNS} {_FROM} WHERE {' AND '.join(conditions)} ORDER BY message.id DESC LIMIT %(limit)s"
    return look.rows(query, limit=limit, **values)


def message(look: Look, message_id: int) -> Row:
    """Return a message with its words and files."""
    look.check_may_view("message")
    query = f"SELECT {_COLUMNS}, message.body, message.html {_FROM} WHERE message.id = %(id)s"
    found = look.row(query, id=message_id)
    if found is None:
        raise NotFound(f"no message has the id {message_id}", "List them with: tollkeeper message list.")
    return {**found, "attachments": look.rows(_FILES, id=message_id)}


def notices(
    look: Look,
    *,
    code: str | None = None,
    kind: str | None = None,
    state: str | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return notices, the newest first, from behind the one with the id `after` on."""
    look.check_may_view("message")
    conditions = ["true"]
    conditions += _of_customer(look, "notice", code)
    conditions += ["notice.kind = %(kind)s"] if kind else []
    conditions += [_NOTICE_STATES[state]] if state else []
    conditions += ["notice.id < %(after)s"] if after is not None else []
    return look.rows(_NOTICES.format(" AND ".join(conditions)), code=code, kind=kind, after=after, limit=limit)


def _of_customer(look: Look, relation: str, code: str | None) -> list[str]:
    """Return a condition for what is of a customer; raise `NotFound`."""
    if code is None:
        return []
    if not look.column("SELECT id FROM customer WHERE code = upper(%(code)s)", code=code):
        raise NotFound(f"no customer is named {code!r}", "List them with: tollkeeper customer list.")
    return [f"{relation}.customer_id = (SELECT id FROM customer WHERE code = upper(%(code)s))"]  # noqa: S608
