"""What became of a try to hand a message over; and what to do about it, which is the same for every channel."""

from typing import NamedTuple
from urllib.parse import quote

_LONGEST_WORDS = 300


class Sent(NamedTuple):
    """The next server has taken it; `reference`: what it called it, None where that is known already, or not told."""

    reference: str | None = None


class PutOff(NamedTuple):
    """Not now: it is tried again later."""

    words: str


class Refused(NamedTuple):
    """Never: trying again would bring the same answer."""

    words: str


Outcome = Sent | PutOff | Refused


class GatewayDown(Exception):
    """nothing can be handed over at present: the gateway does not answer, or does not know us"""


def said(words: str | bytes, *, secret: str | None = None) -> str:
    """Return a server's words in one line, without the secret that it may be repeating."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for form in (secret, quote(secret), quote(secret, safe="")) if secret else ():
        text = text.replace(form, "(secret)")
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line[:_LONGEST_WORDS]
