"""Requests to routers over real UDP: what is believed, what is sent again, how many a second."""

import hmac
import os
from dataclasses import replace

import pytest

from provisioning.enforcement import packet
from provisioning.enforcement.sender import Order, Outcome, Sender
from tests.simulated_nas import ACCT_SESSION_ID, MESSAGE_AUTHENTICATOR, SimulatedNas, reply

SECRET = b"xyzzy5461xyzzy5461"
SOON = (0.3, 0.6, 5.0)


@pytest.fixture
def nas():
    """Return a router that says yes."""
    with SimulatedNas("127.0.0.1", SECRET) as made:
        yield made


def order(nas, key=1, *, code=packet.DISCONNECT, rate=1000):
    """Return an order about one session."""
    attributes = [(1, b"user%d" % key), (ACCT_SESSION_ID, b"%d" % key)]
    return Order(key, (nas.address, nas.port), SECRET, rate, code, attributes)


def tell(*orders, seconds=60.0) -> dict[int, Outcome]:
    """Send orders and return what became of them."""
    with Sender(waits_seconds=SOON) as sender:
        for one in orders:
            sender.send(one)
        return {one.key: one for one in sender.pump(seconds)}


def test_a_router_says_yes(nas):
    """The request is signed in both ways, and names the session."""
    found = tell(order(nas))[1]
    assert (found.result, found.error_cause, found.discarded) == ("ack", None, 0)
    (heard,) = nas.heard
    assert heard.is_signed
    assert (heard.code, heard.user_name, heard.value(ACCT_SESSION_ID)) == (40, "user1", b"1")
    assert heard.octets[20] == MESSAGE_AUTHENTICATOR


@pytest.mark.parametrize("code", [packet.DISCONNECT, packet.COA])
def test_a_router_says_no(nas, code):
    """Its Error-Cause is kept."""
    nas.behave = "nak 503"
    found = tell(order(nas, code=code))[1]
    assert (found.result, found.error_cause) == ("nak", 503)


def test_what_is_lost_is_sent_again_as_it_is(nas):
    """Same identifier, same authenticator (RFC 5176 2.3)."""
    nas.behave = "drop once"
    assert tell(order(nas))[1].result == "ack"
    first, second = nas.heard
    assert first.octets == second.octets


@pytest.mark.parametrize("behaviour", ["forge", "forge ma", "elsewhere"])
def test_a_false_yes_is_counted_and_not_believed(nas, behaviour):
    """Another secret, a false signature, another port: the request goes out again, and the true answer counts."""
    nas.behave = behaviour
    with Sender(waits_seconds=SOON) as sender:
        sender.send(order(nas))
        while not nas.heard:
            assert sender.pump(0.05) == []
        nas.behave = "ack"
        (found,) = sender.pump(30.0)
    assert (found.result, found.discarded) == ("ack", 1)


def test_many_at_once(nas):
    """More than an identifier can tell apart: another socket is opened, and each answer finds its request."""
    orders = [order(nas, key, rate=10_000) for key in range(700)]
    nas.behave, nas.behaviours = "drop once", {"user7": "nak 406"}
    found = tell(*orders)
    assert len(found) == 700
    assert [key for key, one in found.items() if one.result != "ack"] == [7]
    assert len({heard.source for heard in nas.heard}) > 1


def test_a_router_gets_no_more_than_its_rate(nas):
    """However many wait; the rate is counted over the whole, a tenth of a second ahead."""
    found = tell(*(order(nas, key, rate=40) for key in range(30)))
    sent = sorted(one.sent_at for one in found.values())
    assert len(sent) == 30
    assert len(sent) - 1 <= (sent[-1] - sent[0]) * 40 + 4


def test_one_dead_router_holds_up_no_other(nas):
    """The others are told meanwhile."""
    with SimulatedNas("127.0.0.1", SECRET, behave="drop") as dead, Sender() as sender:
        for key in range(50):
            sender.send(order(dead, key))
            sender.send(order(nas, 100 + key))
        found = []
        while len(found) < 50:
            found += sender.pump(0.1)
        assert {one.key for one in found} == set(range(100, 150))
        assert sender.keys == list(range(50))


def test_nobody_answers():
    """Three packets, at 0, 2 and 6 seconds, and at 14 it has failed: by a clock that runs as the test wants."""
    now = [0.0]
    with SimulatedNas("127.0.0.1", SECRET, behave="drop") as nas, Sender(lambda: now[0]) as sender:
        sender.send(order(nas))
        sent = []
        for tenths in range(150):
            now[0] = tenths / 10
            if found := sender.pump(0.0):
                assert (found[0].result, tenths) == ("timeout", 140)
                break
            sent.append(tenths)
        assert sender.is_idle


def test_there_is_no_way_to_the_router():
    """Known at once, not after a quarter of a minute."""
    nowhere = Order(1, ("255.255.255.255", 3799), SECRET, 50, packet.DISCONNECT, [(1, b"user")])
    assert tell(nowhere, seconds=0.5)[1].result == "unreachable"


# ------------------------------------------------------------------------------------------ answers


def asked():
    """Return a request, and what a router hears of it."""
    request = packet.request(packet.COA, [(1, b"user")], identifier=9, secret=SECRET)
    nas = SimulatedNas("127.0.0.1", SECRET)
    return request, nas._hear(request.octets, ("127.0.0.1", 1))


def test_answers_are_read():
    """An ACK, a NAK, one without Message-Authenticator, one with padding behind it (RFC 2865 3)."""
    request, heard = asked()
    assert packet.read(reply(heard, SECRET), request) == packet.Answer(True)
    assert packet.read(reply(heard, SECRET, error_cause=402), request) == packet.Answer(False, 402)
    assert packet.read(reply(heard, SECRET, signed=False), request) == packet.Answer(True)
    assert packet.read(reply(heard, SECRET) + b"padding", request) == packet.Answer(True)


def test_no_octet_of_an_answer_can_be_changed():
    """Whichever it is: the answer is not believed."""
    request, heard = asked()
    good = reply(heard, SECRET, error_cause=402)
    for at in range(len(good)):
        assert packet.read(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], request) is None


def test_other_packets_are_no_answers():
    """Noise, a cut one, an answer to another request, to another code, two signatures."""
    request, heard = asked()
    good = reply(heard, SECRET)
    again = packet.request(packet.COA, [(1, b"user2")], identifier=9, secret=SECRET)
    asked_to_end = request._replace(code=packet.DISCONNECT)
    for octets, to in [(os.urandom(40), request), (good[:-1], request), (b"", request), (good, again)]:
        assert packet.read(octets, to) is None
    assert packet.read(good, asked_to_end) is None
    other = replace(heard, identifier=10)
    assert packet.read(reply(other, SECRET), request) is None


def test_a_request_is_signed_in_both_ways():
    """Message-Authenticator over zeroes, then the Request Authenticator over all (RFC 5176 3.3)."""
    request, heard = asked()
    assert heard.is_signed
    assert not hmac.compare_digest(request.authenticator, bytes(16))
