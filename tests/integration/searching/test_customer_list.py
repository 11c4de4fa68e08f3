"""tollkeeper customer list: every filter, on a town where it finds some and not others."""

import shlex

import pytest

EVERYBODY = ["BRA001", "DIS001", "EXP001", "FRI001", "KAR001", "VIS001", "WES001"]


def codes(operator, *arguments):
    """Return the account codes of a list."""
    return [row["code"] for row in operator.json("customer", "list", *arguments)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("--code fri", ["FRI001"]),
        ("--code 001", []),
        ("--name VISSER", ["FRI001", "VIS001"]),
        ("--name 'visser dr frik'", ["FRI001"]),
        ("--name example.net", []),
        ("--name 100%", ["VIS001"]),
        ("--address 'carnarvon kerk'", ["FRI001"]),
        ("--phone 0825551234", ["FRI001"]),
        ("--phone '+27 (82) 555-12'", ["FRI001"]),
        ("--phone 5550177", ["VIS001"]),
        ("--phone '+27 21 555 0100'", ["VIS001"]),
        ("--email karel_k@", ["KAR001"]),
        ("--email visser.example", ["VIS001"]),
        ("--email jan@", ["VIS001"]),
        ("--user-name OFFICE_1", ["VIS001"]),
        ("--user-name fficeX1", []),
        ("--search 'visser carnarvon'", ["FRI001"]),
        ("--search oom", ["VIS001"]),
        ("--search @visser", ["VIS001"]),
        ("--mac 0000.5e00.5301", ["FRI001"]),
        ("--mac 00:00:5e:00:53:aa", ["FRI001"]),
        ("--mac 00:00:5e:00:53:bb", []),
        ("--ip 198.51.100.7", ["VIS001"]),
        ("--ip 203.0.113.6", ["VIS001"]),
        ("--ip 203.0.113.8", []),
        ("--ip 100.64.0.9", ["FRI001"]),
        ("--ip 2001:db8:1:1aa::1", ["VIS001"]),
        ("--ip 2001:db8:9:1::5", ["FRI001"]),
        ("--ip 2001:db8:1:100::/60", ["VIS001"]),
        ("--group Shops", ["BRA001", "VIS001"]),
        ("--reseller 'Karoo Net'", ["KAR001", "WES001"]),
        ("--reseller 'Karoo West'", ["WES001"]),
        ("--reseller none --group Shops", ["BRA001", "VIS001"]),
        ("--payment-method eft", ["VIS001"]),
        ("--owes-more-than 100", ["FRI001"]),
        ("--owes-more-than 99.99", ["BRA001", "FRI001"]),
        ("--balance-below 0", ["VIS001"]),
        ("--balance-below -123.45", []),
        ("--balance-below 100 --group Shops", ["VIS001"]),
        ("--label fibre", ["FRI001", "VIS001"]),
        ("--label fibre --label north", ["FRI001"]),
        ("--category VIP", ["FRI001"]),
        ("--billing-group B", ["VIS001"]),
        ("--state active", ["FRI001", "KAR001", "VIS001", "WES001"]),
        ("--state disabled", ["DIS001"]),
        ("--state expired --state suspended", ["BRA001", "EXP001"]),
        ("--deleted", ["DEL001"]),
        ("--state deleted", ["DEL001"]),
        ("--all --group Homes --created-since 2026-06-01 --reseller none", ["DEL001"]),
        ("--type company", ["VIS001"]),
        ("--kind residential", ["FRI001"]),
        ("--parent VIS001", ["BRA001"]),
        ("--online", ["FRI001"]),
        ("--offline --label fibre", ["VIS001"]),
        ("--package 'Home 50'", ["FRI001", "KAR001"]),
        ("--created-since 2026-07-15", ["WES001"]),
        ("", EVERYBODY),
    ],
)
def test_filter(town, typed, found):
    """A filter finds those it is meant for, in any case of letters, with wildcards as plain characters."""
    arguments = shlex.split(typed)
    assert codes(town, *arguments) == found
    assert town.json("customer", "list", *arguments, "--count") == {"count": len(found)}


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("code", EVERYBODY),
        ("name", ["BRA001", "DIS001", "EXP001", "FRI001", "KAR001", "VIS001", "WES001"]),
        ("created", ["FRI001", "VIS001", "BRA001", "DIS001", "EXP001", "KAR001", "WES001"]),
        ("expires", ["EXP001", "BRA001", "DIS001", "FRI001", "KAR001", "VIS001", "WES001"]),
        ("balance", ["VIS001", "DIS001", "EXP001", "KAR001", "WES001", "BRA001", "FRI001"]),
    ],
)
def test_pages_follow_each_other(town, sort, found):
    """Page after page gives each customer once, in the order asked for, and backwards too."""
    for arguments, expected in ([], found), (["--reverse"], found[::-1]):
        met = codes(town, "--sort", sort, *arguments, "--limit", "3")
        while page := codes(town, "--sort", sort, *arguments, "--limit", "3", "--after", met[-1]):
            met += page
        assert met == expected


def test_rows_say_what_belongs_to_them(town):
    """A row has names in place of ids, its accounts and packages, what it owes and who is online of it."""
    row = town.json("customer", "list", "--code", "FRI001")[0]
    assert (row["group"], row["accounts"], row["packages"]) == ("Homes", ["frikkie@example"], ["Home 50"])
    assert (row["balance_cents"], row["open_sessions"], row["name"]) == (49950, 1, "Dr Frikkie Visser")
    assert not {"name_key", "search_text", "portal_password_hash", "group_id"} & set(row)
    below = town.json("customer", "list", "--code", "BRA001")[0]
    assert (below["parent"], below["state"], below["accounts"], below["open_sessions"]) == (
        "VIS001",
        "suspended",
        [],
        0,
    )


def test_columns_are_chosen(town):
    """--columns takes keys or the words of the headings, in any order."""
    shown = town.do("customer", "list", "--code", "FRI001", "--columns", "status, Name,balance")
    assert shown == "state\tname\tbalance cents\nactive\tDr Frikkie Visser\t49950\n"
    assert town.refused("customer", "list", "--columns", "code,size") == "--columns: 'size' is no column of customers"


@pytest.mark.parametrize(
    ("typed", "cause"),
    [
        (["--group", "Nobody"], "no group is named 'Nobody'"),
        (["--reseller", "Nobody"], "no reseller is named 'Nobody'"),
        (["--package", "Nobody"], "no package is named 'Nobody'"),
        (["--parent", "NOB001"], "no customer is named 'NOB001'"),
        (["--sort", "name", "--after", "NOB001"], "no customer is named 'NOB001'"),
        (["--phone", "none"], "'none' is not a part of a phone number"),
        (["--name", " "], "there is no text to look for"),
        (["--ip", "192.0.2.999"], "--ip: '192.0.2.999' is not an IP address or network"),
        (["--filter", "mine"], "no filter is saved as 'mine'"),
    ],
)
def test_what_cannot_be_found_is_told(town, typed, cause):
    """A misspelt name of a group and the like is no empty list."""
    assert town.refused("customer", "list", *typed) == cause
