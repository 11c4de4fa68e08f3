"""The audit: every act with who, before and after, no secret; and what happens to it is found by `audit verify`."""

import json
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest

from tests.command_line import Operator
from tests.fix_database import fresh_database
from tests.integration.operators.hidden import rows, tables

SECRETS = {
    "nas": "a-router-secret-of-32-characters",
    "account": "word-of-an-account",
    "portal": "word-of-a-portal",
    "operator": "word-of-an-operator",
}
# what each act is called, and what it is typed as
ACTS = {
    "reseller add": ["reseller", "add", "Karoo"],
    "reseller edit": ["reseller", "edit", "Karoo", "--brand", "Karoo Fibre"],
    "role add": ["role", "add", "helpdesk", "--may", "customer=edit"],
    "role edit": ["role", "edit", "helpdesk", "--may", "usage=view", "--may-not", "customer"],
    "operator add": ["operator", "add", "anna", "--role", "support", "--password-stdin"],
    "operator edit": ["operator", "edit", "anna", "--full-name", "Anna Botha"],
    "operator passwd": ["operator", "passwd", "anna", "--password-stdin"],
    "operator disable": ["operator", "disable", "anna"],
    "operator enable": ["operator", "enable", "anna"],
    "operator remove": ["operator", "remove", "anna"],
    "role remove": ["role", "remove", "helpdesk"],
    "provider edit": ["provider", "edit", "--currency", "EUR"],
    "nas add": ["nas", "add", "edge1", "192.0.2.1", "--secret-stdin"],
    "nas edit": ["nas", "edit", "edge1", "--vendor", "mikrotik"],
    "group add": ["group", "add", "Homes"],
    "group disable": ["group", "disable", "Homes", "--yes"],
    "package add": ["package", "add", "Home 50", "--download", "50M", "--upload", "10M"],
    "package edit": ["package", "edit", "Home 50", "--price", "499"],
    "customer add": ["customer", "add", "--group", "Homes", "--first-name", "Frikkie"],
    "customer suspend": ["customer", "suspend", "FRI001"],
    "account add": ["account", "add", "frikkie", "--customer", "FRI001", "--package", "Home 50", "--password-stdin"],
    "account passwd": ["account", "passwd", "frikkie", "--password-stdin"],
    "account block": ["account", "block", "frikkie"],
    "device add": ["device", "add", "frikkie", "02:00:00:00:00:01"],
    "device remove": ["device", "remove", "02:00:00:00:00:01"],
    "note add": ["note", "add", "FRI001", "he called"],
    "portal set user name": ["portal", "set", "FRI001", "frikkie-portal"],
    "portal passwd": ["portal", "passwd", "FRI001", "--password-stdin"],
    "portal reset": ["portal", "reset", "FRI001"],
    "invoice add": ["invoice", "add", "FRI001", "INV-1", "100"],
    "payment add": ["payment", "add", "FRI001", "60"],
    "customer delete": ["customer", "delete", "FRI001"],
    "nas remove": ["nas", "remove", "edge1"],
}


@pytest.fixture
def owner(database):
    """Return the schema's owner, typing commands."""
    return Operator(database.environ)


@pytest.fixture(scope="module")
def five_acts(cluster):
    """Return a database with five acts in its audit."""
    with fresh_database(cluster) as made:
        with closing(made.connect()) as connection, connection.cursor() as cursor:
            for name in ("one", "two", "three", "four", "five"):
                cursor.execute("INSERT INTO customer_group (name) VALUES (%s)", [name])
        yield made


@pytest.fixture
def acted(five_acts):
    """Return a cursor of the superuser, who is stopped by no trigger, at five acts; what it does is rolled back."""
    with closing(psycopg2.connect(five_acts.superuser_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor


def flaws(cursor):
    """Return what is found wrong, by place."""
    cursor.execute("SELECT * FROM audit_flaws(0, 1000) UNION SELECT * FROM audit_loose_ends() ORDER BY 1, 2")
    return [(place, flaw) for place, flaw in cursor]


def test_every_act_is_there_without_a_secret(owner, database):
    """Each command is an entry with its name, who did it and with what; no table has a secret in clear."""
    tokens = []
    for name, line in ACTS.items():
        secret = SECRETS.get(line[0], "")
        said = owner.json(*line, stdin=secret) if name == "portal reset" else owner.do(*line, stdin=secret)
        tokens += [said["token"]] if isinstance(said, dict) else []

    entries = owner.json("audit", "list", "--limit", "1000")
    assert [entry["act"] for entry in reversed(entries)] == list(ACTS)
    assert {entry["operator"] for entry in entries} == {"tollkeeper"}
    assert {entry["program"] for entry in entries} == {"tollkeeper"}
    with closing(database.connect()) as connection:
        written = "\n".join(row for table in tables(connection) for row in rows(connection, table))
    for secret in [*SECRETS.values(), *tokens]:
        assert secret not in written
        assert secret.encode().hex() not in written


def test_an_act_shows_before_and_after(owner):
    """An addition has its row, an edit what differs, a removal what was there; a secret is named, not shown."""
    owner.do("group", "add", "Homes", "--garden-pool", "expired")
    owner.do("group", "edit", "Homes", "--garden-pool", "other")
    owner.do("operator", "add", "anna", "--role", "support", "--generate")
    owner.do("group", "remove", "Homes")

    added, edited, made, removed = [owner.json("audit", "show", str(position))["changes"] for position in range(1, 5)]
    assert (added[0]["before"], added[0]["after"]["garden_pool"]) == (None, "expired")
    assert (edited[0]["before"], edited[0]["after"]) == ({"garden_pool": "expired"}, {"garden_pool": "other"})
    assert made[1]["after"] == {"password": "(secret)"}
    assert (removed[0]["before"]["name"], removed[0]["after"]) == ("Homes", None)
    assert "garden pool expired -> other" in owner.do("audit", "show", "2")
    assert [row["act"] for row in owner.json("audit", "list", "--noun", "group", "--key", "Homes", "--limit", "2")] == [
        "group remove",
        "group edit",
    ]


def test_a_changed_key_is_a_removal_and_an_addition(owner, database):
    """What changes a row's own primary key does not slip through."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE operator_role_permission SET area = 'node' WHERE (role, area) = ('finance', 'money')")
    changes = owner.json("audit", "show", "1")["changes"]
    assert [(change["key"], change["after"] is None) for change in changes] == [
        ("finance money", True),
        ("finance node", False),
    ]


def test_a_whole_chain_has_no_flaw(acted):
    """Five acts, sealed as they were committed."""
    assert flaws(acted) == []


TAMPERING = {
    "a change edited": ('UPDATE audit_change SET after = \'{"name": "x"}\' WHERE entry_id = 3', 3, "edited"),
    "who did it edited": ("UPDATE audit_entry SET operator = 'anna' WHERE id = 3", 3, "edited"),
    "whose operator it was edited": ("UPDATE audit_entry SET reseller_id = 1 WHERE id = 3", 3, "edited"),
    "when it was edited": ("UPDATE audit_entry SET at = at + interval '1 s' WHERE id = 3", 3, "edited"),
    "a change taken out": ("DELETE FROM audit_change WHERE entry_id = 3", 3, "edited"),
    "a change put in": ("INSERT INTO audit_change (entry_id, relation, key) VALUES (3, 'group', 'x')", 3, "edited"),
    "a change moved": ("UPDATE audit_change SET entry_id = 4 WHERE entry_id = 3", 3, "edited"),
    "an entry taken out": (
        "DELETE FROM audit_change WHERE entry_id = 3; DELETE FROM audit_entry WHERE id = 3",
        4,
        "missing",
    ),
    "the first one taken out": (
        "DELETE FROM audit_change WHERE entry_id = 1; DELETE FROM audit_entry WHERE id = 1",
        2,
        "missing",
    ),
    "its entry alone taken out": ("DELETE FROM audit_entry WHERE id = 3", None, "belongs to no entry"),
    "the end cut off": (
        "DELETE FROM audit_change WHERE entry_id = 5; DELETE FROM audit_entry WHERE id = 5",
        5,
        "not those that were sealed last",
    ),
    "an entry put in between": (
        "UPDATE audit_entry SET position = position + 100 WHERE position > 3;"
        "UPDATE audit_entry SET position = position - 99 WHERE position > 100;"
        "INSERT INTO audit_entry (act, position, previous_hash, hash)"
        " SELECT 'x', 4, hash, sha256('x') FROM audit_entry WHERE position = 3",
        5,
        "edited",
    ),
    "an entry without a place": ("INSERT INTO audit_entry (act, hash) VALUES ('x', sha256('x'))", None, "has no place"),
    "an entry never sealed": ("INSERT INTO audit_entry (act) VALUES ('x')", None, "never sealed"),
    "two entries swapped": (
        "UPDATE audit_entry SET position = 99 WHERE id = 2; UPDATE audit_entry SET position = 2 WHERE id = 3;"
        "UPDATE audit_entry SET position = 3 WHERE id = 2",
        3,
        "does not follow",
    ),
    "the head set back": ("UPDATE audit_head SET position = 4", 4, "not those that were sealed last"),
    "the head taken away": ("DELETE FROM audit_head", None, "head of the chain is missing"),
    "one hash made anew": (
        "UPDATE audit_entry SET act = 'x' WHERE id = 3;"
        "UPDATE audit_entry SET hash = audit_hash(previous_hash, audit_entry) WHERE id = 3",
        4,
        "does not follow",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(acted, what):
    """Whatever somebody does who gets past the triggers, it shows at its place."""
    statement, place, flaw = TAMPERING[what]
    acted.execute(statement)

    assert [found for found in flaws(acted) if found[0] == place and flaw in found[1]], flaws(acted)


def test_the_owner_is_stopped_by_triggers(database):
    """Even the owner, unless he switches them off, only adds."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO customer_group (name) VALUES ('one')")
        for statement in (
            "UPDATE audit_entry SET act = 'x'",
            "DELETE FROM audit_change",
            "TRUNCATE audit_entry CASCADE",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_verify_exits_1_with_the_flaws_and_knows_a_noted_head(owner, database):
    """Edited by the owner with the triggers off: exit 1; a chain cut with its head shows by the head noted before."""
    for name in ("one", "two", "three"):
        owner.do("group", "add", name)
    noted = owner.json("audit", "verify")
    assert (noted["whole"], noted["entries"]) == (True, 3)
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        for table in ("audit_entry", "audit_change"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM audit_change WHERE entry_id = 3")
        cursor.execute("DELETE FROM audit_entry WHERE id = 3")
        cursor.execute("UPDATE audit_head SET position = 2, hash = (SELECT hash FROM audit_entry WHERE position = 2)")
        assert owner.run("audit", "verify").exit_code == 0
        cut = owner.run("audit", "verify", "--head", noted["head"])
        cursor.execute("UPDATE audit_change SET key = 'x' WHERE entry_id = 1")
    assert cut.exit_code == 1
    assert "is not the entry that was noted" in cut.stdout
    edited = owner.run("audit", "verify")
    assert edited.exit_code == 1
    assert "flaw\t1\twas edited, or its changes were" in edited.stdout


def test_an_export_has_every_entry_with_its_hash(owner):
    """Lines of JSON, the oldest first, from any position on."""
    for name in ("one", "two", "three"):
        owner.do("group", "add", name)
    exported = [json.loads(line) for line in owner.do("audit", "export", "--after", "1").splitlines()]
    assert [entry["position"] for entry in exported] == [2, 3]
    assert exported[1]["previous_hash"] == exported[0]["hash"]
    assert exported[0]["changes"][0]["key"] == "two"


WRITER = """
import psycopg2, sys
connection = psycopg2.connect(sys.argv[1])
for number in range(10):
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO customer_group (name) VALUES (%s)", [f"{sys.argv[2]} {number}"])
        cursor.execute("SELECT set_config('tollkeeper.audit_entry', '', true)")
        cursor.execute("UPDATE customer_group SET enabled = false WHERE name = %s", [f"{sys.argv[2]} {number}"])
        if number % 5 == 4:
            connection.rollback()
"""


def test_eight_writers_at_once_make_one_chain(owner, database):
    """Two acts a transaction, ten transactions, eight processes; what was rolled back left nothing."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, database.dsn, str(number)]) for number in range(8)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 8

    verdict = owner.json("audit", "verify")
    assert (verdict["whole"], verdict["entries"], verdict["position"]) == (True, 8 * 8 * 2, 8 * 8 * 2)


@pytest.mark.parametrize(
    "statements",
    [
        ["SAVEPOINT s", "INSERT INTO customer_group (name) VALUES ('a')", "RELEASE SAVEPOINT s"],
        ["SAVEPOINT s", "INSERT INTO customer_group (name) VALUES ('a')", "ROLLBACK TO SAVEPOINT s"],
        ["INSERT INTO customer_group (name) VALUES ('a')", "SET CONSTRAINTS ALL IMMEDIATE"],
        ["SET CONSTRAINTS ALL IMMEDIATE", "INSERT INTO customer_group (name) VALUES ('a')"],
        ["INSERT INTO customer_group (name) VALUES ('a')", "SELECT set_config('tollkeeper.audit_entry', '1', true)"],
        ["INSERT INTO customer_group (name) VALUES ('a')", "SELECT set_config('tollkeeper.audit_entry', '', true)"],
    ],
    ids=["savepoint", "rolled back", "sealed early", "immediate", "another entry", "another act"],
)
def test_no_way_of_writing_breaks_the_chain(owner, database, statements):
    """Whatever a transaction does about savepoints, constraints and settings, each change is in a sealed entry."""
    owner.do("group", "add", "before")
    with closing(psycopg2.connect(database.dsn)) as connection, connection, connection.cursor() as cursor:
        for statement in [*statements, "INSERT INTO customer_group (name) VALUES ('last')"]:
            cursor.execute(statement)

    assert owner.json("audit", "verify")["whole"]
    assert owner.json("audit", "list", "--noun", "group", "--key", "last")


def test_two_snapshots_do_not_share_a_place(owner, database):
    """Under REPEATABLE READ the later one of two acts at once fails, and is told to try again; the chain goes on."""
    with closing(psycopg2.connect(database.dsn)) as connection, connection.cursor() as cursor:
        connection.set_session(isolation_level="REPEATABLE READ")
        cursor.execute("INSERT INTO customer_group (name) VALUES ('late')")
        owner.do("group", "add", "early")
        with pytest.raises(psycopg2.errors.SerializationFailure):
            connection.commit()

    assert owner.json("audit", "verify")["entries"] == 1
