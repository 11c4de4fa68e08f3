"""What an operator writes to customers: to one, to those of a list, to all.

More than ten customers are only written to once the operator has said so. Quiet hours hold, unless the operator says
when. Who cannot be reached is counted, and does not hold up the others; where a field has no value for a customer,
nobody is written to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from provisioning import intent, reach
from provisioning.acts import act
from provisioning.errors import BadInput
from provisioning.messages import addressee, composing, fields, outbox, rendering, sms_parts, wording
from provisioning.messages.addressee import Channel
from provisioning.messages.outbox import Draft, File
from provisioning.messages.rendering import TemplateError
from provisioning.messages.wording import Wording, Wordings

_AT_ONCE = 1000
_SHOWN = 20


@dataclass
class Sending:
    """What was written: how many messages, to how many customers; those not reached; the first few messages.

    `sms_parts`: how many short messages are paid for.
    """

    messages: int = 0
    sms_parts: int = 0
    customers: int = 0
    unreached: int = 0
    first: list[Draft] = field(default_factory=list)
    unreached_codes: list[str] = field(default_factory=list)


def written(channel: Channel, *, subject: str, body: str, category: str | None = None) -> Wording:
    """Return the words of an operator as a template of no name; raise `TemplateError`."""
    if channel == "email" and not subject.strip():
        raise BadInput("an e-mail needs a subject", "Give it with --subject.")
    if channel == "sms" and subject:
        raise BadInput("an SMS has no subject", "Leave out --subject.")
    for part in (subject, body):
        rendering.check(part, fields.OF_A_CUSTOMER)
    return Wording("", "", channel, subject, body, category=category)


@act("message")
def send(
    session: Session,
    customer_ids: Sequence[int],
    *,
    channel: Channel,
    words: Wording | str,
    now: datetime,
    not_before: datetime | None = None,
    files: Sequence[File] = (),
) -> Sending:
    """Queue a message to each of these customers, in words or by the name of a template; deleted ones are left out."""
    _confirm(len(customer_ids))
    wordings = wording.load(session)
    sending = Sending()
    for begin in range(0, len(customer_ids), _AT_ONCE):
        found = addressee.find(session, customer_ids[begin : begin + _AT_ONCE])
        drafts: list[Draft] = []
        for row in sorted(found.values(), key=lambda row: str(row["code"])):
            if row["deleted_at"] is None:
                drafts += _to(row, wordings, channel, words, now, not_before, sending)
        outbox.put(session, drafts, files)
        sending.messages += len(drafts)
        sending.sms_parts += sum(sms_parts.count(draft.body) for draft in drafts if draft.channel == "sms")
        sending.first += drafts[: _SHOWN - len(sending.first)]
    return sending


def _to(
    row: addressee.Row,
    wordings: Wordings,
    channel: Channel,
    words: Wording | str,
    now: datetime,
    not_before: datetime | None,
    sending: Sending,
) -> list[Draft]:
    chosen = wordings.find(words, channel, addressee.languages(row)) if isinstance(words, str) else words
    if chosen is None:
        raise BadInput(f"template {words!r} has no words for {channel}", "See: tollkeeper message template list.")
    recipients = addressee.recipients(row, channel, None)
    if not recipients:
        sending.unreached += 1
        sending.unreached_codes += [row["code"]][: _SHOWN - len(sending.unreached_codes)]
        return []
    try:
        text = wording.write(chosen, fields.of_customer(row, now))
    except TemplateError as exc:
        raise TemplateError(f"customer {row['code']}: {exc.message}", exc.hint) from exc
    sending.customers += 1
    leaves = composing.leaves(row, now) if not_before is None else not_before
    name, language = chosen.name or None, chosen.language or None
    return [
        Draft(row["id"], channel, to, *text, leaves, template=name, language=language, category=chosen.category)
        for to in recipients
    ]


def _confirm(customers: int) -> None:
    """Ask the operator, who is there to be asked, before more than ten customers are written to."""
    wanted = intent.current()
    asked = wanted.ask is not None and not wanted.confirmed and not wanted.dry_run
    if wanted.ask is not None and asked and customers > reach.MOST_UNASKED:
        wanted.ask(customers)
