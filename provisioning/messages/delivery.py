"""The job `delivery`: queued messages whose time has come leave for the mail server and the SMS gateway.

Rules:

 1 A message is sent when the next server has said so (SMTP: 250 after the text; HTTP: 2xx), and is written down as sent
   right then, each in a transaction of its own. Its row is locked while it is handed over: it cannot be cancelled any
   more, and no other process hands it over too.
 2 At least once, not exactly once: who dies between the server's yes and the commit sends it again, an e-mail with the
   same Message-ID.
 3 What could not be handed over is tried again after 1, 2, 4 ... 240 minutes, and has failed after a day (14 tries).
   What was refused for good has failed at once, with the server's words.
 4 Where the gateway itself is down, everything that is due waits together; nothing is tried message by message.
 5 No more messages a second than the gateway is set to. A turn ends after `_TURN_SECONDS`; the next one goes on.

Known weaknesses: a next try may come in the customer's quiet hours. Attached files are read from this node's folder
(provisioning/attachment_store.py): where operators work on another one, both need to see it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import psycopg2.extras
import structlog
from psycopg2.extensions import connection as Connection  # noqa: N812

from provisioning import driver, key
from provisioning.attachment_store import Damaged, Store
from provisioning.errors import OperatorError
from provisioning.messages import gateway, mail, sms
from provisioning.messages.gateway import Gateway
from provisioning.messages.outcome import GatewayDown, Outcome, PutOff, Refused, Sent
from provisioning.scheduling.job import Counts

Row = dict[str, Any]
Send = Callable[[Row, datetime], Outcome]

log = structlog.get_logger()

_TURN_SECONDS = 30.0
_TRIES = 14
_LONGEST_PAUSE_MINUTES = 240

_GATEWAYS = """
    SELECT * FROM message_gateway WHERE enabled AND EXISTS (
        SELECT FROM message WHERE state = 'queued' AND message.channel = message_gateway.channel
        AND not_before <= %(at)s)
    ORDER BY channel
"""
_CLAIM = """
    SELECT id, recipient, subject, body, html, reference, notice_id, brand_for(customer_id) AS brand FROM message
    WHERE state = 'queued' AND channel = %(channel)s AND not_before <= %(at)s
    ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_FILES = "SELECT sha256, file_name, media_type FROM message_attachment WHERE message_id = %(id)s ORDER BY file_name"
_SENT = """
    UPDATE message SET state = 'sent', sent_at = %(at)s, attempts = attempts + 1, last_error = NULL,
                       reference = coalesce(%(reference)s, reference)
    WHERE id = %(id)s
"""
_REFUSED = """
    UPDATE message SET state = 'failed', ended_at = %(at)s, attempts = attempts + 1, last_error = %(words)s
    WHERE id = %(id)s
"""
_PUT_OFF = f"""
    UPDATE message SET attempts = attempts + 1, last_error = %(words)s,
        not_before = %(at)s + make_interval(mins => least(2 ^ least(attempts, 10), {_LONGEST_PAUSE_MINUTES})::integer),
        state = CASE WHEN attempts + 1 < {_TRIES} THEN 'queued' ELSE 'failed' END,
        ended_at = CASE WHEN attempts + 1 < {_TRIES} THEN NULL ELSE %(at)s END
    WHERE state = 'queued' AND not_before <= %(at)s AND
"""  # noqa: S608
_PUT_OFF_ONE = f"{_PUT_OFF} id = %(id)s"
_PUT_OFF_ALL = f"{_PUT_OFF} channel = %(channel)s"


def work(dsn: str, at: datetime) -> Counts:
    """Hand over what is due, until nothing is, or the turn is over."""
    counts: Counter[str] = Counter()
    with closing(driver.connect(dsn)) as connection:
        for row in _rows(connection, _GATEWAYS, at=at):
            counts += _deliver(connection, row, at)
    return counts


def send_one(row: Row, *, recipient: str, at: datetime) -> Outcome:
    """Hand a trial message over at once, through the gateway with these columns; raise `GatewayDown`."""
    words = "This is a trial message: the gateway works."
    message = {"id": 0, "recipient": recipient, "subject": "Trial message", "body": words, "html": None}
    with _opened(_gateway(row)) as send:
        return send(
            {**message, "reference": f"trial-{int(at.timestamp())}", "notice_id": None, "brand": None, "files": ()}, at
        )


def _deliver(connection: Connection, row: Row, at: datetime) -> Counter[str]:
    """Hand over the messages of a channel."""
    counts: Counter[str] = Counter()
    channel, ends = row["channel"], time.monotonic() + _TURN_SECONDS
    try:
        pace = _paced(row["messages_a_second"])
        with _opened(_gateway(row)) as send:
            while time.monotonic() < ends and (message := _claim(connection, channel, at)) is not None:
                counts[_settle(connection, message, _send(send, message, at), at)] += 1
                next(pace)
    except (GatewayDown, OperatorError) as exc:
        connection.rollback()
        with connection, connection.cursor() as cursor:
            cursor.execute(_PUT_OFF_ALL, {"at": at, "channel": channel, "words": str(exc)})
            counts["put_off"] += cursor.rowcount
    return counts


def _send(send: Send, message: Row, at: datetime) -> Outcome:
    try:
        store = Store(key.home() / "attachments")
        files = [mail.File(one["file_name"], one["media_type"], store.get(one["sha256"])) for one in message["files"]]
        return send({**message, "files": files}, at)
    except Damaged as exc:
        return PutOff(exc.message)
    except GatewayDown:
        raise
    except Exception as exc:  # whatever is wrong with one message, the others leave
        log.error("message_undeliverable", message_id=message["id"], exc_info=exc)
        return PutOff(f"{type(exc).__name__}: see the scheduler's log")


def _settle(connection: Connection, message: Row, outcome: Outcome, at: datetime) -> str:
    """Write down what became of a message; return it in a word."""
    values: Row = {"id": message["id"], "at": at}
    if isinstance(outcome, Sent):
        word, statement, values = "sent", _SENT, {**values, "reference": outcome.reference}
    elif isinstance(outcome, Refused):
        word, statement, values = "failed", _REFUSED, {**values, "words": outcome.words}
    else:
        word, statement, values = "put_off", _PUT_OFF_ONE, {**values, "words": outcome.words}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    connection.commit()
    return word


def _claim(connection: Connection, channel: str, at: datetime) -> Row | None:
    """Return the message that is due first, locked until it is settled."""
    found = _rows(connection, _CLAIM, channel=channel, at=at)
    if not found:
        connection.rollback()
        return None
    return {**found[0], "files": _rows(connection, _FILES, id=found[0]["id"])}


@contextmanager
def _opened(configured: Gateway) -> Iterator[Send]:
    """Give what hands a message over; raise `GatewayDown`."""
    if configured.channel == "email":
        with mail.Server(configured) as server:
            yield lambda row, at: server.send(_mail(row), at)
    else:
        with sms.Server(configured) as texts:
            yield lambda row, _: texts.send(sms.Sms(row["id"], row["recipient"], row["body"]))


def _mail(row: Row) -> mail.Mail:
    return mail.Mail(
        row["reference"],
        row["recipient"],
        row["subject"],
        row["body"],
        row["html"],
        row["files"],
        brand=row["brand"],
        by_machine=row["notice_id"] is not None,
    )


def _gateway(row: Row) -> Gateway:
    return gateway.opened(row, key.open_seal() if row["secret"] is not None else None)


def _paced(messages_a_second: int) -> Iterator[None]:
    """Yield as often a second, and no more often."""
    following = time.monotonic()
    while True:
        following = max(following + 1 / messages_a_second, time.monotonic())
        time.sleep(max(0.0, following - time.monotonic()))
        yield


def _rows(connection: Connection, query: str, **values: Any) -> list[Row]:
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor]
