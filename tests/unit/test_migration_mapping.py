"""What each attribute of an rlm_sql database becomes, and what FreeRADIUS itself makes of rows and groups."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from provisioning import reply_attributes
from provisioning.migration import dates, mapping, merging, packages
from provisioning.migration.source import Item, Old

HASH = "{nt}8846f7eaee8fb117ad06bdd830b7586c"


@pytest.fixture(scope="module")
def rules():
    """Return FreeRADIUS's own dictionaries, and a zone."""
    return mapping.Rules(reply_attributes.known(), ZoneInfo("Africa/Johannesburg"))


def user(check=(), reply=(), groups=()):
    """Return an old database with the user `u`: items as (name, op, value), groups as (name, check, reply)."""
    old = Old("test")
    old.check = {"u": [Item(*item) for item in check]} if check else {}
    old.reply = {"u": [Item(*item) for item in reply]}
    old.groups = {"u": [name for name, _, _ in groups]}
    old.group_check = {name: [Item(*item, name) for item in items] for name, items, _ in groups}
    old.group_reply = {name: [Item(*item, name) for item in items] for name, _, items in groups}
    return old


def meaning(rules, *arguments, **keywords):
    """Return what the user of such a database is to be."""
    return mapping.interpret(merging.merge(user(*arguments, **keywords), "u"), rules)


def lost(meant):
    """Return the attributes that are not taken over."""
    return [remark.attribute for remark in meant.remarks if remark.kind == "lost"]


PASSWORD = ("Cleartext-Password", ":=", "x")


@pytest.mark.parametrize(
    ("item", "account"),
    [
        (("Auth-Type", ":=", "Reject"), {"blocked": True}),
        (("Expiration", ":=", "31 Dec 2026"), {"expires_at": datetime(2026, 12, 30, 22, tzinfo=UTC)}),
        (("Simultaneous-Use", ":=", "3"), {"sessions_allowed": 3}),
        (("Simultaneous-Use", ":=", "0"), {"blocked": True}),
        (("Calling-Station-Id", "==", "00-00-5E-00-53-01"), {"lock_to_devices": True}),
        (("NT-Password", ":=", "0x8846f7eaee8fb117ad06bdd830b7586c"), {"password_hash": HASH}),
        (("Crypt-Password", ":=", "$1$a$b"), {"password_hash": "{crypt}$1$a$b"}),
        (("SSHA-Password", ":=", "abcd"), {"password_hash": "{ssha}abcd"}),
        (("Password-With-Header", ":=", "{SHA}W6ph="), {"password_hash": "{SHA}W6ph="}),
    ],
)
def test_check_items_of_an_account(rules, item, account):
    """Each becomes a column of the account, and nothing is lost."""
    meant = meaning(rules, [item])
    assert meant.account == account
    assert lost(meant) == []


@pytest.mark.parametrize("name", ["Cleartext-Password", "User-Password", "cleartext-password", "Password-With-Header"])
def test_clear_passwords(rules, name):
    """A clear password is one however the attribute's name is written."""
    assert meaning(rules, [(name, ":=", "{clear}x" if "Header" in name else "x")]).password == "x"


@pytest.mark.parametrize(
    ("name", "value"), [("LM-Password", "ab"), ("Password-With-Header", "{scrypt}x"), ("Cleartext-Password", "a\tb")]
)
def test_passwords_that_cannot_be_kept(rules, name, value):
    """They are told, and their value is not."""
    meant = meaning(rules, [(name, ":=", value)])
    assert lost(meant) == [name]
    assert all(value not in str(remark) for remark in meant.remarks)


@pytest.mark.parametrize(
    ("item", "package"),
    [
        (("Max-Monthly-Traffic", ":=", "107374182400"), {"cap_octets": 107374182400}),
        (("ChilliSpot-Max-Total-Octets", ":=", "5000000000"), {"cap_octets": 5000000000}),
    ],
)
def test_counters_are_caps(rules, item, package):
    """Octets that sqlcounter counts by the month are the package's cap."""
    assert meaning(rules, [PASSWORD, item]).package == package


@pytest.mark.parametrize(
    "item",
    [
        ("Max-Monthly-Traffic", ":=", "5000"),
        ("Max-Daily-Session", ":=", "3600"),
        ("Login-Time", ":=", "Wk0800-1800"),
        ("Expiration", ":=", "soon"),
        ("Simultaneous-Use", ":=", "many"),
        ("Calling-Station-Id", "==", "0215550100"),
        ("Calling-Station-Id", "=~", "^00"),
        ("NAS-IP-Address", "==", "router"),
        ("NAS-Port-Type", "==", "Virtual"),
        ("Huntgroup-Name", "==", "x"),
        ("Pool-Name", ":=", "main"),
        ("Auth-Type", ":=", "Accept"),
        ("Nonsense", ":=", "1"),
    ],
)
def test_check_items_that_are_lost(rules, item):
    """What there is nothing for is told."""
    assert lost(meaning(rules, [PASSWORD, item])) == [item[0]]


@pytest.mark.parametrize(
    ("item", "package"),
    [
        (("Session-Timeout", "=", "3600"), {"session_seconds": 3600}),
        (("Idle-Timeout", ":=", "600"), {"idle_seconds": 600}),
        (("Acct-Interim-Interval", "=", "900"), {"interim_seconds": 900}),
        (("Framed-Pool", "=", "main"), {"ipv4_pool": "main"}),
        (("Cisco-AVPair", "+=", "ip:addr-pool=main"), {"ipv4_pool": "main"}),
        (("Framed-IPv6-Pool", "=", "six"), {"ipv6_pool": "six"}),
        (("Delegated-IPv6-Prefix-Pool", "=", "pd"), {"delegated_ipv6_pool": "pd"}),
        (("Mikrotik-Rate-Limit", "=", "1M/2M"), {"download_bps": 2_000_000, "upload_bps": 1_000_000}),
    ],
)
def test_reply_items_of_a_package(rules, item, package):
    """Whoever's it is, it is the package's, and nothing is sent beside it."""
    meant = meaning(rules, [PASSWORD], [item])
    assert (meant.package, meant.reply, lost(meant)) == (package, [], [])


@pytest.mark.parametrize(
    ("item", "account"),
    [
        (("Framed-IP-Address", "=", "198.51.100.7"), {"ipv4_address": "198.51.100.7"}),
        (("Framed-IP-Netmask", "=", "255.255.255.0"), {"ipv4_netmask": "255.255.255.0"}),
        (("Framed-IPv6-Prefix", "=", "2001:db8::/64"), {"ipv6_prefix": "2001:db8::/64"}),
        (("Delegated-IPv6-Prefix", "=", "2001:db8::/56"), {"delegated_ipv6_prefix": "2001:db8::/56"}),
        (("Framed-Route", "+=", "203.0.113.0/24"), {"routes": ["203.0.113.0/24"]}),
    ],
)
def test_reply_items_of_an_account(rules, item, account):
    """A user's own address is the account's; a group's goes to everybody, as it is."""
    assert meaning(rules, [PASSWORD], [item]).account == account
    of_group = meaning(rules, [PASSWORD], groups=[("g", [], [item])])
    assert of_group.account == {}
    assert of_group.reply == [(*item, False)]


@pytest.mark.parametrize("item", [("Filter-Id", "=", "x"), ("Framed-IP-Address", "=", "255.255.255.254")])
def test_whatever_freeradius_knows_is_sent_as_it_is(rules, item):
    """The user's own are the account's further attributes."""
    assert meaning(rules, [PASSWORD], [item]).reply == [(*item, True)]


@pytest.mark.parametrize(
    "item",
    [
        ("Nonsense", "=", "1"),
        ("Class", "=", "0x01"),
        ("Session-Timeout", "=", "5"),
        ("Framed-MTU", "=", "x"),
        ("Filter-Id", "==", "x"),
    ],
)
def test_reply_items_that_are_lost(rules, item):
    """What FreeRADIUS could not send, or we send ourselves, is told."""
    assert lost(meaning(rules, [PASSWORD], [item])) == [item[0]]


def test_two_speeds(rules):
    """The same said to two vendors is one speed; another one stays beside it, and is told."""
    limit = ("Mikrotik-Rate-Limit", "=", "1M/2M")
    same = [("WISPr-Bandwidth-Max-Up", "=", "1000000"), ("WISPr-Bandwidth-Max-Down", "=", "2000000")]
    other = [same[0], ("WISPr-Bandwidth-Max-Down", "=", "3000000")]
    assert meaning(rules, [PASSWORD], [limit, *same]).reply == []
    meant = meaning(rules, [PASSWORD], [limit, *other])
    assert len(meant.reply) == 2
    assert [remark.attribute for remark in meant.remarks if remark.kind == "changed"] == ["wispr"]


def test_a_disabled_user_is_blocked_wherever_the_group_is(rules):
    """FreeRADIUS may not come to daloRADIUS's group; that is told, and the user is blocked."""
    reject = ("daloRADIUS-Disabled-Users", [("Auth-Type", ":=", "Reject")], [])
    assert meaning(rules, [PASSWORD], groups=[reject]).account == {"blocked": True}
    meant = meaning(rules, [PASSWORD], groups=[("g", [], []), reject])
    assert meant.account == {"blocked": True}
    assert "daloRADIUS-Disabled-Users" in [remark.attribute for remark in meant.remarks]


def timeouts(*arguments, **keywords):
    """Return the reply as rlm_sql makes it."""
    return [(item.name, item.value) for item in merging.merge(user(*arguments, **keywords), "u").reply]


A = ("a", [], [("Session-Timeout", "=", "100"), ("Idle-Timeout", ":=", "100")])
B = ("b", [], [("Session-Timeout", "=", "200"), ("Port-Limit", "=", "2")])
FALLS = ("f", [], [("Session-Timeout", "=", "300"), ("Fall-Through", "=", "Yes")])


def test_groups_as_freeradius_reads_them():
    """The first group ends it, unless it falls through; one without reply items ends it too (seen with 3.2.1)."""
    assert timeouts([PASSWORD], groups=[A, B]) == [("Session-Timeout", "100"), ("Idle-Timeout", "100")]
    assert timeouts([PASSWORD], groups=[FALLS, A, B]) == [("Session-Timeout", "300"), ("Idle-Timeout", "100")]
    assert timeouts([PASSWORD], groups=[("empty", [], []), A]) == []


def test_a_users_own_items_as_freeradius_reads_them():
    """`=` of a group is passed over, `:=` replaces; without check items of his own the user's reply is not read."""
    own = [("Session-Timeout", "=", "10"), ("Idle-Timeout", ":=", "10")]
    assert timeouts([PASSWORD], own, [A]) == [("Session-Timeout", "10"), ("Idle-Timeout", "100")]
    assert timeouts([PASSWORD], [*own, ("Fall-Through", "=", "No")], [A]) == [
        ("Session-Timeout", "10"),
        ("Idle-Timeout", "10"),
    ]
    assert timeouts([], own, [A]) == [("Session-Timeout", "100"), ("Idle-Timeout", "100")]


def test_rows_of_one_query_do_not_replace_each_other():
    """Two of one name are two, whatever the operators; a later query's := takes the place of the first of them."""
    two = [("Filter-Id", "=", "a"), ("Filter-Id", ":=", "b")]
    assert timeouts([PASSWORD], two) == [("Filter-Id", "a"), ("Filter-Id", "b")]
    group = ("g", [], [("Filter-Id", ":=", "g")])
    assert timeouts([PASSWORD], two, [group]) == [("Filter-Id", "g"), ("Filter-Id", "b")]


def test_attributes_of_both_are_said_by_the_account(rules):
    """So that the hook's layers send what FreeRADIUS sent: several of one name are added to the first."""
    group = ("g", [], [("Filter-Id", "+=", "g"), ("Port-Limit", "=", "2")])
    meant = meaning(rules, [PASSWORD], [("Filter-Id", "=", "a")], [group])
    package, account = packages.layers(meant)
    assert [tuple(pair) for pair in package] == [("Port-Limit", "=", "2")]
    assert [tuple(pair) for pair in account] == [("Filter-Id", "=", "a"), ("Filter-Id", "+=", "g")]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("31 Dec 2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("December 31 2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("Dec 31, 2026 23:59:59", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("31 Dec 2026 23:59", datetime(2026, 12, 31, 23, 59, tzinfo=UTC)),
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31T10:00:00", datetime(2026, 12, 31, 10, tzinfo=UTC)),
        ("1893456000", datetime(2030, 1, 1, tzinfo=UTC)),
        ("31 Feb 2026", None),
        ("soon", None),
        ("", None),
        ("1 Jan 9999", None),
    ],
)
def test_dates(text, moment):
    """Dates are read in all the ways in which FreeRADIUS takes them; None for what is none."""
    assert dates.read(text, UTC) == moment
