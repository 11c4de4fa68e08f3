"""Before more than ten customers are concerned, the operator is asked."""

import os

import pytest

from tests.terminal import on_terminal


@pytest.fixture
def crowd(operator, accounting):
    """Return the operator, with eleven customers in Homes and a package for nine of them."""
    accounting.sql(
        "INSERT INTO customer (code, group_id, first_name)"
        " SELECT 'MANY' || n, 1, 'Many' || n FROM generate_series(1, 9) AS n"
    )
    accounting.sql("INSERT INTO package (name) VALUES ('Many')")
    accounting.sql(
        "INSERT INTO account (customer_id, package_id, user_name)"
        " SELECT id, (SELECT id FROM package WHERE name = 'Many'), code FROM customer WHERE code LIKE 'MANY%%'"
    )
    accounting.sql("UPDATE customer SET parent_id = 2 WHERE code LIKE 'MANY%%'")
    return operator


def test_many_are_not_changed_unasked(crowd, written):
    """In a pipe nobody can be asked: refused with their number, done with --yes, and ten go unasked."""
    before = written()
    assert crowd.refused("group", "disable", "Homes") == "it concerns 11 customers"
    assert written() == before
    assert crowd.do("group", "disable", "Homes", "--yes") == "group Homes: enabled yes -> no\n"
    assert crowd.do("customer", "suspend", "ANN001") == "customer ANN001: suspended no -> yes\n"
    assert crowd.do("group", "edit", "Homes", "--name", "Houses") == "group Homes: name Homes -> Houses\n"


def test_who_is_concerned(crowd):
    """A group concerns its customers, a package those who have it, a parent its sub-accounts, a router nobody."""
    counted = {
        ("group", "disable", "Homes"): 11,
        ("group", "edit", "Homes", "--name", "Houses"): 0,
        ("group", "add", "New"): 0,
        ("package", "edit", "Many", "--price", "1"): 9,
        ("package", "edit", "Many", "--band", "daily 00:00-06:00 1M/1M"): 9,
        ("package", "edit", "Many", "--profile", "huawei=A/B"): 9,
        ("customer", "suspend", "ANN001"): 10,
        ("customer", "edit", "ANN001", "--last-name", "Muller"): 1,
        ("account", "move", "frikkie", "ANN001"): 2,
        ("account", "edit", "frikkie", "--nas", "edge1"): 1,
        ("device", "add", "frikkie", "00:00:5e:00:53:01"): 1,
        ("nas", "edit", "edge1", "--coa-port", "1700"): 0,
    }
    assert {line: crowd.json(*line, "--dry-run")["customers"] for line in counted} == counted


@pytest.mark.parametrize(("answer", "status", "enabled"), [("n", 130, True), ("y", 0, False)])
def test_a_terminal_is_asked(crowd, database, answer, status, enabled):
    """On a terminal the operator is told how many, and no means no."""
    environ = {**os.environ, **database.environ}
    done, shown = on_terminal("group", "disable", "Homes", environ=environ, typed=[answer])
    assert (done, "It concerns 11 customers. Do it?" in shown) == (status, True)
    assert crowd.json("group", "show", "Homes")["enabled"] is enabled
