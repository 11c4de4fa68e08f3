"""Marks: what a router was told that matters while a session lasts."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import treatment
from policies.decide import decide
from policies.facts import Facts, Pair
from policies.speed import Unexpressible
from tests.unit.facts_factory import ACCOUNT, GROUP, NAS, NOW, PACKAGE, any_facts, make_facts
from tests.unit.hook_factory import PAP, class_of, make_hook, request_from

WALLED = {"treatment_suspended": "garden", "garden_profile": "walled"}


def mark_of(**changed: Any) -> str:
    """Return the mark of facts that are as usual but for what is changed."""
    facts = make_facts(**changed)
    return treatment.mark(decide(facts, NOW), facts)


@pytest.mark.parametrize(
    "changed",
    [
        {"package": {"download_bps": 60_000_000}},
        {"package": {"burst_download_bps": 60_000_000, "burst_upload_bps": 20_000_000}},
        {"customer": {"download_bps": 5_000_000, "upload_bps": 1_000_000}},
        {"account": {"cap_reached": True}, "package": {"cap_treatment": "throttle", **{
            "throttle_download_bps": 1_000_000, "throttle_upload_bps": 1_000_000}}},
        {"account": {"suspended": True}, "group": WALLED},
        {"account": {"suspended": True}, "group": {**WALLED, "garden_profile": "other"}},
        {"account": {"suspended": True}},
        {"extras": {"reply_attributes": (Pair("Mikrotik-Rate-Limit", ":=", "1M/1M"),)}},
        {"nas": replace(NAS, vendor="nokia")},
    ],
)  # fmt: skip
def test_what_a_session_would_notice_has_another_mark(changed: dict[str, Any]) -> None:
    """A speed, a throttle, walls, a refusal, another vendor's words."""
    assert mark_of(**changed) != mark_of()


@pytest.mark.parametrize(
    "changed",
    [
        {"package": {"ipv4_pool": "other", "ipv6_pool": "other", "delegated_ipv6_pool": "other"}},
        {"package": {"idle_seconds": 60, "session_seconds": 60, "sessions_allowed": 7}},
        {"extras": {"ipv4_address": "192.0.2.9", "vlan_id": 7}},
        {"account": {"expires_at": NOW + 9, "password": "other"}},
        {"group": {"garden_profile": "walled", "sends_reply_message": True}},
        {"package": {"id": 2, "name": "as fast"}},
    ],
)
def test_what_waits_for_the_next_login_has_the_same(changed: dict[str, Any]) -> None:
    """Pools, addresses, time-outs: nobody who is online is told."""
    assert mark_of(**changed) == mark_of()


def test_a_pool_that_stands_beside_the_speed_is_left_out() -> None:
    """Cisco names pools and policies with one attribute."""
    cisco = {"nas": replace(NAS, vendor="cisco")}
    profiles = {"cisco": ("down", "up")}
    assert mark_of(**cisco, package={"profiles": profiles, "ipv4_pool": "one"}) == mark_of(
        **cisco, package={"profiles": profiles, "ipv4_pool": "two"}
    )
    assert mark_of(**cisco, package={"profiles": profiles}) != mark_of(
        **cisco, package={"profiles": {"cisco": ("faster", "up")}}
    )


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, "access"),
        ({"account": {"blocked": True}}, "rejected"),
        ({"account": {"suspended": True}, "group": WALLED}, "garden"),
        ({"account": {"suspended": True}, "group": {**WALLED, "garden_pool": "walled"}}, "pooled garden"),
    ],
)
def test_a_mark_says_its_kind(changed: dict[str, Any], kind: str) -> None:
    """A walled garden with addresses of its own takes a new login, to go there and to leave it."""
    assert treatment.kind_of(mark_of(**changed)) == kind


def test_who_is_unknown_is_rejected() -> None:
    """There are no facts about him."""
    assert treatment.mark(decide(None, NOW), None) == treatment.REJECTED


@pytest.mark.parametrize(
    ("session_class", "found"),
    [
        ("0x544b1abcdef0" + "00" * 10, "1abcdef0"),
        ("0x544b00000000" + "00" * 10, None),  # nobody is let in by a reject
        ("0x544bf0000000" + "00" * 10, None),
        ("0x544b", None),
        ("0x414243", None),
        (None, None),
    ],
)
def test_the_mark_of_a_class(session_class: str | None, found: str | None) -> None:
    """What begins with TK and a mark; anything else tells nothing."""
    assert treatment.of_class(session_class) == found


@given(any_facts(), st.booleans())
def test_a_login_is_known_by_its_mark(facts: Facts, is_ppp: bool) -> None:
    """Whatever the facts: the same whether asked before the login or after, with PPP or without."""
    decision = decide(facts, NOW)
    try:
        found = treatment.mark(decision, facts)
    except Unexpressible:
        return
    assert len(found) == 8
    assert (treatment.kind_of(found) == "rejected") == (decision.outcome == "reject")
    assert treatment.of_class(f"0x544b{found}{'7' * 20}") == (None if decision.outcome == "reject" else found)


def test_the_class_of_either_way_tells_what_was_answered() -> None:
    """The short way and the long one; one whose session is counted, one in a walled garden."""
    walled = replace(GROUP, treatment_suspended="garden", garden_profile="walled")
    for more, changed in (
        ((), {}),
        ((("package", replace(PACKAGE, sessions_allowed=2)),), {"package": {"sessions_allowed": 2}}),
        ((("account", replace(ACCOUNT, extras=make_facts(extras={"vlan_id": 7}).account.extras)),), {}),
        (
            (("group", walled), ("account", replace(ACCOUNT, suspended=True))),
            {"account": {"suspended": True}, "group": WALLED},
        ),
    ):
        hook = make_hook(*more)
        classes = [class_of(hook.authorize(pairs)) for pairs in (PAP, request_from("02:00:00:00:00:09"))]
        assert {treatment.of_class(one) for one in classes} == {mark_of(**changed)}
        assert len({*classes}) == 2
