"""The fold as a process: what it says of itself, and PostgreSQL that goes away, hangs and comes back."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from radiusd.accounting.fold import BATCH_RECORDS, Fold, Misconfigured, settings_from
from radiusd.accounting.ledger import Ledger
from radiusd.accounting.progress import Reporter
from tests.fix_database import Database
from tests.fix_proxy import Proxy
from tests.integration.folding import Node, body, with_subscribers


@pytest.fixture
def node(database: Database) -> Iterator[Node]:
    """Return a node with the subscribers in its database; its books balance at the end."""
    with_subscribers(database)
    made = Node(database)
    yield made
    made.assert_balance()
    made.close()


@contextmanager
def running(fold: Fold) -> Iterator[None]:
    """Let a fold run in a thread."""
    thread = threading.Thread(target=fold.run)
    thread.start()
    try:
        yield
    finally:
        fold.stopping.set()
        thread.join()


def starts(first: int, number: int) -> list[bytes]:
    """Return Starts of as many sessions."""
    return [body("start", event_at=int(time.time()), sid=f"s{first + index}") for index in range(number)]


def test_settings(tmp_path):
    """The environment says where the spool is and what the node is called."""
    settings = settings_from({"TOLLKEEPER_HOME": str(tmp_path), "TOLLKEEPER_NODE": "north"})
    assert settings == ("north", tmp_path / "spool" / "spool.db", tmp_path / "run" / "fold.json", BATCH_RECORDS)


def test_without_a_home():
    """Without TOLLKEEPER_HOME the fold does not start."""
    with pytest.raises(Misconfigured, match="TOLLKEEPER_HOME"):
        settings_from({})


@pytest.mark.parametrize("outage", ["stop", "deaf"])
def test_postgresql_goes_and_comes_back(node: Node, proxy: Proxy, eventually, outage):
    """Records wait while PostgreSQL is away or hangs, are folded when it is back, and the fold says which it is."""
    dsn = node.dsn.replace(str(node.database.cluster.settings.run), str(proxy.folder))
    fold = Fold(node.settings, lambda: Ledger(node.name, dsn))

    def says(connected: bool, waiting: int) -> None:
        assert fold.progress.connected is connected
        assert node.waiting() == waiting

    def has_failed(fold: Fold) -> None:
        assert fold.progress.last_error

    def recovered(fold: Fold) -> None:
        assert fold.progress.last_error is None

    with running(fold):
        node.hear(*starts(0, 10))
        eventually(lambda: says(True, 0))
        proxy.stop()
        node.hear(*starts(10, 10))
        eventually(lambda: says(False, 10))
        getattr(proxy, outage)()
        time.sleep(0.3)
        eventually(lambda: has_failed(fold))
        proxy.start()
        eventually(lambda: says(True, 0))
        eventually(lambda: recovered(fold))
    assert len(node.sessions()) == 20


def test_what_it_says_of_itself(node: Node, eventually):
    """The file has position, rate, lag and the last error, whole at every moment."""
    fold = node.make_fold()
    reporter = Reporter(fold.progress, node.settings.progress, node.path)
    node.hear(*starts(0, 10), b"poison", at=time.time() - 100)
    reporter.start()

    def report() -> dict[str, object]:
        assert node.settings.progress.exists()
        return json.loads(node.settings.progress.read_text())

    def has(**expected: object) -> None:
        said = report()
        assert {name: said[name] for name in expected} == expected

    try:
        eventually(lambda: has(connected=False, waiting=11, records=0, position=None))
        lag_seconds = report()["lag_seconds"]
        assert isinstance(lag_seconds, float)
        assert lag_seconds >= 100
        with running(fold):
            eventually(lambda: has(connected=True, waiting=0, lag_seconds=0.0, records=11, quarantined=1))
        assert report()["position"] == node.spool.depth().last_id
    finally:
        reporter.stop()
    assert node.settings.progress.stat().st_mode & 0o777 == 0o644


def test_a_failure_makes_batches_smaller(node: Node, eventually):
    """After a failure the next batches are small, so one that is too much for PostgreSQL comes through in parts."""
    node.query(
        "CREATE FUNCTION too_much() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT count(*) FROM new_rows) > 400 THEN"
        " RAISE EXCEPTION 'too much at once' USING ERRCODE = 'query_canceled'; END IF; RETURN NULL; END $$"
    )
    node.query(
        "CREATE TRIGGER too_much AFTER INSERT ON session REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION too_much()"
    )
    node.hear(*starts(0, 1_200))

    def is_folded() -> None:
        assert node.waiting() == 0

    with running(node.make_fold()):
        eventually(is_folded)
    assert len(node.sessions()) == 1_200


def test_the_month_ends_under_load(node: Node):
    """Sessions go on over the end of a month, and of a billing period; what they use is divided, and counted once."""
    today = datetime.now(UTC)
    month = int(datetime(today.year, today.month, 1, tzinfo=UTC).timestamp())
    first = month - 3600
    for step in range(0, 7200, 600):
        node.hear(
            *(
                body(
                    "start" if step == 0 else "interim",
                    event_at=first + step,
                    user_name="bart",
                    sid=f"s{number}",
                    octets=(step, step * 2),
                    Acct_Session_Time=step,
                )
                for number in range(100)
            ),
            at=first + step,
        )
    node.fold()
    assert len(node.sessions()) == 100
    rows = node.query("SELECT day, octets_in::bigint, octets_out::bigint FROM usage_day ORDER BY day")
    assert [row[1:] for row in rows] == [(360_000, 720_000), (300_000, 600_000)]
