"""The remembered replies: never one that its rows no longer say."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from policies import dictionary, reply, treatment
from policies.decide import decide
from policies.facts import Facts, Pair
from policies.speed import Unexpressible
from radiusd.replies import Replies
from tests.unit.facts_factory import NAS, NOW, any_facts, make_facts

GARDEN = {"treatment_expired": "garden", "treatment_suspended": "garden", "garden_profile": "walled"}


def ask(replies: Replies, facts: Facts, is_ppp: bool = False) -> tuple[reply.Plain, ...]:
    """Return the remembered reply, which has to be the one that would be built."""
    decision = decide(facts, NOW)
    found = replies.fixed(decision, facts, is_ppp).pairs
    assert found == reply.fixed(decision, facts, is_ppp)
    return found


def test_a_reply_is_built_once() -> None:
    """The same rows give the same tuple."""
    replies, facts = Replies(), make_facts()
    assert ask(replies, facts) is ask(replies, replace(facts, other_sessions=1))


@pytest.mark.parametrize(
    "changed",
    [
        {"package": {"download_bps": 90_000_000}},
        {"package": {"id": 2, "upload_bps": 20_000_000}},
        {"nas": replace(NAS, vendor="nokia")},
        {"extras": {"vlan_id": 42}},
        {"customer": {"download_bps": 2_000_000, "upload_bps": 1_000_000}},
        {"account": {"expires_at": NOW}, "group": GARDEN},
    ],
)
def test_whatever_it_depends_on_gives_another_reply(changed: dict[str, Any]) -> None:
    """A changed row, another router, another treatment: what was remembered is not sent."""
    replies = Replies()
    before, after = make_facts(), make_facts(**changed)
    assert ask(replies, before) != ask(replies, after)
    assert ask(replies, before) == ask(Replies(), before)
    assert ask(replies, before, is_ppp=True) != ask(replies, before)


def test_a_changed_group_gives_a_new_garden() -> None:
    """The group's row is part of the reply."""
    replies = Replies()
    expired: dict[str, Any] = {"account": {"expires_at": NOW}}
    before = ask(replies, make_facts(**expired, group=GARDEN))
    after = ask(replies, make_facts(**expired, group={**GARDEN, "garden_profile": "other"}))
    assert before != after


def test_changed_extras_give_a_new_reply() -> None:
    """An account's address is its own, and the newest."""
    replies = Replies()
    sent = [ask(replies, make_facts(extras={"ipv4_address": f"198.51.100.{last}"})) for last in (1, 2, 1)]
    assert sent[0] == sent[2] != sent[1]


def test_two_accounts_addresses_are_not_mixed_up() -> None:
    """Extras are told apart by whose they are."""
    replies = Replies()
    one = make_facts(extras={"ipv4_address": "198.51.100.1"})
    other = make_facts(account={"user_name": "ned"}, extras={"ipv4_address": "198.51.100.2"})
    assert ask(replies, one) != ask(replies, other)
    assert ask(replies, one) == ask(Replies(), one)


def test_each_garden_tells_its_own_reason() -> None:
    """Who is expired is not told that he is suspended, nor the other way round."""
    replies = Replies()
    group = {**GARDEN, "sends_reply_message": True}
    expired = make_facts(account={"expires_at": NOW}, group=group)
    suspended = replace(expired, account=make_facts(account={"suspended": True}).account)
    for facts, message in ((expired, "This account has expired."), (suspended, "This account is suspended.")):
        assert ("Reply-Message", "=", message) in ask(replies, facts)


def test_what_cannot_be_said_is_refused_each_time() -> None:
    """It is an error the second time as well as the first."""
    replies = Replies()
    facts = make_facts(nas=replace(NAS, vendor="huawei"), package={"download_bps": 2**40, "upload_bps": 2**40})
    for _ in range(2):
        with pytest.raises(Unexpressible):
            ask(replies, facts)


# ---------------------------------------------------------------------------- what this server's FreeRADIUS knows

KNOWN = dictionary.parse(
    "known",
    lambda _: (
        "ATTRIBUTE Filter-Id 11 string\nATTRIBUTE Idle-Timeout 28 integer\nATTRIBUTE Framed-Pool 88 string\n"
        "VENDOR Mikrotik 14988\nBEGIN-VENDOR Mikrotik\nATTRIBUTE Mikrotik-Rate-Limit 8 string\nEND-VENDOR Mikrotik\n"
    ),
)


def with_attributes(*triples: tuple[str, str, str]) -> Facts:
    """Return facts whose package has these attributes, as psql may have written them."""
    return make_facts(package={"reply_attributes": tuple(Pair(*triple) for triple in triples)})


def test_what_freeradius_knows_is_sent() -> None:
    """Nothing is taken away from what parses."""
    facts = with_attributes(("Filter-Id", "+=", "gold"), ("Idle-Timeout", ":=", "600"))
    assert ask(Replies(KNOWN), facts) == reply.fixed(decide(facts, NOW), facts, is_ppp=False)


@pytest.mark.parametrize(
    "wrong", [("Unheard-Of", "=", "x"), ("Idle-Timeout", ":=", "for ever"), ("Filter-Id", "==", "gold")]
)
def test_what_it_would_garble_is_left_out_and_logged_once(wrong: tuple[str, str, str]) -> None:
    """An unknown name vanishes in FreeRADIUS, a value that does not parse becomes 0: in an Accept."""
    replies, facts = Replies(KNOWN), with_attributes(wrong, ("Filter-Id", "+=", "gold"))
    with capture_logs() as logged:
        for _ in range(3):
            found = replies.fixed(decide(facts, NOW), facts, is_ppp=False).pairs
    assert found == (("Mikrotik-Rate-Limit", ":=", "10M/50M"), ("Filter-Id", "+=", "gold"))
    assert [(line["event"], line["attribute"]) for line in logged] == [("attribute_not_sent", wrong[0])]


def test_a_speed_that_it_would_drop_is_a_refusal() -> None:
    """Without its attribute the speed would be unlimited; each request is refused, not the first alone."""
    nokia = make_facts(nas=replace(NAS, vendor="nokia"))
    replies = Replies(KNOWN)
    for _ in range(2):
        with pytest.raises(Unexpressible, match="unknown attribute"):
            replies.fixed(decide(nokia, NOW), nokia, is_ppp=False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(any_facts(), st.booleans()), max_size=5))
def test_a_remembered_reply_is_the_one_that_would_be_built(asked: list[tuple[Facts, bool]]) -> None:
    """Whatever was asked before, in whatever order."""
    replies = Replies()
    for facts, is_ppp in asked * 2:
        decision = decide(facts, NOW)
        if decision.outcome != "reject":
            try:
                built = reply.fixed(decision, facts, is_ppp)
            except Unexpressible:
                continue
            found = replies.fixed(decision, facts, is_ppp)
            assert found == (built, "0x544b" + treatment.mark(decision, facts))
