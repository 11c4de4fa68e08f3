"""Odd packets: the documented answer each time, and the server lives."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.acceptance import wire
from tests.acceptance.conftest import Provider

pytestmark = pytest.mark.acceptance

NAME, PASSWORD = b"active", b"active-password"
SILENCE_SECONDS = 2.0  # nothing by then is nothing


@pytest.fixture(autouse=True)
def server_lives(standing_provider: Provider) -> Iterator[None]:
    """After every packet the server is the same process, and answers."""
    before = standing_provider.radius.pid_file.read()
    yield
    assert before is not None
    assert before == standing_provider.radius.pid_file.read()
    assert standing_provider.authenticate("active", "active-password").code == "Access-Accept"


def ask(
    provider: Provider,
    attributes: wire.Attributes,
    *,
    password: bytes | None = PASSWORD,
    secret: bytes | None = None,
    signed: bool = True,
    timeout_seconds: float = 10.0,
) -> int | None:
    """Send a request; return the code of the answer, None for silence."""
    packet = wire.access_request(attributes, secret or provider.secret.encode(), password=password, signed=signed)
    reply = wire.exchange(packet, provider.port, timeout_seconds=timeout_seconds)
    if reply is None:
        return None
    assert wire.is_signed(reply, packet, provider.secret.encode())
    return reply.code


@pytest.mark.parametrize("name", [b"active\0", b"active\0evil", b"\0active", b"act\x01ive", b"active\n", b"\x7factive"])
def test_control_characters_in_a_user_name(standing_provider: Provider, name: bytes) -> None:
    """Refused: no account is called that, whatever stands before the NUL."""
    assert ask(standing_provider, [(wire.USER_NAME, name)]) == wire.ACCESS_REJECT


@pytest.mark.parametrize(
    "name", [b"a" * 253, "é".encode() * 126, b"\xff\xfe", b"activ\xe9", b"\xc3\x28", b" active", b"ACTIVE"]
)
def test_user_names_that_nobody_has(standing_provider: Provider, name: bytes) -> None:
    """Refused: 253 octets, no UTF-8, other case."""
    assert ask(standing_provider, [(wire.USER_NAME, name)]) == wire.ACCESS_REJECT


def test_no_user_name(standing_provider: Provider) -> None:
    """Refused: there is nobody to decide about."""
    assert ask(standing_provider, []) == wire.ACCESS_REJECT


@pytest.mark.parametrize(
    "password", [b"p\xe4ssw\xf6rt", b"\xff" * 128, b"", b"\0", "пароль".encode(), bytes(range(190, 254))]
)
def test_wrong_passwords_of_any_octets(standing_provider: Provider, password: bytes) -> None:
    """Refused like any wrong password."""
    assert ask(standing_provider, [(wire.USER_NAME, NAME)], password=password) == wire.ACCESS_REJECT


def test_latin_1_beside_the_right_password(standing_provider: Provider) -> None:
    """A router's own text in Latin-1 cuts nobody off."""
    odd = [(wire.USER_NAME, NAME), (wire.CONNECT_INFO, b"Anschlu\xdf"), (87, b"Stra\xdfe 7")]

    assert ask(standing_provider, odd) == wire.ACCESS_ACCEPT
    assert ask(standing_provider, odd, password=b"w\xe4re falsch") == wire.ACCESS_REJECT


def test_a_wrong_secret_signed(standing_provider: Provider) -> None:
    """Silence: whoever sent this is not the router."""
    asked, secret = [(wire.USER_NAME, NAME)], b"not the secret at all"
    assert ask(standing_provider, asked, secret=secret, timeout_seconds=SILENCE_SECONDS) is None


def test_an_unsigned_request(standing_provider: Provider) -> None:
    """Silence, as this router is to sign (CVE-2024-3596), with Proxy-State or without."""
    for more in ([], [(wire.PROXY_STATE, b"x")]):
        asked = [(wire.USER_NAME, NAME), *more]
        assert ask(standing_provider, asked, signed=False, timeout_seconds=SILENCE_SECONDS) is None


@pytest.mark.parametrize("number", [wire.USER_NAME, wire.CALLING_STATION_ID, wire.NAS_PORT, 6, 87])
def test_repeated_attributes_that_may_come_once(standing_provider: Provider, number: int) -> None:
    """Refused: two readers could read two different requests in it."""
    value = NAME if number == wire.USER_NAME else b"\0\0\0\1" if number in (wire.NAS_PORT, 6) else b"02-00-00-00-00-01"
    once = [(wire.USER_NAME, NAME), *([(number, value)] if number != wire.USER_NAME else [])]

    assert ask(standing_provider, once) == wire.ACCESS_ACCEPT
    assert ask(standing_provider, [*once, (number, value)]) == wire.ACCESS_REJECT


def test_repeated_attributes_that_may_come_often(standing_provider: Provider) -> None:
    """Accepted: Proxy-State and vendors' attributes come as often as they like."""
    cisco = b"\0\0\0\x09\x01\x06a=bc"
    attributes = [
        (wire.USER_NAME, NAME),
        (wire.PROXY_STATE, b"one"),
        (wire.PROXY_STATE, b"two"),
        (26, cisco),
        (26, cisco),
    ]

    assert ask(standing_provider, attributes) == wire.ACCESS_ACCEPT


def test_accounting_is_not_for_this_port(standing_provider: Provider) -> None:
    """Silence: it is another process that takes accounting."""
    client = replace(standing_provider.client, timeout_seconds=SILENCE_SECONDS)
    answer = client.send("acct", [("User-Name", "active"), ("Acct-Status-Type", "Start")])
    assert answer.code is None


def test_status_server(standing_provider: Provider) -> None:
    """Answered: a load balancer sees that the server is there (RFC 5997)."""
    answer = standing_provider.client.send("status", [("Message-Authenticator", b"\0")])
    assert answer.code == "Access-Accept"


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 255), st.binary(min_size=1, max_size=60)), max_size=12))
def test_any_attributes(standing_provider: Provider, attributes: wire.Attributes) -> None:
    """Any signed packet is accepted, challenged, refused or ignored, and kills nothing."""
    packet = wire.access_request(attributes, standing_provider.secret.encode())
    reply = wire.exchange(packet, standing_provider.port, timeout_seconds=0.05)
    assert reply is None or reply.code in (wire.ACCESS_REJECT, 11)
