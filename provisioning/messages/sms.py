"""SMS through a provider's HTTP interface, whatever it looks like: URL, headers and body are templates.

Rules: 2xx: sent, with the id that a JSON answer has. What says that the gateway does not know us, is not there, or
has had enough (3xx, 401, 403, 404, 405, 407, 429, 502 to 504): it is down. 408, 425, other 5xx, no answer: tried
again. Other 4xx: refused. No redirect is followed, as it would be given the password.

Known weakness: where no answer comes, nobody knows whether it was taken: then it is sent twice.
"""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple, Self

from provisioning.messages import rendering
from provisioning.messages.gateway import Gateway
from provisioning.messages.outcome import GatewayDown, Outcome, PutOff, Refused, Sent, said
from provisioning.messages.rendering import TemplateError

_TIMEOUT_SECONDS = 20.0
_MOST_OCTETS = 65536
_DOWN = frozenset({401, 403, 404, 405, 407, 429, 502, 503, 504})
_LATER = frozenset({408, 425})
_IDS = ("id", "message_id", "messageId", "messageid", "apiMessageId", "sid", "reference")
_DEEPEST = 4


class Sms(NamedTuple):
    """A text to a number (E.164)."""

    id: int
    number: str
    text: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""
        return


class Server:
    """An SMS gateway, as a context."""

    def __init__(self, configured: Gateway) -> None:
        self._gateway = configured
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opener.close()

    def send(self, sms: Sms) -> Outcome:
        """Hand a text over."""
        try:
            request = made(self._gateway, sms)
        except TemplateError as exc:
            raise GatewayDown(exc.message) from exc
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return Sent(_id(answer.read(_MOST_OCTETS)))
        except urllib.error.HTTPError as exc:
            with exc:
                return self._refused(exc)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            if isinstance(exc, urllib.error.URLError) and not isinstance(exc.reason, TimeoutError):
                raise GatewayDown(self._said(f"SMS gateway: {exc.reason}")) from exc
            return PutOff(self._said(f"no answer: {type(exc).__name__} {exc}"))

    def _refused(self, exc: urllib.error.HTTPError) -> Outcome:
        try:
            words = exc.read(_MOST_OCTETS)
        except (OSError, http.client.HTTPException):
            words = b""
        line = self._said(f"{exc.code} {words.decode('utf-8', 'replace') or exc.reason}")
        if exc.code in _DOWN or exc.code < 400:
            raise GatewayDown(f"SMS gateway: {line}") from exc
        return PutOff(line) if exc.code >= 500 or exc.code in _LATER else Refused(line)

    def _said(self, words: str) -> str:
        return said(words, secret=self._gateway.secret)


def made(configured: Gateway, sms: Sms) -> urllib.request.Request:
    """Return the request for a text; raise `TemplateError`."""
    values = {"number": sms.number, "text": sms.text, "id": sms.id, "sender": configured.sender}
    values |= {"user": configured.user_name or "", "password": configured.secret or ""}
    url = rendering.render(configured.url, values).strip()
    if not url.startswith(("http://", "https://")) or not url.isascii() or not url.isprintable() or " " in url:
        raise TemplateError("the SMS gateway's URL is none", "Write fields in it as {{ text|urlencode }}.")
    body = None if configured.body is None else rendering.render(configured.body, values)
    headers = {name: rendering.one_line(rendering.render(value, values)) for name, value in configured.headers.items()}
    if body is not None and "content-type" not in {name.lower() for name in headers}:
        is_json = body.lstrip()[:1] in ("{", "[")
        headers["Content-Type"] = "application/json" if is_json else "application/x-www-form-urlencoded"
    data = None if body is None else body.encode()
    return urllib.request.Request(url, data, headers, method=configured.method)  # noqa: S310 - the scheme is checked


def _id(octets: bytes) -> str | None:
    """Return what the gateway called the message, where it says so in JSON."""
    try:
        found = _search(json.loads(octets), _DEEPEST)
    except (ValueError, RecursionError):
        return None
    return said(found)[:100] if found else None


def _search(value: Any, depth: int) -> str | None:
    if isinstance(value, dict):
        for key in _IDS:
            if isinstance(value.get(key), str | int):
                return str(value[key])
        value = list(value.values())
    if isinstance(value, list) and depth:
        return next((found for one in value[:10] if (found := _search(one, depth - 1))), None)
    return None
