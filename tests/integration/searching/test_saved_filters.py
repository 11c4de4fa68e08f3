"""Lists that are asked for often: saved, used, shown as what they stand for, removed; each operator has its own."""

import pytest

from tests.terminal import on_terminal


@pytest.fixture
def operator(operator, accounting):
    """Return the operator of a provider whose customer ANN001 is suspended, owes 600 and has a label."""
    accounting.sql(
        "UPDATE customer SET suspended = true, labels = '{fibre}' WHERE code = 'ANN001';"
        "INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)"
        " SELECT id, 'I1', '2026-01-01', '2026-01-31', 60000 FROM customer WHERE code = 'ANN001'"
    )
    return operator


ARREARS = (
    "--state",
    "suspended",
    "--owes-more-than",
    "500",
    "--sort",
    "balance",
    "--reverse",
    "--columns",
    "code,balance",
)


def test_a_filter_is_saved_and_used(operator):
    """--save keeps filters, order and columns; --filter gives them back, and what is given besides is added."""
    saved = operator.do(
        "customer", "list", *ARREARS, "--label", "fibre", "--created-since", "2020-01-01", "--save", "late"
    )
    assert saved == "code\tbalance cents\nANN001\t60000\n"
    assert operator.do("customer", "list", "--filter", "late") == saved
    assert operator.json("customer", "list", "--filter", "late", "--group", "Homes", "--count") == {"count": 1}
    assert operator.json("customer", "list", "--filter", "late", "--state", "active", "--count") == {"count": 0}


def test_a_filter_is_shown_as_it_would_be_typed(operator):
    """filter show prints the command that it stands for, and that command works."""
    operator.do("customer", "list", *ARREARS, "--offline", "--save", "in arrears")
    shown = operator.json("filter", "show", "in arrears")
    assert shown["command"].startswith("tollkeeper customer list --owes-more-than 500.00 --state suspended --offline")
    assert operator.do(*shown["command"].split()[1:]) == operator.do("customer", "list", "--filter", "in arrears")
    assert operator.json("filter", "list") == [shown]


def test_a_filter_is_replaced_and_removed(operator):
    """Saving under the same name replaces; a removed one is gone; what is no name is refused."""
    operator.do("customer", "list", "--save", "mine")
    operator.do("customer", "list", "--group", "Homes", "--save", "mine")
    assert operator.json("filter", "show", "mine")["options"] == {"group": "Homes"}
    assert operator.do("filter", "remove", "mine") == "filter mine removed\n"
    assert operator.refused("filter", "remove", "mine") == "no filter is saved as 'mine'"
    assert operator.refused("customer", "list", "--filter", "mine") == "no filter is saved as 'mine'"
    assert operator.refused("customer", "list", "--save", "-")


def test_filters_are_nobody_elses(town, logins):
    """An operator sees its own filters, and no other's."""
    logins["karoo"].do("customer", "list", "--save", "karoos")
    try:
        assert [row["name"] for row in logins["karoo"].json("filter", "list")] == ["karoos"]
        assert town.json("filter", "list") == []
        assert logins["desk"].refused("filter", "show", "karoos") == "no filter is saved as 'karoos'"
    finally:
        logins["karoo"].do("filter", "remove", "karoos")


def test_who_is_off_is_grey(town, town_database):
    """On a terminal deleted and disabled customers are grey, and columns give way where it is narrow."""
    environ = {"PATH": "/bin", "TERM": "xterm", "COLUMNS": "70", **town_database.environ}
    status, shown = on_terminal("customer", "list", "--all", environ=environ)
    grey = {line for line in shown.splitlines() if "\x1b[2m" in line}
    assert status == 0
    assert {code for code in ("DEL001", "DIS001", "FRI001", "BRA001") if any(code in line for line in grey)} == {
        "DEL001",
        "DIS001",
    }
    assert "billing group" not in shown
