"""The words of messages: the provider's own where there are some, else those that come with Tollkeeper.

What comes with it is in templates/NAME.LANGUAGE.email.j2 (a line `Subject: ...`, an empty one, the text), beside it
NAME.LANGUAGE.html.j2 where there is HTML, and NAME.LANGUAGE.sms.j2. A language is looked for before another one is
taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.messages import rendering
from provisioning.messages.addressee import Channel
from provisioning.messages.rendering import TemplateError
from provisioning.models import MessageTemplate

_FOLDER = Path(__file__).with_name("templates")
Key = tuple[str, str, str]  # name, language, channel


class Wording(NamedTuple):
    """What is said by a channel in a language, with fields in it; `html` beside the text of an e-mail."""

    name: str
    language: str
    channel: Channel
    subject: str
    body: str
    html: str | None = None
    category: str | None = None


class Written(NamedTuple):
    """A message in its last words."""

    subject: str
    body: str
    html: str | None


class Wordings:
    """All wordings that there are."""

    def __init__(self, own: Iterable[Wording]) -> None:
        self._all: dict[Key, Wording] = dict(built_in())
        self._all |= {(one.name, one.language, one.channel): one for one in own}
        self._names = {name for name, _, _ in self._all}

    def find(self, name: str, channel: Channel, languages: Sequence[str]) -> Wording | None:
        """Return the wording in the first of the languages that has one; raise `TemplateError` for an unknown name."""
        if name not in self._names:
            raise TemplateError(f"no template is named {name!r}", "List them with: tollkeeper message template list.")
        found = (self._all.get((name, language, channel)) for language in languages)
        return next((one for one in found if one is not None), None)


def write(wording: Wording, fields: Mapping[str, Any]) -> Written:
    """Fill in a wording; raise `TemplateError`."""
    subject = rendering.one_line(rendering.render(wording.subject, fields))
    body = rendering.render(wording.body, fields).strip("\n")
    html = None if wording.html is None else rendering.render(wording.html, fields, html=True)
    if not body.strip():
        raise TemplateError("the message has no words", "Say something in it.")
    return Written(subject, body, html)


def load(session: Session) -> Wordings:
    """Return all wordings, the provider's own from the database."""
    return Wordings(of_row(row) for row in session.scalars(select(MessageTemplate)))


def of_row(row: MessageTemplate) -> Wording:
    """Return a wording of the provider's own."""
    channel: Channel = "email" if row.channel == "email" else "sms"
    return Wording(row.name, row.language, channel, row.subject, row.body, row.html, row.category)


@cache
def built_in() -> Mapping[Key, Wording]:
    """Return what comes with Tollkeeper, by name, language and channel."""
    found: dict[Key, Wording] = {}
    for path in sorted(_FOLDER.glob("*.j2")):
        name, language, kind, _ = path.name.split(".")
        words = path.read_text(encoding="utf-8")
        if kind == "email":
            first, _, body = words.partition("\n\n")
            html = path.with_name(f"{name}.{language}.html.j2")
            beside = html.read_text(encoding="utf-8") if html.exists() else None
            found[name, language, "email"] = Wording(
                name, language, "email", first.removeprefix("Subject: "), body, beside
            )
        elif kind == "sms":
            found[name, language, "sms"] = Wording(name, language, "sms", "", words)
    return MappingProxyType(found)
