"""What a router is told: layers, pools, gardens, and that all of it parses."""

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import attribute, dictionary, reply
from policies.decide import UNKNOWN_USER, Decision, Rates, decide
from policies.dictionary import Dictionary
from policies.facts import Facts, Pair
from policies.reasons import Reason
from policies.speed import Speed, Unexpressible
from policies.vendors import VENDORS
from tests.fix_cluster import missing_server
from tests.unit.facts_factory import NAS, NOW, any_facts, make_facts

SHARE = Path("/usr/share/freeradius")
ABSENT_FROM_3_2_1 = {"rtbrick"}  # its dictionary came later

OURS = {"Class", "Session-Timeout", "Acct-Interim-Interval"}  # what `varying` sets

ACCEPT = Decision("accept", Reason.ACCEPTED)
RATE = ("Mikrotik-Rate-Limit", ":=", "10M/50M")
GARDEN = {"treatment_blocked": "garden", "garden_profile": "walled"}
STATIC = {
    "ipv4_address": "198.51.100.7",
    "ipv4_netmask": "255.255.255.255",
    "ipv6_prefix": "2001:db8:1::/64",
    "delegated_ipv6_prefix": "2001:db8:2::/56",
}
POOLS = {"ipv4_pool": "four", "ipv6_pool": "six", "delegated_ipv6_pool": "delegated"}


def fixed(is_ppp: bool = False, **changes: Any) -> tuple[reply.Plain, ...]:
    """Return the fixed part of what these facts are answered with."""
    facts = make_facts(**changes)
    return reply.fixed(decide(facts, NOW), facts, is_ppp)


def pairs_of(*triples: tuple[str, str, str]) -> tuple[Pair, ...]:
    """Return attributes as the rows have them."""
    return tuple(Pair(*triple) for triple in triples)


# ------------------------------------------------------------------------------------------------ accept


def test_an_accept_carries_the_packages_speed() -> None:
    """In the words of the router that asks."""
    assert fixed() == (RATE,)


def test_a_package_without_speed_sends_none() -> None:
    """No limit is said by saying nothing."""
    assert fixed(package={"download_bps": None, "upload_bps": None}) == ()


def test_a_router_of_no_known_vendor_hears_standard_attributes() -> None:
    """A vendor that a later version added, or a file that is gone, is no reason to refuse anybody."""
    facts = make_facts(nas=NAS.__class__(1, "new", "192.0.2.1", "x", vendor="unheard_of"), package=POOLS)
    assert reply.vendor_of(facts) is VENDORS["generic"]
    assert reply.vendor_of(make_facts(nas=None)) is VENDORS["generic"]
    assert reply.fixed(ACCEPT, facts, is_ppp=False)[0] == ("Framed-Pool", ":=", "four")


def test_a_ppp_client_hears_what_it_asked_for() -> None:
    """Service-Type and Framed-Protocol go to PPP only (RFC 2865 5.6, 5.7)."""
    service = (("Service-Type", "=", "Framed-User"), ("Framed-Protocol", "=", "PPP"))
    assert fixed(is_ppp=True) == (*service, RATE)


def test_an_idle_timeout_is_the_packages() -> None:
    """RFC 2865 5.28."""
    assert fixed(package={"idle_seconds": 600}) == (RATE, ("Idle-Timeout", "=", "600"))


def test_an_accept_has_no_reply_message() -> None:
    """Nobody wants to be told why he is let in."""
    assert fixed(group={"sends_reply_message": True}) == (RATE,)


def test_burst_priority_and_profile_belong_to_the_packages_own_speed() -> None:
    """A band's, a customer's or a throttle's rate has none of them."""
    package = {
        "burst_download_bps": 90_000_000,
        "burst_upload_bps": 20_000_000,
        "burst_threshold_download_bps": 40_000_000,
        "burst_threshold_upload_bps": 8_000_000,
        "burst_seconds": 16,
        "priority": 3,
        "profiles": {"mikrotik": ("gold-down", "gold-up"), "cisco": ("other", "other")},
    }
    facts = make_facts(package=package)
    own = reply.speed(ACCEPT, facts.package, VENDORS["mikrotik"])
    assert own == Speed(
        50_000_000, 10_000_000, 90_000_000, 20_000_000, 40_000_000, 8_000_000, 16, 3, "gold-down", "gold-up"
    )
    assert reply.speed(ACCEPT, facts.package, VENDORS["generic"]) == own.__class__(
        50_000_000, 10_000_000, 90_000_000, 20_000_000, 40_000_000, 8_000_000, 16, 3
    )
    slower = Decision("throttle", Reason.CAP_REACHED, Rates(2, 1))
    assert reply.speed(slower, facts.package, VENDORS["mikrotik"]) == Speed(2, 1)


def test_a_speed_that_the_vendor_cannot_say_is_an_error() -> None:
    """Full speed instead would be a gift, no speed a riddle."""
    router = NAS.__class__(1, "old", "192.0.2.1", "x", vendor="huawei")
    with pytest.raises(Unexpressible):
        fixed(nas=router, package={"download_bps": 2**40, "upload_bps": 2**40})


# ------------------------------------------------------------------------------------- pools and addresses


def test_pools_are_the_packages() -> None:
    """One of each kind, as the vendor says it."""
    sent = fixed(package=POOLS)
    assert sent == (
        RATE,
        ("Framed-Pool", ":=", "four"),
        ("Framed-IPv6-Pool", ":=", "six"),
        ("Mikrotik-Delegated-IPv6-Pool", ":=", "delegated"),
    )


def test_static_addresses_are_sent() -> None:
    """RFC 2865 5.8 and 5.9, RFC 3162 2.3, RFC 4818 3."""
    assert fixed(extras=STATIC) == (
        RATE,
        ("Framed-IP-Address", "=", "198.51.100.7"),
        ("Framed-IP-Netmask", "=", "255.255.255.255"),
        ("Framed-IPv6-Prefix", "=", "2001:db8:1::/64"),
        ("Delegated-IPv6-Prefix", "=", "2001:db8:2::/56"),
    )


@pytest.mark.parametrize(
    ("column", "pool"),
    [
        ("ipv4_address", "Framed-Pool"),
        ("ipv6_prefix", "Framed-IPv6-Pool"),
        ("delegated_ipv6_prefix", "Mikrotik-Delegated-IPv6-Pool"),
    ],
)
def test_a_static_address_takes_the_place_of_its_pool(column: str, pool: str) -> None:
    """Of its own pool, and of no other."""
    all_pools = {name for name, *_ in fixed(package=POOLS)}
    assert {name for name, *_ in fixed(package=POOLS, extras={column: STATIC[column]})} & all_pools == all_pools - {
        pool
    }


def test_every_route_is_sent() -> None:
    """Framed-Route adds up (RFC 2865 5.22)."""
    routes = ("198.51.100.0/24 192.0.2.1 1", "203.0.113.0/24 192.0.2.1 1")
    assert fixed(extras={"routes": routes}) == (RATE, *(("Framed-Route", "+=", route) for route in routes))


def test_a_vlan_is_three_attributes() -> None:
    """RFC 3580 3.31."""
    assert fixed(extras={"vlan_id": 42}) == (
        RATE,
        ("Tunnel-Type", "=", "VLAN"),
        ("Tunnel-Medium-Type", "=", "IEEE-802"),
        ("Tunnel-Private-Group-Id", "=", "42"),
    )


# -------------------------------------------------------------------------------------------------- layers


@pytest.mark.parametrize("operator", ["=", ":="])
def test_the_accounts_attribute_stands_over_the_packages(operator: str) -> None:
    """And that over the vendor's: `=` and `:=` replace what weaker layers said."""
    packages = pairs_of(("Mikrotik-Rate-Limit", operator, "2M/2M"), ("Filter-Id", operator, "package"))
    accounts = pairs_of(("Filter-Id", operator, "account"))
    assert fixed(package={"reply_attributes": packages}) == (
        ("Mikrotik-Rate-Limit", operator, "2M/2M"),
        ("Filter-Id", operator, "package"),
    )
    assert fixed(package={"reply_attributes": packages}, extras={"reply_attributes": accounts}) == (
        ("Mikrotik-Rate-Limit", operator, "2M/2M"),
        ("Filter-Id", operator, "account"),
    )


def test_plus_adds_to_weaker_layers() -> None:
    """`+=` is one more."""
    packages = pairs_of(("Filter-Id", "=", "package"))
    accounts = pairs_of(("Filter-Id", "+=", "account"))
    assert fixed(package={"reply_attributes": packages}, extras={"reply_attributes": accounts}) == (
        RATE,
        ("Filter-Id", "=", "package"),
        ("Filter-Id", "+=", "account"),
    )


def test_a_replacement_sweeps_away_what_was_added() -> None:
    """`:=` of a stronger layer takes the place of all weaker ones of its name."""
    weaker = pairs_of(("Cisco-AVPair", "+=", "one"), ("Cisco-AVPair", "+=", "two"))
    stronger = pairs_of(("Cisco-AVPair", ":=", "three"), ("Cisco-AVPair", "+=", "four"))
    assert reply.merged(weaker, stronger) == stronger


def test_a_static_address_stands_over_the_packages_attribute() -> None:
    """The account's columns are stronger than the package's attributes."""
    packages = pairs_of(("Framed-IP-Address", ":=", "255.255.255.254"))
    sent = fixed(package={"reply_attributes": packages}, extras={"ipv4_address": "198.51.100.7"})
    assert sent == (RATE, ("Framed-IP-Address", "=", "198.51.100.7"))


triples = st.builds(
    Pair, st.sampled_from("ABC"), st.sampled_from(["=", ":=", "+="]), st.sampled_from(["one", "two", "three"])
)


@given(st.lists(st.lists(triples, max_size=4), max_size=4))
def test_merging_keeps_the_strongest(layers: list[list[Pair]]) -> None:
    """Of each name: everything from the last layer that replaces it on, in order."""
    merged = reply.merged(*layers)
    for name in "ABC":
        replacing = [n for n, layer in enumerate(layers) if any(p.name == name and p.operator != "+=" for p in layer)]
        since = layers[replacing[-1] if replacing else 0 :]
        assert [p for p in merged if p.name == name] == [p for layer in since for p in layer if p.name == name]
    assert {pair.name for pair in merged} <= {pair.name for layer in layers for pair in layer}


# -------------------------------------------------------------------------------------------------- garden


def test_in_the_garden_nothing_is_the_accounts_but_its_vlan() -> None:
    """A static address, a route, an attribute of the account or the package would be a way around the walls."""
    sent = fixed(
        account={"blocked": True},
        group=GARDEN,
        package={**POOLS, "idle_seconds": 600, "reply_attributes": pairs_of(("Filter-Id", ":=", "open"))},
        extras={
            **STATIC,
            "routes": ("203.0.113.0/24",),
            "vlan_id": 42,
            "reply_attributes": pairs_of(("Filter-Id", ":=", "open")),
        },
    )
    assert sent == (
        ("Framed-Pool", ":=", "four"),
        ("Tunnel-Type", "=", "VLAN"),
        ("Tunnel-Medium-Type", "=", "IEEE-802"),
        ("Tunnel-Private-Group-Id", "=", "42"),
        ("Mikrotik-Address-List", ":=", "walled"),
    )


def test_a_garden_without_rates_has_no_speed() -> None:
    """The package's speed is not the garden's."""
    assert fixed(account={"blocked": True}, group=GARDEN) == (("Mikrotik-Address-List", ":=", "walled"),)


def test_a_garden_with_rates_has_its_own_speed() -> None:
    """Download 64, upload 32; MikroTik's receives what the client uploads."""
    rates = {"garden_download_bps": 64_000, "garden_upload_bps": 32_000}
    assert fixed(account={"blocked": True}, group={**GARDEN, **rates}) == (
        ("Mikrotik-Rate-Limit", ":=", "32k/64k"),
        ("Mikrotik-Address-List", ":=", "walled"),
    )


def test_the_gardens_pool_takes_the_place_of_the_packages() -> None:
    """One IPv4 pool, never two."""
    walled = {"treatment_blocked": "garden", "garden_pool": "walled"}
    sent = fixed(account={"blocked": True}, group=walled, package=POOLS)
    assert sent == (("Framed-Pool", ":=", "walled"),)


def test_a_garden_tells_ppp_what_it_asked_for() -> None:
    """Behind walls or not, it is PPP."""
    sent = fixed(is_ppp=True, account={"blocked": True}, group=GARDEN)
    assert sent[:2] == (("Service-Type", "=", "Framed-User"), ("Framed-Protocol", "=", "PPP"))


@pytest.mark.parametrize(("sends", "messages"), [(True, ["This account is blocked."]), (False, [])])
def test_the_reason_is_told_where_the_group_says_so(sends: bool, messages: list[str]) -> None:
    """In the garden and at the door."""
    changes: dict[str, Any] = {"account": {"blocked": True}, "group": {"sends_reply_message": sends}}
    facts = make_facts(**changes)
    said = tuple(("Reply-Message", "=", message) for message in messages)
    assert reply.rejection(decide(facts, NOW), facts) == said
    garden = make_facts(account={"blocked": True}, group={**GARDEN, "sends_reply_message": sends})
    sent = reply.fixed(decide(garden, NOW), garden, is_ppp=False)
    assert tuple(pair for pair in sent if pair[0] == "Reply-Message") == said


def test_an_unknown_user_is_told_nothing() -> None:
    """Who belongs to no group hears of no reason."""
    assert reply.rejection(UNKNOWN_USER, None) == ()


def test_a_throttled_session_has_everything_but_the_speed() -> None:
    """At the cap pools, addresses and attributes stay."""
    slow = {"treatment_cap": "throttle", "throttle_download_bps": 64_000, "throttle_upload_bps": 32_000}
    sent = fixed(account={"cap_reached": True}, group=slow, package=POOLS, extras={"vlan_id": 42})
    assert sent == (("Mikrotik-Rate-Limit", ":=", "32k/64k"), *fixed(package=POOLS, extras={"vlan_id": 42})[1:])


# ------------------------------------------------------------------------------------- varying, and whether it parses


def test_what_varies() -> None:
    """When to report, the Class, and the end where there is one."""
    assert reply.varying(None, 300, "0x544b") == (("Acct-Interim-Interval", "=", "300"), ("Class", "=", "0x544b"))
    assert reply.varying(60, 300, "0x544b")[2:] == (("Session-Timeout", "=", "60"),)


@cache
def installed() -> Dictionary:
    """All dictionaries of the FreeRADIUS on this machine, and Motorola's, which its main file leaves out."""
    root = SHARE / "dictionary"

    def read(path: str) -> str:
        if path == "ours":
            return f"$INCLUDE {root}\n$INCLUDE- {SHARE}/dictionary.motorola\n"
        return Path(path).read_text(encoding="utf-8")

    if not root.exists():
        missing_server(f"no {root}: install freeradius-common")
    return dictionary.parse("ours", read)


def everything_sent(facts: Facts) -> tuple[reply.Plain, ...]:
    """Return all attributes of the answer; none where the vendor cannot say it, which is a reject."""
    decision = decide(facts, NOW)
    if decision.outcome == "reject":
        return reply.rejection(decision, facts)
    with suppress(Unexpressible):
        varying = reply.varying(decision.session_timeout_seconds, facts.package.interim_seconds, "0x" + "54" * 16)
        return reply.fixed(decision, facts, is_ppp=True) + varying
    return ()


def may_be_let_in(facts: Facts) -> Facts:
    """Return the facts with what no treatment helps against taken away, so that most are let in."""
    extras = facts.account.extras
    return replace(
        replace(facts, nas=facts.nas or NAS, device=None, other_sessions=0),
        account=facts.account.__class__("nemo", 1, 1, "x", cap_reached=facts.account.cap_reached, extras=extras)
        if extras is None or not extras.nas_ids
        else facts.account,
    )


@settings(max_examples=150, deadline=None)
@given(facts=any_facts(), let_in=st.booleans())
def test_everything_that_is_sent_parses(facts: Facts, let_in: bool) -> None:
    """No answer to any facts has a value that FreeRADIUS would take for another, or of another type than exact str."""
    facts = may_be_let_in(facts) if let_in else facts
    if facts.nas is not None and facts.nas.vendor in ABSENT_FROM_3_2_1:
        return
    sent = everything_sent(facts)
    assert type(sent) is tuple
    for plain in sent:
        assert type(plain) is tuple
        assert [type(part) for part in plain] == [str, str, str]
        name, operator, value = plain
        if name in OURS:  # hence refused to operators
            assert 0 < int(value, 0) < 2 ** (32 if name != "Class" else 128)
        else:
            attribute.check(installed(), name, operator, value)
