"""What the fold does now and then: silent sessions are closed and come back, partitions are made ahead."""

import datetime
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from radiusd.accounting import upkeep
from tests.fix_database import Database
from tests.integration.folding import INTERIM_SECONDS, NOW, Node, body, with_subscribers

SILENT = NOW  # an hour ago: three interims of five minutes are over


@pytest.fixture
def node(database: Database) -> Iterator[Node]:
    """Return a node with the subscribers in its database; its books balance at the end."""
    with_subscribers(database)
    made = Node(database)
    yield made
    made.assert_balance()
    made.close()


def close_silent(node: Node) -> int:
    """Look for silent sessions, all that has arrived by now being folded."""
    with closing(node.ledger()) as ledger:
        ledger.heard(time.time())
        return upkeep.close_silent(ledger)


def test_a_silent_session_is_closed(node):
    """A session that has missed three interims is closed when it was last heard of; others are not."""
    node.fold(
        body("interim", event_at=SILENT, octets=(5, 5)),
        body("start", event_at=int(time.time()) - 2 * INTERIM_SECONDS, sid="lately"),
        body("start", event_at=SILENT, sid="seldom", Acct_Interim_Interval=3600),
    )
    assert close_silent(node) == 1
    assert node.sessions("acct_session_id") == [("lately",), ("seldom",)]
    assert node.history("acct_session_id, state, extract(epoch FROM stopped_at)::bigint, terminate_cause") == [
        ("s1", "stale", SILENT, "Lost-Service")
    ]
    assert close_silent(node) == 0


def test_a_silent_session_comes_back(node):
    """A record of a session that was closed as stale opens it again, with its id, and its usage goes on."""
    node.fold(body("start", event_at=SILENT), body("interim", event_at=SILENT + 60, octets=(5, 5)))
    before = node.sessions("id")
    close_silent(node)
    node.fold(body("interim", event_at=NOW + 3000, octets=(9, 9), Acct_Session_Time=3000))
    assert node.sessions("id") == before
    assert node.history() == []
    assert node.usage() == {"lisa": (9, 9)}


def test_silence_is_not_what_waits(node):
    """Where a node has not folded what it received, its sessions are not called silent."""
    node.fold(body("start", event_at=SILENT))
    node.query(
        "INSERT INTO accounting_node (node, last_spool_id, folded_at)"
        f" VALUES ('behind', 5, to_timestamp({SILENT + INTERIM_SECONDS}))"
    )
    assert close_silent(node) == 0
    node.query("UPDATE accounting_node SET folded_at = now() - interval '2 days' WHERE node = 'behind'")
    assert close_silent(node) == 1


def test_many_are_closed_in_pages(node):
    """More silent sessions than are closed at once are closed one page after another."""
    node.fold(*(body("start", event_at=SILENT, sid=f"s{number}") for number in range(4_100)))
    assert [close_silent(node) for _ in range(4)] == [2_000, 2_000, 100, 0]
    assert node.sessions() == []


def test_an_idle_fold_says_that_it_is_not_behind(node):
    """A fold with nothing to do moves the moment until which all is folded."""
    node.fold()
    node.query("UPDATE accounting_node SET folded_at = '2000-01-01'")
    node.fold()
    ((age,),) = node.query("SELECT extract(epoch FROM now() - folded_at)::float8 FROM accounting_node")
    assert age < 3600


def test_partitions_are_made_ahead(node):
    """The next three months have partitions, made by the fold's role; again is no harm."""
    month = datetime.datetime.now(datetime.UTC).strftime("%Y_%m")
    node.query(f"DROP TABLE session_history_{month}")
    with closing(node.ledger()) as ledger:
        upkeep.make_partitions(ledger)
        upkeep.make_partitions(ledger)
    names = {
        name
        for (name,) in node.query(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'session_history'::regclass"
        )
    }
    assert f"session_history_{month}" in names
    assert len(names) == 6


def test_a_month_made_late(node):
    """Sessions that ended in a month without a partition move into it when it is made; all indexes are there."""
    month = datetime.datetime.fromtimestamp(NOW, datetime.UTC).strftime("%Y_%m")
    node.query(f"DROP TABLE session_history_{month}")
    node.fold(body("stop", event_at=NOW, octets=(1, 1)))
    assert node.query("SELECT tableoid::regclass::text FROM session_history") == [("session_history_other",)]
    with closing(node.ledger()) as ledger:
        upkeep.make_partitions(ledger)
    assert node.query("SELECT tableoid::regclass::text FROM session_history") == [(f"session_history_{month}",)]
    counts = node.query(
        "SELECT count(*) FROM pg_index WHERE indrelid IN (%s::regclass, 'session_history'::regclass) GROUP BY indrelid",
        f"session_history_{month}",
    )
    assert counts[0] == counts[1]
    node.fold(body("stop", event_at=NOW + 5, octets=(2, 2)))
    assert node.history() == [("s1", "stopped", 2, 2)]


def test_absurd_times_are_kept(node):
    """A session that ended in a year without partitions is in the default one, and found there again."""
    long_ago = 86_400 * 365
    node.hear(body("stop", event_at=long_ago, octets=(1, 1), Acct_Session_Time=60), at=long_ago)
    node.fold()
    assert node.query("SELECT tableoid::regclass::text FROM session_history") == [("session_history_other",)]
    node.hear(body("stop", event_at=long_ago, octets=(1, 1), Acct_Session_Time=60), at=long_ago)
    node.fold()
    assert node.fates() == {"applied": 1, "duplicate": 1}


def test_reboots_are_forgotten(node):
    """A reboot that no record can be older than is not remembered."""
    node.fold(body("on", event_at=NOW))
    node.query("INSERT INTO accounting_reboot VALUES ('192.0.2.9', now() - interval '40 days')")
    with closing(node.ledger()) as ledger:
        upkeep.forget_reboots(ledger)
    assert node.query("SELECT count(*) FROM accounting_reboot") == [(1,)]


def test_upkeep_that_fails_stops_no_record(node, eventually):
    """Where no partitions can be made, records are folded, and the fold says what is wrong."""
    node.query("DROP FUNCTION make_session_partitions")
    node.hear(body("stop", event_at=NOW, octets=(1, 1)))
    fold = node.make_fold()
    thread = threading.Thread(target=fold.run)
    thread.start()

    def is_folded():
        assert node.waiting() == 0

    eventually(is_folded)
    fold.stopping.set()
    thread.join()
    assert node.history() == [("s1", "stopped", 1, 1)]


def test_nobody_else_makes_partitions(database):
    """The hook's role may not call the function that makes tables."""
    with closing(database.connect("tollkeeper_hook")) as connection, connection.cursor() as cur:
        statement = "SELECT make_session_partitions(current_date, 1)"
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cur.execute(statement)


def test_the_fold_writes_nothing_of_an_operators(database):
    """The fold's role may change no account, customer, package, device or router."""
    with closing(database.connect("tollkeeper_fold")) as connection, connection.cursor() as cur:
        for table in ("account", "customer", "package", "device", "nas", "installation", "change_log"):
            for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES", f"TRUNCATE {table}"):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cur.execute(statement)
