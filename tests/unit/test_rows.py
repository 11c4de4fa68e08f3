"""From database rows to facts: every column in its place."""

import pytest

from policies import rows
from policies.facts import Account, AccountExtras, Customer, Device, Group, Nas, OpenSession, Package, Pair, TimeBand

BANDS = [[127, 0, 60, 2, 1], [1, 60, 1440, 4, 3]]


def test_a_group_is_its_columns() -> None:
    """In the order of the view."""
    row = (7, "home", False, True, *["garden"] * 6, "throttle", "pool", "list", "http://192.0.2.80/", 4, 3, 600, 2, 1)
    made = rows.group(row)
    assert tuple(getattr(made, column) for column in rows.GROUP) == row
    assert made.treatment_cap == "throttle"
    assert made == Group(*row)


def test_a_customer_is_its_columns() -> None:
    """In the order of the view."""
    row = (7, 1, 6, True, True, True, 1_800_000_000, False, 2, 1, "Europe/Berlin")
    assert rows.customer(row) == Customer(*row)
    assert tuple(getattr(rows.customer(row), column) for column in rows.CUSTOMER) == row


def test_a_time_zones_name_is_kept_once() -> None:
    """A million customers of one zone share one string."""
    one, other = (rows.customer((n, 1, *[None] * 8, "/".join(("Europe", "Berlin")))) for n in (1, 2))
    assert one.time_zone is other.time_zone


def test_a_package_is_its_columns_and_its_lists() -> None:
    """Attributes, bands and profiles come as JSON."""
    columns = (7, "50/10", 2, 1, 4, 3, 6, 5, 8, 1, "throttle", 10, 9, 2, 3600, 600, 300, "four", "six", "delegated")
    triples = [["Filter-Id", ":=", "gold"]]
    made = rows.package((*columns, triples, BANDS, {"nokia": ["gold-down", "gold-up"]}))
    assert tuple(getattr(made, column) for column in rows.PACKAGE[:-3]) == columns
    assert made.reply_attributes == (Pair("Filter-Id", ":=", "gold"),)
    assert made.time_bands == (TimeBand(127, 0, 60, 2, 1), TimeBand(1, 60, 1440, 4, 3))
    assert made.profiles == {"nokia": ("gold-down", "gold-up")}


def test_a_package_may_have_no_lists() -> None:
    """No band and no profile are NULL in the view."""
    made = rows.package((7, "plain", *[None] * 14, 300, *[None] * 3, [], None, None))
    assert made == Package(7, "plain")


def test_a_nas_has_the_opened_secret() -> None:
    """The sealed one is dropped."""
    made = rows.nas((7, "bng", "192.0.2.1", b"sealed", "cisco", False), "opened")
    assert made == Nas(7, "bng", "192.0.2.1", "opened", "cisco", False)


def test_a_device_is_its_columns() -> None:
    """In the order of the view."""
    row = ("02:00:00:00:00:01", "nemo", False, True)
    assert rows.device(row) == Device(*row)


def test_an_account_has_the_opened_password() -> None:
    """Clear text is for every method."""
    row = ("nemo", 1, 2, b"sealed", None, True, True, True, 1_800_000_000, True, None)
    made = rows.account(row, "arctangent")
    assert made == Account("nemo", 1, 2, "arctangent", False, True, True, True, 1_800_000_000, True)


def test_a_hash_is_for_pap_only() -> None:
    """A one-way password says so."""
    row = ("nemo", 1, 2, None, "{crypt}x", False, False, False, None, False, None)
    assert rows.account(row, None) == Account("nemo", 1, 2, "{crypt}x", pap_only=True)


def test_an_account_may_have_no_password() -> None:
    """A certificate or a MAC gets it in."""
    row = ("nemo", 1, 2, None, None, False, False, False, None, False, None)
    assert rows.account(row, None) == Account("nemo", 1, 2)


def test_what_few_accounts_have_comes_as_one_object() -> None:
    """Lists become tuples, as rows are never changed."""
    extras = {
        "sessions_allowed": 2,
        "ipv4_address": "198.51.100.7",
        "ipv4_netmask": "255.255.255.0",
        "ipv6_prefix": "2001:db8:1::/64",
        "delegated_ipv6_prefix": "2001:db8:2::/56",
        "routes": ["203.0.113.0/24"],
        "vlan_id": 42,
        "reply_attributes": [["Filter-Id", "+=", "gold"]],
        "nas_ids": [1, 2],
        "package_changes": [[1_800_000_000, 3], [1_900_000_000, 4]],
    }
    assert set(extras) == set(AccountExtras.__dataclass_fields__)
    row = ("nemo", 1, 2, None, None, False, False, False, None, False, extras)
    assert rows.account(row, None).extras == AccountExtras(
        2,
        "198.51.100.7",
        "255.255.255.0",
        "2001:db8:1::/64",
        "2001:db8:2::/56",
        ("203.0.113.0/24",),
        42,
        (Pair("Filter-Id", "+=", "gold"),),
        (1, 2),
        ((1_800_000_000, 3), (1_900_000_000, 4)),
    )


def test_what_an_object_does_not_say_is_nothing() -> None:
    """Only what the account has is in it."""
    assert rows.account_extras({"vlan_id": 42}) == AccountExtras(vlan_id=42)


@pytest.mark.parametrize(
    ("session_class", "station", "port", "sits_at"),
    [
        ("0x544b", "02-00-00-00-00-0A", "7", "02:00:00:00:00:0a"),
        ("0x544b", None, "7", "192.0.2.1 port 7"),
        ("0x544b", None, None, "0x544b"),
        (None, None, None, "session 5"),
    ],
)
def test_an_open_session_sits_somewhere(
    session_class: str | None, station: str | None, port: str | None, sits_at: str
) -> None:
    """At its MAC, else its port; where the router says neither, it is a place of its own."""
    found = rows.open_session((5, "nemo", "192.0.2.1", session_class, station, port))
    assert found == OpenSession(5, "nemo", sits_at, session_class)
