"""SMS go out through a real HTTP server, in whatever form the provider wants; its answers are understood."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.messages import servers
from tests.integration.messages.conftest import NOON

TOKEN = "token-of-a-gateway"
TEXT = 'Môre "Ann" & {Ben}: 100 % \\ 🛰\nnext line'
BODY = '{"to": [{{ number|json }}], "text": {{ text|json }}, "from": {{ sender|json }}, "ref": {{ id }}}'


@pytest.fixture
def provider():
    """Return an SMS provider."""
    with servers.sms_provider() as made:
        yield made


def set_sms(desk, provider, *more, path="/send"):
    """Let the desk's SMS go to a provider."""
    url = ("--url", f"{provider.url}{path}", "--sender", "Karoo", "--rate", "1000")
    line = ("message", "gateway", "set", "sms", *url, "--user", "karoo", "--password-stdin", *more)
    return desk.operator.do(*line, stdin=TOKEN)


def test_json_with_a_token(desk, provider):
    """POST: any text arrives as it is, the token in its header; the id of the answer is kept."""
    set_sms(desk, provider, "--body", BODY, "--header", "Authorization: Bearer {{ password }}")
    message_id = desk.queue("+27215550100", "sms", TEXT)

    assert desk.deliver() == {"sent": 1}
    ((method, path, headers, body),) = provider.requests
    assert (method, path) == ("POST", "/send")
    assert json.loads(body) == {"to": ["+27215550100"], "text": TEXT, "from": "Karoo", "ref": message_id}
    assert (headers["authorization"], headers["content-type"]) == (f"Bearer {TOKEN}", "application/json")
    assert desk.sql("SELECT state, reference, sent_at FROM message") == [("sent", "4711", NOON)]


def test_everything_in_the_url(desk, provider):
    """GET: what is in the text cannot become another parameter; basic authentication."""
    basic = '{{ (user ~ ":" ~ password)|base64 }}'
    path = "/send?to={{ number|urlencode }}&text={{ text|urlencode }}"
    set_sms(desk, provider, "--method", "GET", "--header", f"Authorization: Basic {basic}", path=path)
    desk.queue("+27215550100", "sms", "a&to=1#x y+z")

    assert desk.deliver() == {"sent": 1}
    ((method, asked, headers, _),) = provider.requests
    assert parse_qs(urlsplit(asked).query) == {"to": ["+27215550100"], "text": ["a&to=1#x y+z"]}
    assert method == "GET"
    assert headers["authorization"] == "Basic a2Fyb286dG9rZW4tb2YtYS1nYXRld2F5"


def test_what_a_provider_answers(desk, provider):
    """2xx is sent, 4xx refused, 5xx tried again; its words are kept, without the token that it repeats."""
    set_sms(desk, provider, "--body", BODY)
    provider.answers = [(400, f"unknown number, {TOKEN}"), (500, "oops"), (202, "thank you")]
    for _ in range(3):
        desk.queue("+27215550100", "sms")

    assert desk.deliver() == {"failed": 1, "put_off": 1, "sent": 1}
    assert desk.states() == [
        ("failed", 1, "400 unknown number, (secret)"),
        ("queued", 1, "500 oops"),
        ("sent", 1, None),
    ]
    assert desk.deliver(NOON + timedelta(minutes=1)) == {"sent": 1}


@pytest.mark.parametrize("status", [302, 401, 503])
def test_a_provider_that_is_down(desk, provider, status):
    """It does not know us, is busy, or points elsewhere: one message is tried, all wait, no redirect is followed."""
    set_sms(desk, provider, "--body", BODY)
    provider.answers = [(status, "no")]
    for _ in range(3):
        desk.queue("+27215550100", "sms")

    assert desk.deliver() == {"put_off": 3}
    assert len(provider.requests) == 1
    assert desk.states()[2] == ("queued", 1, f"SMS gateway: {status} no")


def test_nobody_is_there(desk, provider):
    """A provider that does not listen is down."""
    set_sms(desk, provider, "--body", BODY, "--url", "http://127.0.0.1:9/")
    desk.queue("+27215550100", "sms")

    assert desk.deliver() == {"put_off": 1}
    assert "refused" in desk.states()[0][2]


def test_a_gateway_that_cannot_be(desk, provider):
    """Fields that there are not, URLs and headers that are none, options of the other channel are refused when set."""
    base = ("message", "gateway", "set", "sms", "--sender", "x")
    url = ("--url", provider.url)
    refused = {
        (*base, "--url", "ftp://example.net/"): "a URL begins with http:// or https://",
        (*base, *url, "--body", "{{ nope }}"): "no field is named 'nope'",
        (*base, *url, "--header", "a b: c"): "'a b' is not the name of a header",
        (*base, *url, "--host", "mail"): "a gateway for sms has no host",
        (*base[:3], "email", "--sender", "no address"): "'no address' is not an e-mail address",
        (*base[:3], "email", "--sender", "a@example.net"): "a mail server has a host, a port and TLS or none",
    }
    for line, cause in refused.items():
        assert desk.operator.refused(*line) == cause
    clear = ("--host", "mail.example", "--tls", "none", "--user", "karoo")
    said = desk.operator.refused(*base[:3], "email", "--sender", "a@example.net", *clear)
    assert said == "a password would go over the network in clear"
    assert desk.sql("SELECT FROM message_gateway") == []
