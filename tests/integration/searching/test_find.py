"""tollkeeper find: whatever is typed, what it is and whose."""

import pytest


def found(operator, typed, *arguments):
    """Return kind, name and customer of what is found."""
    return [(row["kind"], row["name"], row["customer"]) for row in operator.json("find", typed, *arguments)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("fri001", ("customer", "FRI001", "FRI001")),
        ("FRIKKIE.V", ("customer", "FRI001", "FRI001")),
        ("Visser Frikkie", ("customer", "FRI001", "FRI001")),
        ("visser & sons", ("customer", "VIS001", "VIS001")),
        ("100% meat", ("customer", "VIS001", "VIS001")),
        ("accounts@visser.example", ("customer", "VIS001", "VIS001")),
        ("0825551234", ("customer", "FRI001", "FRI001")),
        ("+27 (82) 555 1234", ("customer", "FRI001", "FRI001")),
        ("021 555 0177", ("contact", "Oom Jan", "VIS001")),
        ("jan@visser.example", ("contact", "Oom Jan", "VIS001")),
        ("kerk carnarvon", ("address", "12 Kerk Street, Carnarvon, 8925", "FRI001")),
        ("C-10442", ("external id", "sage C-10442", "FRI001")),
        ("frikkie@example", ("account", "frikkie@example", "FRI001")),
        ("OFFICE_1", ("account", "Office_1@visser", "VIS001")),
        ("00005e005301", ("device", "00:00:5e:00:53:01", "FRI001")),
        ("0000.5E00.53AA", ("session", "1", "FRI001")),
        ("198.51.100.7", ("account", "Office_1@visser", "VIS001")),
        ("203.0.113.3", ("account", "Office_1@visser", "VIS001")),
        ("2001:db8:1:1ff::1", ("account", "Office_1@visser", "VIS001")),
        ("100.64.0.9", ("session", "1", "FRI001")),
        ("100.64.0.8", ("closed session", "900", "FRI001")),
        ("8A00F1", ("session", "1", "FRI001")),
        ("8A00F0", ("closed session", "900", "FRI001")),
        ("900", ("closed session", "900", "FRI001")),
        ("inv-bra001", ("invoice", "INV-BRA001", "BRA001")),
        ("rec-7", ("payment", "REC-7", "VIS001")),
        ("EDGE2", ("nas", "edge2", None)),
        ("192.0.2.1", ("nas", "edge1", None)),
        ("home 10", ("package", "Home 10", None)),
        ("shops", ("group", "Shops", None)),
        ("karoo west", ("reseller", "Karoo West", None)),
    ],
)
def test_what_is_meant_comes_first(town, typed, first):
    """A code, name, number, address, login, MAC, IP, session, invoice: the first that is found is what was meant."""
    assert found(town, typed)[0] == first


def test_every_answer_says_where_to_look(town):
    """The command of each answer is one that works."""
    for typed in ("visser", "00:00:5e:00:53:01", "8a00f1", "8A00F0", "edge", "home", "inv-fri001", "karoo", "C-10442"):
        for row in town.json("find", typed):
            assert row["see"][0] == "tollkeeper"
            town.do(*row["see"][1:])


def test_best_first_and_paged(town):
    """What is exactly it comes before what begins so, and that before what has it somewhere; deleted ones last."""
    kinds = found(town, "visser")
    assert kinds[:2] == [("customer", "FRI001", "FRI001"), ("customer", "VIS001", "VIS001")]
    assert ("account", "Office_1@visser", "VIS001") in kinds
    pages = [found(town, "visser", "--limit", "1", "--offset", str(number))[0] for number in range(len(kinds))]
    assert pages == kinds
    assert found(town, "del001") == [("customer", "DEL001", "DEL001")]


def test_nothing_found_is_no(town):
    """What nobody knows is an empty list, a heading in a pipe, and exit status 1."""
    result = town.run("find", "nobody at all", "--json")
    assert (result.exit_code, result.stdout) == (1, "[]\n")
    assert town.run("find", "nobody").stdout.count("\n") == 1
    assert town.refused("find", " ") == "there is nothing to look for"


def test_an_operator_finds_its_own(logins, town):
    """A reseller's operator finds nobody else's, by whatever; who may see customers alone finds no accounts."""
    assert found(logins["karoo"], "kies") == [("customer", "KAR001", "KAR001"), ("customer", "WES001", "WES001")]
    for typed in ("visser", "frikkie@example", "00:00:5e:00:53:01", "198.51.100.7", "8A00F1", "C-10442", "INV-FRI001"):
        assert town.json("find", typed)
        assert logins["karoo"].run("find", typed, "--json").stdout == "[]\n"
    assert {kind for kind, *_ in found(logins["desk"], "visser")} == {"customer", "contact"}


def test_an_operator_lists_its_own(logins):
    """The same of lists, by an index or by every row; what may not be seen is null, not nothing."""
    karoo, desk = logins["karoo"], logins["desk"]
    assert [row["code"] for row in karoo.json("customer", "list")] == ["KAR001", "WES001"]
    assert [row["code"] for row in karoo.json("customer", "list", "--search", "example.net")] == ["KAR001", "WES001"]
    assert karoo.json("customer", "list", "--search", "visser", "--count") == {"count": 0}
    assert [row["code"] for row in karoo.json("customer", "list", "--reseller", "Karoo West")] == ["WES001"]
    assert karoo.json("customer", "list", "--parent", "KAR001", "--online", "--package", "Home 50") == []
    row = desk.json("customer", "list", "--code", "FRI001")[0]
    assert (row["balance_cents"], row["accounts"], row["open_sessions"]) == (None, None, None)
    assert "may not see what is of the area money" in desk.refused("customer", "list", "--owes-more-than", "1")
    assert "may not see what is of the area account" in desk.refused("customer", "list", "--user-name", "frikkie")


def test_who_acts_as_somebody_sees_no_more(town):
    """--as a reseller or a customer narrows lists and searches too."""
    assert [row["code"] for row in town.json("--as", "Karoo West", "customer", "list")] == ["WES001"]
    assert [row["code"] for row in town.json("--as", "VIS001", "customer", "list")] == ["BRA001", "VIS001"]
    assert town.refused("--as", "Nobody", "customer", "list") == "no reseller and no customer is named 'Nobody'"
