"""Dry runs and questions of operators, who see their own part only."""

from contextlib import closing

import pytest

from tests.command_line import Operator


@pytest.fixture
def operators(operator, accounting, database):
    """Return a function that makes an operator with a role, of a reseller or the provider; ann is North's customer."""
    accounting.sql(
        "INSERT INTO reseller (name) VALUES ('North'); UPDATE customer SET reseller_id = 1 WHERE code = 'ANN001';"
        "INSERT INTO operator_role VALUES ('packager');"
        "INSERT INTO operator_role_permission VALUES ('packager', 'package', 'edit')"
    )
    made = []

    def login(name, role, reseller_id=None):
        accounting.sql("INSERT INTO operator (name, role, reseller_id) VALUES (%s, %s, %s)", name, role, reseller_id)
        with closing(database.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x' IN ROLE tollkeeper_operator")
        made.append(name)
        return Operator({**database.environ, "PGUSER": name, "PGPASSWORD": "x"})

    yield login
    with closing(database.connect("postgres")) as connection, connection.cursor() as cursor:
        for name in made:
            cursor.execute(f"DROP ROLE {name}")


def test_an_operator_of_the_provider_sees_who_would_be_cut(operators, written):
    """What the owner is told, an operator is told through row-level security; nothing is written."""
    anna = operators("dry_anna", "administrator")
    before = written()
    found = anna.json("group", "disable", "Homes", "--dry-run")
    assert [one["user_name"] for one in found["sessions"] if one["effect"] == "cut"] == ["ann", "frikkie"]
    assert (found["customers"], written()) == (2, before)
    assert anna.json("nas", "remove", "edge1", "--dry-run")["counts"]["cut"] == 3


def test_a_resellers_operator_is_told_of_his_own(operators):
    """His customer's session is named, with parents, group and package of the provider; nobody else's can be tried."""
    nora = operators("dry_nora", "reseller", 1)
    found = nora.json("customer", "suspend", "ANN001", "--dry-run")
    assert [(one["user_name"], one["effect"]) for one in found["sessions"]] == [("ann", "cut")]
    assert nora.refused("account", "block", "frikkie", "--dry-run").startswith("no account is named")
    assert nora.refused("group", "disable", "Homes", "--dry-run")


def test_who_may_not_see_sessions_is_told_so(operators):
    """Nobody is told that none is online, who may not see who is; how many are concerned is known to all."""
    pete = operators("dry_pete", "packager")
    found = pete.json("package", "edit", "Home 50", "--download", "1M", "--dry-run")
    assert (found["customers"], found["sessions"]) == (2, [])
    assert found["unseen"] == ["group", "customer", "account", "session", "nas"]
    told = pete.do("package", "edit", "Home 50", "--download", "1M", "--dry-run")
    assert "who is online is not known: you may not see the area group, customer, account, session, nas" in told
