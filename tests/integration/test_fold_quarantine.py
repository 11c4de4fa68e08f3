"""What cannot be folded is kept aside with its reason, and keeps nobody waiting."""

import threading
from collections.abc import Iterator

import pytest

from tests.fix_database import Database
from tests.integration.folding import NOW, Node, body, with_subscribers

GOOD = [body("start", event_at=NOW, sid=f"good{number}") for number in range(30)]


@pytest.fixture
def node(database: Database) -> Iterator[Node]:
    """Return a node with the subscribers in its database; its books balance at the end."""
    with_subscribers(database)
    made = Node(database)
    yield made
    made.assert_balance()
    made.close()


@pytest.mark.parametrize(
    ("poison", "kept"),
    [
        (b"", ""),
        (b"[]", "[]"),
        (b"\xff\x00\xfe", "\\xff\\x00\\xfe"),
        (b'{"User-Name": ', '{"User-Name": '),
        (b"[" * 5_000, "[" * 5_000),
        ("{} é ☃".encode(), "{} é ☃"),
    ],
)
def test_what_is_no_record(node, poison, kept):
    """Octets that are no record at all are kept as they came, as far as text can hold them."""
    node.fold(*GOOD[:15], poison, *GOOD[15:])
    assert len(node.sessions()) == 30
    assert node.query("SELECT body FROM accounting_quarantine") == [(kept,)]
    assert node.fates() == {"applied": 30, "quarantined": 1}


def test_a_record_says_why(node):
    """The reason is one that a person can read."""
    node.fold(body("start", event_at=NOW, Acct_Status_Type="Failed"))
    ((reason, node_name),) = node.query("SELECT reason, node FROM accounting_quarantine")
    assert "Failed" in reason
    assert node_name == "node1"


def test_what_postgresql_refuses(node):
    """A record that PostgreSQL refuses is found among its batch, and set aside alone."""
    node.query("ALTER TABLE session ADD CONSTRAINT no_poison CHECK (acct_session_id !~ '^poison')")
    poison = [body("start", event_at=NOW, sid=f"poison{number}") for number in range(2)]
    node.fold(*GOOD[:7], poison[0], *GOOD[7:29], poison[1], GOOD[29])
    assert len(node.sessions()) == 30
    assert node.fates() == {"applied": 30, "quarantined": 2}
    reasons = node.query("SELECT reason FROM accounting_quarantine")
    assert all("no_poison" in reason for (reason,) in reasons)


def test_a_ledger_that_is_full(node):
    """Octets that a sum in the ledger cannot hold set aside the record that brings them, not the account's others."""
    node.fold(body("stop", event_at=NOW, sid="a", octets=(1, 1)))
    node.query("UPDATE usage_day SET octets_in = 9223372036854775807")
    node.fold(body("stop", event_at=NOW, sid="b", octets=(1, 1)), body("stop", event_at=NOW, sid="c", user_name="bart"))
    assert node.fates() == {"applied": 2, "quarantined": 1}
    assert [row[0] for row in node.history()] == ["a", "c"]
    node.query("UPDATE usage_day SET octets_in = 1")


def test_what_is_no_fault_of_a_record(node, eventually):
    """A table that cannot be written now quarantines nobody: the records wait."""
    node.query("REVOKE INSERT ON session FROM tollkeeper_fold")
    node.hear(*GOOD)
    fold = node.make_fold()
    running = threading.Thread(target=fold.run)
    running.start()

    def has_failed():
        assert "permission denied" in (fold.progress.last_error or "")

    eventually(has_failed)
    assert node.waiting() == 30
    node.query("GRANT INSERT ON session TO tollkeeper_fold")

    def has_recovered():
        assert node.waiting() == 0
        assert fold.progress.last_error is None

    eventually(has_recovered)
    fold.stopping.set()
    running.join()
    assert node.fates() == {"applied": 30}


def test_a_record_is_set_aside_once(node):
    """A record in quarantine is not there twice, though its batch is given again."""
    node.hear(b"poison")
    (spooled,) = node.spool.read(0, 10)
    node.fold()
    node.spool.append([(spooled.received_at, b"more")])
    node.fold()
    assert node.query("SELECT count(*) FROM accounting_quarantine WHERE spool_id = %s", spooled.id) == [(1,)]
