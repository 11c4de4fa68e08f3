"""What roles permit, who may make whom an operator, disabled operators, sub-resellers, to act as somebody."""

from contextlib import closing

import psycopg2
import pytest

from tests.command_line import Operator
from tests.integration.operators.market import NORTH, PASSWORD, SOUTH


@pytest.fixture
def owner(market):
    """Return the schema's owner, typing commands."""
    return market.operator()


@pytest.fixture
def added(owner):
    """Return a function that adds an operator; those that it added are removed again."""
    names = []

    def add(name, role, *options):
        owner.do("operator", "add", name, "--role", role, *options, "--password-stdin", stdin=PASSWORD)
        names.append(name)

    yield add
    for name in names:
        owner.run("operator", "remove", name)


def logins(market):
    """Return the login roles of operators, with whether they may log in."""
    with closing(market.database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname::text, rolcanlogin FROM pg_roles WHERE oid IN ("
            "SELECT member FROM pg_auth_members WHERE roleid = 'tollkeeper_operator'::regrole)"
        )
        return dict(cursor.fetchall())


def test_support_adds_no_packages(market):
    """What a role does not permit is refused in one line that says which area."""
    assert market.operator("hana").refused("package", "add", "Mine") == (
        "operator hana may not change what is of the area package"
    )


@pytest.mark.parametrize("line", ["audit list", "operator list", "import list", "audit export", "role list"])
def test_who_may_not_look_is_told(market, line):
    """A list of what one may not see is a refusal, not an empty list."""
    assert "may not see what is of the area" in market.operator("hana").refused(*line.split())


def test_an_auditor_sees_everything_and_changes_nothing(market):
    """With view alone every list is full and every change is refused."""
    arno = market.operator("arno")
    assert {row["code"] for row in arno.json("customer", "list")} >= {NORTH.customer, SOUTH.customer}
    assert arno.json("audit", "verify")["whole"]
    for line in (["customer", "suspend", NORTH.customer], ["group", "add", "Mine"], ["reseller", "add", "Mine"]):
        assert "may not change" in arno.refused(*line)
    arno.do("operator", "passwd", "--password-stdin", stdin=PASSWORD)


def test_an_administrator_does_everything(market):
    """The first operator needs no owner: he makes resellers, roles and operators, and takes them away."""
    adam = market.operator("adam")
    adam.do("reseller", "add", "Brief")
    adam.do("role", "add", "brief", "--may", "customer=edit")
    adam.do("operator", "add", "brief", "--role", "brief", "--reseller", "Brief", "--generate")
    assert adam.json("operator", "show", "brief")["reseller"] == "Brief"
    adam.do("operator", "remove", "brief")
    adam.do("role", "remove", "brief")
    adam.do("reseller", "remove", "Brief")


def test_a_resellers_operator_makes_operators_of_its_own(market, owner):
    """Of its own reseller, with a role that may no more than its own; it takes them away again."""
    nora = market.operator("nora")
    assert nora.json("operator", "add", "noel", "--role", "reseller", "--generate")["operator"]["reseller"] == "North"
    assert "may not do all that the role administrator may" in nora.refused(
        "operator", "add", "nina", "--role", "administrator", "--generate"
    )
    assert "may not do all that the role administrator may" in nora.refused(
        "operator", "edit", "noel", "--role", "administrator"
    )
    nora.do("operator", "disable", "noel")
    nora.do("operator", "remove", "noel")
    assert "noel" not in logins(market)


def test_a_stronger_operator_is_not_taken_over(market, added):
    """Who may edit operators does not change, or get the password of, one who may do more."""
    added("boss", "administrator", "--reseller", "North")
    nora = market.operator("nora")
    for line in (["passwd", "boss", "--generate"], ["disable", "boss"], ["remove", "boss"]):
        assert "may not do all that the role administrator may" in nora.refused("operator", *line)
    with closing(psycopg2.connect(market.dsn("nora"))) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE operator SET enabled = false WHERE name = 'boss'")
        assert cursor.rowcount == 0


def test_permissions_are_given_by_those_who_have_them(market, owner, added):
    """Who may edit operators and little else gives nothing that it does not have itself."""
    owner.do("role", "add", "clerk", "--may", "operator=edit", "--may", "customer=view")
    added("cleo", "clerk")
    cleo = market.operator("cleo")
    cleo.do("role", "add", "viewer", "--may", "customer=view")
    for may in ("customer=edit", "money=view"):
        assert "may not give or take what it does not have" in cleo.refused("role", "edit", "viewer", "--may", may)
    assert "may not give or take what it does not have" in cleo.refused("role", "edit", "support", "--may-not", "nas")
    assert "may not do all that" in cleo.refused("operator", "edit", "cleo", "--role", "support")
    cleo.do("role", "remove", "viewer")
    owner.do("operator", "remove", "cleo")
    owner.do("role", "remove", "clerk")


def test_a_disabled_operator_does_nothing(market, owner, added):
    """It cannot log in, and in a session that is open already it sees and changes nothing; until it is enabled."""
    added("dora", "administrator")
    dora = market.operator("dora")
    with closing(psycopg2.connect(market.dsn("dora"))) as opened, opened.cursor() as cursor:
        owner.do("operator", "disable", "dora")

        assert dora.refused("customer", "list") == "operator dora is disabled"
        cursor.execute("SELECT count(*) FROM customer")
        assert cursor.fetchone() == (0,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("INSERT INTO customer_group (name) VALUES ('Mine')")
    assert not logins(market)["dora"]
    owner.do("operator", "enable", "dora")
    assert dora.json("customer", "list")


@pytest.mark.parametrize(
    ("password", "cause"),
    [
        ("wrong", "the password of operator nora is wrong, or nobody is named so"),
        ("", "the database wants the operator's password"),
    ],
)
def test_a_wrong_password_is_one_clear_line(market, tmp_path, password, cause):
    """Wrong, missing, or of a name that nobody has: one line and a hint."""
    environ = {**market.environ("nora"), "PGPASSWORD": password, "PGPASSFILE": str(tmp_path / "none")}
    assert Operator(environ).refused("customer", "list") == cause
    assert "nobody is named so" in Operator({**market.environ("nobody")}).refused("customer", "list")


def test_a_password_file_is_enough(market, tmp_path):
    """PGPASSFILE holds the password, as of every program of PostgreSQL's."""
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:nora:{PASSWORD}\n")
    file.chmod(0o600)
    environ = {**market.environ(None), "PGUSER": "nora", "PGPASSFILE": str(file)}
    assert Operator(environ).json("operator", "whoami")["name"] == "nora"


def test_another_password_is_asked_for_from_then_on(market, owner, added):
    """passwd without a name is one's own; the old password is of no use any more."""
    added("paul", "support")
    paul = market.operator("paul")
    password = paul.json("operator", "passwd", "--generate")["password"]
    assert "is wrong" in paul.refused("customer", "list")
    with closing(psycopg2.connect(market.dsn("paul").replace(PASSWORD, password))):
        pass


def test_nobody_locks_everybody_out(market, owner):
    """The last enabled administrator stays, whoever asks; no operator removes or disables himself."""
    adam = market.operator("adam")
    for verb in ("remove", "disable"):
        assert adam.refused("operator", verb, "adam") == "operators do not lock themselves out"
        assert owner.refused("operator", verb, "adam") == "operator adam is the last enabled administrator"
    for option in (["--role", "support"], ["--reseller", "North"]):
        assert "last enabled administrator" in owner.refused("operator", "edit", "adam", *option)
    assert "may do everything, always" in owner.refused("role", "edit", "administrator", "--may-not", "operator")
    assert "may do everything, always" in owner.refused("role", "remove", "administrator")


def test_another_role_of_the_cluster_is_left_alone(market, owner):
    """A login that is not this installation's operator is neither taken over nor dropped."""
    with closing(market.database.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE billing LOGIN IN ROLE tollkeeper_operator")
        try:
            cause = owner.refused("operator", "add", "billing", "--role", "support", "--generate")
            assert cause == "the database has another role of this name"
        finally:
            cursor.execute("DROP ROLE billing")


def test_who_was_removed_leaves_nothing_to_his_namesake(market, owner, added):
    """Login, saved filters and what the audit has of him are not another operator's of the same name."""
    added("nils", "administrator")
    market.operator("nils").do("group", "add", "Of Nils")
    owner.do("operator", "remove", "nils")
    assert "nils" not in logins(market)

    added("nils", "reseller", "--reseller", "North")
    assert market.operator("nils").json("audit", "list", "--operator", "nils") == []
    owner.do("group", "remove", "Of Nils")


def test_a_sub_reseller_is_seen_from_above_only(market):
    """North sees what is North East's; North East sees nothing of North's but what it may sell."""
    nora, nele = market.operator("nora"), market.operator("nele")
    nele.do("customer", "add", "--code", "NEE001", "--group", NORTH.group, "--first-name", "Nadia")

    assert nora.json("customer", "show", "NEE001")["reseller"] == "North East"
    assert [row["code"] for row in nele.json("customer", "list")] == ["NEE001"]
    assert {row["name"] for row in nele.json("package", "list")} == {NORTH.package, "Everybody's 10"}
    assert "not" in nele.refused("package", "edit", NORTH.package, "--price", "1")
    assert [row["name"] for row in nele.json("reseller", "list")] == ["North East"]
    nora.do("customer", "delete", "NEE001")


@pytest.mark.parametrize("who", [None, "adam", "nora"])
def test_to_act_as_somebody_and_come_back(market, who):
    """As a reseller or a customer one sees and touches its part, which the audit says; then one is oneself again."""
    operator = market.operator(who)
    everything = {row["code"] for row in operator.json("customer", "list")}

    as_north = operator.json("--as", "North", "customer", "list")
    assert [row["code"] for row in as_north] == [NORTH.customer, NORTH.sub_account]
    assert [row["code"] for row in operator.json("--as", NORTH.sub_account, "customer", "list")] == [NORTH.sub_account]
    assert "no customer is named" in operator.refused("--as", "North East", "customer", "show", NORTH.customer)
    operator.do("--as", NORTH.customer.lower(), "note", "add", NORTH.customer, "acted")
    assert market.operator("adam").json("audit", "list", "--limit", "1")[0]["detail"] == f"as {NORTH.customer}"
    assert {row["code"] for row in operator.json("customer", "list")} == everything


def test_nobody_acts_as_whom_he_does_not_see(market):
    """To act as another reseller, or its customer, is to act as nobody."""
    nora = market.operator("nora")
    for name in ("South", SOUTH.customer, "", "%"):
        assert nora.run("--as", name, "customer", "list").exit_code == 2


def test_as_a_customer_nothing_of_the_reseller_is_touched(market):
    """Packages, groups, devices on the shelf, operators and the audit of the reseller are not the customer's."""
    adam = market.operator("adam")
    as_customer = ("--as", NORTH.customer)
    assert [row["mac"] for row in adam.json(*as_customer, "device", "list")] == [NORTH.mac]
    assert adam.json(*as_customer, "reseller", "list") == []
    assert "not" in adam.refused(*as_customer, "package", "edit", NORTH.package, "--price", "1")
    assert "row-level security" in adam.refused(*as_customer, "group", "add", "Mine")
    assert "of which you see a part" in adam.refused(*as_customer, "audit", "verify")


@pytest.mark.parametrize("line", ["status", "accounting status", "accounting balance"])
def test_the_whole_node_is_not_a_resellers_to_see(market, line):
    """What cannot be told apart by reseller is for the provider's operators."""
    assert "may not see what is of the area" in market.operator("nora").refused(*line.split())
    assert "of which you see a part" in market.operator("adam").refused("--as", "North", *line.split())


def test_parts_that_know_everybody_are_asked_of_visible_accounts(market):
    """explain and auth-test of another reseller's account know no such account, as of one that is not there."""
    nora = market.operator("nora")
    for user_name in (SOUTH.account, "nobody"):
        for command in ("explain", "auth-test"):
            assert nora.refused(command, user_name) == f"no account is named {user_name!r}"
    assert nora.run("explain", NORTH.account).exit_code == 3  # there is no hook here: it was asked
