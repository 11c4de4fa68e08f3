"""The packets of RFC 2865 section 7, octet for octet: nemo and flopsy get what the RFC says they get."""

import hashlib

import pytest

from policies.facts import Pair
from provisioning import account, package
from tests.acceptance import wire
from tests.acceptance.conftest import Provider
from tests.fix_waiting import Eventually
from vault.sealed import NAS_SECRET

pytestmark = pytest.mark.acceptance

SECRET = b"xyzzy5461"

# 7.1: nemo logs in by telnet from port 3 of 192.168.1.16, with the password "arctangent"
TELNET_REQUEST = bytes.fromhex(
    "01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a 01 06 6e 65 6d 6f 02 12 0d be 70 8d 93 d4 13 ce"
    "31 96 e4 3f 78 2a 0a ee 04 06 c0 a8 01 10 05 06 00 00 00 03"
)
TELNET_REPLY = [(6, b"\0\0\0\1"), (15, b"\0\0\0\0"), (14, bytes([192, 168, 1, 3]))]
TELNET = [
    Pair("Service-Type", "=", "Login-User"),
    Pair("Login-Service", "=", "Telnet"),
    Pair("Login-IP-Host", "=", "192.168.1.3"),
]

# 7.2: flopsy dials in by PPP with CHAP from port 20
PPP_REQUEST = bytes.fromhex(
    "01 01 00 47 2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2 01 08 66 6c 6f 70 73 79 03 13 16 e9 75 57 c3 16"
    "18 58 95 f2 93 ff 63 44 07 72 75 04 06 c0 a8 01 10 05 06 00 00 00 14 06 06 00 00 00 02 07 06 00 00 00 01"
)
PPP_REPLY = [
    (6, b"\0\0\0\2"),
    (7, b"\0\0\0\1"),
    (8, bytes([255, 255, 255, 254])),
    (10, b"\0\0\0\0"),
    (13, b"\0\0\0\1"),
    (12, b"\0\0\5\xdc"),
]
PPP = [  # Service-Type and Framed-Protocol come by themselves, as the request has them
    Pair("Framed-IP-Address", "=", "255.255.255.254"),
    Pair("Framed-Routing", "=", "None"),
    Pair("Framed-Compression", "=", "Van-Jacobson-TCP-IP"),
    Pair("Framed-MTU", "=", "1500"),
]


@pytest.fixture
def rfc_provider(provider: Provider, eventually: Eventually) -> Provider:
    """The demo provider with the RFC's router, whose secret is short and which cannot sign, and its two users."""
    with provider.database.connect() as connection, connection.cursor() as cur:
        cur.execute(
            "UPDATE nas SET secret = %s, requires_message_authenticator = false",
            (provider.seal.seal(SECRET, NAS_SECRET),),
        )
    with provider.session() as session:
        plain = package.add(session, "RFC 2865")
        nemo = account.find(session, "nemo")
        account.edit(session, nemo, package_id=plain.id, reply_attributes=TELNET)
        account.add(
            session,
            "flopsy",
            customer_id=nemo.customer_id,
            package_id=plain.id,
            password="arctangent",
            seal=provider.seal,
            reply_attributes=PPP,
        )

    def has_arrived() -> None:
        assert provider.explain("flopsy")["reason"] == "accepted"

    eventually(has_arrived)
    return provider


def test_telnet(rfc_provider: Provider) -> None:
    """7.1: Login, Telnet, 192.168.1.3."""
    reply = _eventually_answered(TELNET_REQUEST, rfc_provider)

    assert reply.code == wire.ACCESS_ACCEPT
    assert sorted(TELNET_REPLY) == the_rfcs(reply, TELNET_REPLY)
    assert wire.is_signed(reply, TELNET_REQUEST, SECRET)


def test_ppp_with_chap(rfc_provider: Provider) -> None:
    """7.2: Framed, PPP, the address of the router's choice, Van Jacobson compression, MTU 1500."""
    reply = _eventually_answered(PPP_REQUEST, rfc_provider)

    assert reply.code == wire.ACCESS_ACCEPT
    assert sorted(PPP_REPLY) == the_rfcs(reply, PPP_REPLY)


def the_rfcs(reply: wire.Reply, expected: wire.Attributes) -> wire.Attributes:
    """Of the reply's attributes those that the RFC shows, in the order of their numbers: it leaves theirs open (5.)."""
    return sorted(pair for pair in reply.attributes if pair[0] in dict(expected))


def _eventually_answered(request: bytes, provider: Provider) -> wire.Reply:
    for _ in range(50):
        reply = wire.exchange(request, provider.port, timeout_seconds=0.2)
        if reply is not None:
            return reply
    raise AssertionError("no answer")


def test_the_rfcs_own_octets() -> None:
    """The request above is the RFC's: the hidden password opens with the RFC's secret."""
    hidden, authenticator = TELNET_REQUEST[28:44], TELNET_REQUEST[4:20]
    mask = hashlib.md5(SECRET + authenticator).digest()
    assert bytes(a ^ b for a, b in zip(hidden, mask, strict=True)) == b"arctangent".ljust(16, b"\0")
