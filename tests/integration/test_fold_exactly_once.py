"""Whatever breaks, and whenever: every record counts, and counts once."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from demo.settings import REPOSITORY
from radiusd.accounting import batch
from radiusd.accounting.ledger import WrongSpool
from radiusd.source import WrongSchema
from tests.fix_database import Database
from tests.integration.folding import NOW, Node, body, with_subscribers

TABLES = (
    *("accounting_node", "accounting_day", "accounting_quarantine", "accounting_reboot"),
    *("session", "session_history", "usage_day"),
)
SESSIONS = 40


@pytest.fixture
def node(database: Database) -> Iterator[Node]:
    """Return a node with the subscribers in its database, and small batches."""
    with_subscribers(database)
    made = Node(database, limit=25)
    yield made
    made.close()


def records(*, unreadable: int = 0) -> list[bytes]:
    """Return Start, three interims and Stop of `SESSIONS` sessions, mixed, and a few that cannot be read."""
    made = [
        body(
            kind,
            event_at=NOW + 60 * turn,
            sid=f"s{number}",
            octets=(turn * 10, turn * 100),
            Acct_Session_Time=60 * turn,
        )
        for number in range(SESSIONS)
        for turn, kind in enumerate(("start", "interim", "interim", "interim", "stop"))
    ]
    made += [b"not JSON"] * unreadable
    random.Random(7).shuffle(made)
    return made


def assert_all_counted(node: Node) -> None:
    """All records of `records()` are folded, each once."""
    node.assert_balance()
    assert node.waiting() == 0
    assert node.sessions() == []
    assert {row[1:] for row in node.history()} == {("stopped", 40, 400)}
    assert len(node.history()) == SESSIONS
    assert node.usage() == {"lisa": (40 * SESSIONS, 400 * SESSIONS)}


@pytest.mark.parametrize("table", TABLES)
def test_a_failure_at_every_step_changes_nothing(node, table):
    """A batch that fails while it writes a table leaves no trace, and is folded when that table is well again."""
    on = body("on", event_at=NOW + 30, nas="192.0.2.3")
    node.hear(*records(unreadable=2), on)
    node.query(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the disk has gone' USING ERRCODE = 'io_error'; END $$"
    )
    node.ledger().close()  # the node's row is there
    node.query(f"CREATE TRIGGER fail BEFORE INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION fail()")
    with pytest.raises(psycopg2.OperationalError, match="the disk has gone"):
        node.fold()
    node.assert_balance()
    node.query(f"DROP TRIGGER fail ON {table}")
    node.fold()
    assert_all_counted(node)
    assert node.fates()["quarantined"] == 2


def test_a_crash_between_commit_and_removal(node):
    """A batch that is committed and still in the spool is not folded again."""
    node.hear(*records())
    with closing(node.ledger()) as ledger:
        ledger.fold(batch.parse(node.spool.read(0, 100)))
    assert len(node.spool.read(0, 1_000)) == 5 * SESSIONS
    node.fold()
    assert_all_counted(node)
    assert node.spool.depth().records == 0


def test_the_same_batch_twice(node):
    """A batch given again, or one that overlaps the last, counts only as far as it is new."""
    node.hear(*records())
    with closing(node.ledger()) as ledger:
        first = batch.parse(node.spool.read(0, 60))
        assert ledger.fold(first).fates.total() == 60
        assert ledger.fold(first).fates.total() == 0
        assert ledger.fold(batch.parse(node.spool.read(0, 100))).fates.total() == 40
    node.fold()
    assert_all_counted(node)


def test_two_folds_of_one_node(node):
    """Two folds of the same spool at once divide its records between them."""
    node.hear(*records())
    folds = [threading.Thread(target=node.make_fold().drain) for _ in range(3)]
    for fold in folds:
        fold.start()
    for fold in folds:
        fold.join()
    assert_all_counted(node)


def test_two_nodes_hear_of_the_same_sessions(database):
    """Records of one session that went to several nodes, some to both, make one session and its usage once."""
    with_subscribers(database)
    nodes = [Node(database, name, limit=7) for name in ("node1", "node2", "node3")]
    shuffled = records()
    for number, one in enumerate(shuffled):
        nodes[number % 3].hear(one)
        if number % 5 == 0:
            nodes[(number + 1) % 3].hear(one)
    folds = [threading.Thread(target=node.make_fold().drain) for node in nodes]
    for fold in folds:
        fold.start()
    for fold in folds:
        fold.join()
    assert {row[1:] for row in nodes[0].history()} == {("stopped", 40, 400)}
    assert len(nodes[0].history()) == SESSIONS
    assert nodes[0].usage() == {"lisa": (40 * SESSIONS, 400 * SESSIONS)}
    for node in nodes:
        node.assert_balance()
        node.close()


def test_connections_cut_at_random(node):
    """A fold whose connection is cut again and again gets through."""
    node.hear(*records())
    fold = node.make_fold()
    running = threading.Thread(target=fold.run)
    running.start()
    chance = random.Random(11)
    deadline = time.monotonic() + 20
    while node.waiting() and time.monotonic() < deadline:
        time.sleep(chance.random() * 0.08)
        with closing(node.database.cluster.connect()) as connection, connection.cursor() as cur:
            cur.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'tollkeeper fold' AND datname = %s",
                (node.database.name,),
            )
    fold.stopping.set()
    running.join()
    node.fold()
    assert_all_counted(node)


def start_process(node: Node) -> subprocess.Popen:
    """Start the fold as it is run, of a node whose spool is where it looks for it."""
    assert node.path.name == "spool.db"
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "radiusd.accounting.fold"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            **node.database.environ,
            "PGUSER": "tollkeeper_fold",
            "TOLLKEEPER_NODE": node.name,
        },
        stderr=subprocess.DEVNULL,
    )


def test_killed_at_random(database):
    """A process that is killed again and again, at any moment, loses nothing and counts nothing twice."""
    with_subscribers(database)
    node = Node(database, "spool")
    chance = random.Random(13)
    for _ in range(8):
        node.hear(*records())
        process = start_process(node)
        time.sleep(0.35 + chance.random() * 0.4)
        process.kill()
        process.wait()
        node.assert_balance()
    node.fold()
    assert_all_counted(node)
    node.close()


def test_the_process_ends_between_batches(database, eventually):
    """SIGTERM ends the process with exit code 0, all it has begun being folded."""
    with_subscribers(database)
    node = Node(database, "spool")
    process = start_process(node)
    node.hear(*records())
    eventually(lambda: assert_none_waits(node))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert_all_counted(node)
    node.close()


def assert_none_waits(node: Node) -> None:
    """Nothing waits to be folded."""
    assert node.waiting() == 0


def test_a_schema_of_another_version(node):
    """The fold does not touch a database whose schema it does not know."""
    node.query("UPDATE installation SET schema_version = 99")
    node.hear(*records())
    with pytest.raises(WrongSchema, match="99"):
        node.fold()
    assert node.spool.depth().records == 5 * SESSIONS


def test_two_nodes_of_one_name(database):
    """A second spool under the same name is never taken for the first: none of its records is thrown away."""
    with_subscribers(database)
    second, first = Node(database, "other"), Node(database)  # ids begin with the second in which a spool is made
    second.name, second.settings = first.name, second.settings._replace(node=first.name)
    first.fold(body("start", event_at=NOW, sid="a"))
    second.hear(body("start", event_at=NOW, sid="b"))
    with pytest.raises(WrongSpool, match="another node has the same name"):
        second.fold()
    assert second.spool.depth().records == 1
    first.fold(body("stop", event_at=NOW + 5, sid="a"))
    first.close()
    second.close()


def test_a_new_spool_goes_on(database):
    """A spool that was lost with its disk is followed by a new one; should the old one turn up again, it is refused."""
    with_subscribers(database)
    lost = Node(database)
    lost.fold(body("start", event_at=NOW, sid="a"))
    time.sleep(1.1)  # ids begin with the second in which a spool is made
    new = Node(database, "new")
    new.name, new.settings = lost.name, new.settings._replace(node=lost.name)
    new.fold(body("stop", event_at=NOW + 5, sid="a"))
    assert new.history("state") == [("stopped",)]
    with pytest.raises(WrongSpool):
        lost.fold(body("start", event_at=NOW, sid="c"))
    assert lost.spool.depth().records == 1
    new.close()
    lost.close()
