"""The job `notices`: what customers are to be told is written as messages, in their language, for their channels.

A notice is composed once, whatever comes of it: nobody can be reached, or wants to be, and then there is no message.
Where its template cannot be filled in, the notice keeps the error and waits until the template is another; others go
on. A report waits for an hour, as routers report the last minutes of a period after its end.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.messages import addressee, fields, outbox, quiet, report, wording
from provisioning.messages.addressee import Channel
from provisioning.messages.outbox import Draft
from provisioning.messages.rendering import TemplateError
from provisioning.messages.wording import Wordings
from provisioning.scheduling.job import Counts

REPORT = "report"
_AT_ONCE = 1000

_READY = f"noticed_at + CASE kind WHEN '{REPORT}' THEN interval '1 h' ELSE interval '0' END"
_WAITING = "composed_at IS NULL AND error IS NULL"
_FIRST = text(
    f"SELECT least((SELECT min(noticed_at) FROM notice WHERE {_WAITING} AND kind <> '{REPORT}'),"  # noqa: S608
    f" (SELECT min({_READY}) FROM notice WHERE {_WAITING} AND kind = '{REPORT}'))"
)
_NEXT = text(
    f"SELECT id, customer_id, kind, details, noticed_at FROM notice WHERE {_WAITING} AND noticed_at <= :at"  # noqa: S608
    f" AND {_READY} <= :at ORDER BY noticed_at, id LIMIT :most FOR UPDATE SKIP LOCKED"
)
_COMPOSED = text("UPDATE notice SET composed_at = :at WHERE id = ANY(:ids)")
_FAILED = text(
    "UPDATE notice SET error = failed.error FROM unnest(CAST(:ids AS bigint[]), CAST(:errors AS text[]))"
    " AS failed (id, error) WHERE notice.id = failed.id"
)


def due(session: Session, after: datetime, until: datetime) -> datetime | None:
    """Return when the first notice that waits is to be composed; a queue that was not emptied is due at `until`."""
    first: datetime | None = session.scalar(_FIRST)
    if first is None or first > until:
        return None
    return until if first <= after else first


def run(session: Session, at: datetime) -> Counts:
    """Compose the notices that wait, a thousand at most."""
    notices = [dict(row) for row in session.execute(_NEXT, {"at": at, "most": _AT_ONCE}).mappings()]
    if not notices:
        return {}
    customers = addressee.find(session, {one["customer_id"] for one in notices})
    reports = report.find(session, dict(_periods(notices, customers)))
    wordings = wording.load(session)
    drafts: list[Draft] = []
    errors: dict[int, str] = {}
    for notice in notices:
        customer = customers[notice["customer_id"]]
        details = dict(notice["details"])
        if notice["kind"] == REPORT:
            details["report"] = reports[customer["id"], _period(notice)]
        try:
            drafts += write(wordings, customer, notice["kind"], details, at=at, notice_id=notice["id"])
        except TemplateError as exc:
            errors[notice["id"]] = exc.message
    outbox.put(session, drafts)
    composed = [notice["id"] for notice in notices if notice["id"] not in errors]
    session.execute(_COMPOSED, {"at": at, "ids": composed})
    session.execute(_FAILED, {"ids": list(errors), "errors": list(errors.values())})
    return {"notices": len(composed), "messages": len(drafts), "failed": len(errors)}


def write(
    wordings: Wordings,
    customer: addressee.Row,
    kind: str,
    details: Mapping[str, Any],
    *,
    at: datetime,
    notice_id: int | None = None,
) -> list[Draft]:
    """Return the messages of a notice; raise `TemplateError`."""
    if customer["deleted_at"] is not None:
        return []
    values: dict[str, Any] | None = None
    drafts = []
    for channel in _channels(customer, kind):
        words = wordings.find(kind, channel, addressee.languages(customer))
        reached = addressee.recipients(customer, channel, addressee.purpose_of(kind)) if words else []
        if words is None or not reached:
            continue
        values = values or fields.of_notice(customer, details, at)
        written = wording.write(words, values)
        not_before = leaves(customer, at)
        drafts += [
            Draft(
                customer["id"],
                channel,
                recipient,
                *written,
                not_before,
                language=words.language,
                template=words.name,
                category=words.category,
                notice_id=notice_id,
            )
            for recipient in reached
        ]
    return drafts


def leaves(customer: addressee.Row, at: datetime) -> datetime:
    """Return when a message to a customer may leave: quiet hours are its own."""
    return quiet.not_before(
        at,
        customer["time_zone"],
        from_minute=customer["quiet_from_minute"],
        until_minute=customer["quiet_until_minute"],
    )


def _channels(customer: addressee.Row, kind: str) -> Iterator[Channel]:
    """Yield by what a customer wants to be told; who wants a report wants it by e-mail."""
    if customer["notices_by_email"] or kind == REPORT:
        yield "email"
    if customer["notices_by_sms"]:
        yield "sms"


def _periods(
    notices: Sequence[Mapping[str, Any]], customers: Mapping[int, addressee.Row]
) -> Iterator[tuple[report.Period, int]]:
    for notice in notices:
        if notice["kind"] == REPORT:
            customer = customers[notice["customer_id"]]
            yield (customer["id"], _period(notice)), customer["billing_day"]


def _period(notice: Mapping[str, Any]) -> date:
    return date.fromisoformat(notice["details"]["period_start"])
