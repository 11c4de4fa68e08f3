"""Templates of the provider's own, in place of those that come with Tollkeeper, or besides them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acts, customer, particulars, rows
from provisioning.acts import act
from provisioning.errors import BadInput, NotFound
from provisioning.messages import addressee, fields, rendering, report, wording
from provisioning.messages.addressee import Channel
from provisioning.messages.wording import Wording, Written
from provisioning.models import MessageTemplate

_AGAIN = text("UPDATE notice SET error = NULL WHERE error IS NOT NULL AND kind = :name")
# what a preview is filled in with
_EXAMPLE: Mapping[str, Any] = {
    "invoice": "INV-1001",
    "due_on": "2026-11-01",
    "owed_cents": 49900,
    "suspends_on": "2026-11-30",
    "pays_on": "2026-11-15",
    "account": "frikkie@example",
    "percent": 75,
    "used_octets": 75 * 10**9,
    "octets": 100 * 10**9,
    "left_octets": 25 * 10**9,
    "period_start": "2026-11-01",
    "ends_on": "2026-12-01",
    "expires_at": "2026-12-31T22:00:00+00:00",
}


@act("message")
def put(session: Session, wanted: Wording) -> Wording:
    """Set a template; raise `TemplateError`. Notices that wait for a better one are tried again."""
    if wanted.channel == "sms" and (wanted.subject or wanted.html is not None):
        raise BadInput("an SMS has no subject and no HTML", "Leave them out.")
    if wanted.channel == "email" and not wanted.subject.strip():
        raise BadInput("an e-mail needs a subject", "Give it with --subject.")
    wanted = wanted._replace(language=particulars.language(wanted.language))
    rendering.check(wanted.subject, fields.FIELDS)
    rendering.check(wanted.body, fields.FIELDS)
    if wanted.html is not None:
        rendering.check(wanted.html, fields.FIELDS, html=True)
    row = session.get(MessageTemplate, (wanted.name, wanted.language, wanted.channel))
    if row is not None:
        rows.claim(session, row)
    row = row or MessageTemplate(name=wanted.name, language=wanted.language, channel=wanted.channel)
    row.subject, row.body, row.html, row.category = wanted.subject, wanted.body, wanted.html, wanted.category
    rows.add(session, row)
    session.execute(_AGAIN, {"name": wanted.name})
    return wanted


@act("message")
def remove(session: Session, name: str, *, language: str, channel: Channel) -> None:
    """Remove a template of the provider's own; the one that comes with Tollkeeper, if there is one, is used again."""
    row = session.get(MessageTemplate, (name, language, channel))
    if row is None:
        raise NotFound(
            f"no own template is named {name!r} in {language} for {channel}",
            "List them with: tollkeeper message template list.",
        )
    rows.remove(session, row)
    session.execute(_AGAIN, {"name": name})


def find(session: Session, name: str, *, language: str, channel: Channel) -> Wording:
    """Return a template as it is used."""
    acts.check_may_view(session, "message")
    found = wording.load(session).find(name, channel, [language])
    if found is None:
        raise NotFound(
            f"template {name!r} is not there in {language} for {channel}",
            "List them with: tollkeeper message template list.",
        )
    return found


def listing(session: Session) -> list[tuple[Wording, bool]]:
    """Return all templates as they are used, with whether they are the provider's own."""
    acts.check_may_view(session, "message")
    own = {(row.name, row.language, row.channel): wording.of_row(row) for row in session.query(MessageTemplate)}
    return [(found, key in own) for key, found in sorted({**wording.built_in(), **own}.items())]


def preview(session: Session, words: Wording, code: str, *, at: datetime | None = None) -> Written:
    """Return what a customer would read, with invented particulars of a notice; raise `TemplateError`."""
    row = addressee.find(session, [customer.find(session, code).id])
    (found,) = row.values()
    moment = at or datetime.now(UTC)
    details = {**_EXAMPLE, "report": report.example()}
    return wording.write(words, fields.of_notice(found, details, moment))
