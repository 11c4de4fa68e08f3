"""The feed thread: the hook's state follows a real database, through everything that happens to databases."""

import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extensions import cursor
from structlog.testing import capture_logs

from demo.cluster import Cluster
from radiusd.feed import Feed
from radiusd.source import Source
from radiusd.state import State
from tests.fix_database import Database, fresh_database
from tests.fix_proxy import Proxy
from tests.fix_waiting import Eventually
from tests.integration import rows_of_every_kind as rows
from vault.sealed import Seal, make_key

Start = Callable[..., "Running"]


class Running:
    """A started feed and the states that it has published."""

    def __init__(self, folder: Path, stale_limit_seconds: float) -> None:
        self.published: list[State | None] = []
        self.feed = Feed(
            self.published.append, folder / "key", folder / "snapshot", stale_limit_seconds=stale_limit_seconds
        )
        self.feed.start()

    @property
    def state(self) -> State:
        """The state that requests are answered from."""
        state = self.published[-1] if self.published else None
        assert state is not None, self.feed.last_error
        return state

    def in_step(self) -> None:
        """Assert that it follows the database."""
        assert self.feed.connected, self.feed.last_error
        assert self.state.counts()["accounts"] == 3


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for all tests of this file, emptied before each."""
    with fresh_database(cluster) as made:
        yield made


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path:
    """Where the hook keeps key and snapshot."""
    shutil.copy(database.key_file, tmp_path / "key")
    return tmp_path


@pytest.fixture
def sql(database: Database, seal: Seal) -> Iterator[cursor]:
    """A cursor of the owner's on a database with a row of every kind."""
    with closing(database.connect()) as connection, connection.cursor() as cur:
        rows.empty(cur)
        rows.insert(cur, seal)
        yield cur


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    """What is logged, by event."""
    with capture_logs() as lines:
        yield lines  # type: ignore[misc]


@pytest.fixture
def start(
    sql: cursor, database: Database, folder: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, logged: object
) -> Iterator[Start]:
    """Start a feed that reaches the database through the proxy; stopped at the end."""
    for name, value in {**database.environ, "PGUSER": "tollkeeper_hook", "PGHOST": str(proxy.folder)}.items():
        monkeypatch.setenv(name, value)
    started: list[Running] = []

    def start_one(stale_limit_seconds: float = 3600.0) -> Running:
        started.append(Running(folder, stale_limit_seconds))
        return started[-1]

    yield start_one
    proxy.stop()  # ends their wait for a notification
    for running in started:
        running.feed.stop()
    assert [thread.name for thread in threading.enumerate() if thread.name == "feed"] == []


def set_priority(sql: cursor, priority: int) -> None:
    """Change one package."""
    sql.execute("UPDATE package SET priority = %s WHERE id = 1", (priority,))


def obeys(running: Running, priority: int) -> Callable[[], None]:
    """Return an assertion: that package has that priority."""

    def assertion() -> None:
        assert running.state.packages[1].priority == priority

    return assertion


# ------------------------------------------------------------------------------------------------ following


def test_a_start_reads_everything(start: Start, eventually: Eventually) -> None:
    """And says where from."""
    running = start()
    eventually(running.in_step)
    assert rows.tables(running.state) == rows.tables(rows.expected())
    assert (running.feed.source, running.feed.last_error) == ("database", None)


def test_a_change_is_obeyed_at_once(start: Start, sql: cursor, eventually: Eventually) -> None:
    """A notification wakes the feed: it does not wait for its second to be over."""
    running = start()
    eventually(running.in_step)
    took = []
    for priority in (1, 2, 3, 4, 5, 6, 7, 8, 1):
        set_priority(sql, priority)
        began = time.monotonic()
        eventually(obeys(running, priority))
        took.append(time.monotonic() - began)
    assert statistics.median(took) < 0.25  # without it, half a second
    assert running.feed.lag_seconds is not None
    assert 0 <= running.feed.lag_seconds < 1


def test_a_change_whose_notification_was_lost_is_obeyed_within_a_second(
    start: Start, sql: cursor, eventually: Eventually
) -> None:
    """The feed looks by itself."""
    running = start()
    eventually(running.in_step)
    sql.execute(
        "BEGIN; ALTER TABLE package DISABLE TRIGGER USER; UPDATE package SET priority = 5 WHERE id = 1;"
        "ALTER TABLE package ENABLE TRIGGER USER;"
        "INSERT INTO change_log (relation, key) VALUES ('package', '1'); COMMIT"
    )
    eventually(obeys(running, 5), within_seconds=2.0)  # a second, and a busy machine's delays


def test_a_storm_of_changes_is_followed_to_its_end(start: Start, sql: cursor, eventually: Eventually) -> None:
    """Many transactions a second; the state that is published stays the same object."""
    running = start()
    eventually(running.in_step)
    for number in range(300):
        set_priority(sql, 1 + number % 8)
    set_priority(sql, 7)
    eventually(obeys(running, 7))
    assert len(running.published) == 1


def test_a_truncated_table_is_a_new_state(start: Start, sql: cursor, eventually: Eventually) -> None:
    """Everything is loaded beside the old state and takes its place whole."""
    running = start()
    eventually(running.in_step)
    sql.execute("TRUNCATE device")

    def loaded_again() -> None:
        assert len(running.published) == 2
        assert running.published[0].devices != {}  # type: ignore[union-attr]
        assert running.state.devices == {}

    eventually(loaded_again)
    set_priority(sql, 5)
    eventually(obeys(running, 5))


def test_the_age_is_that_of_the_last_look(start: Start, eventually: Eventually) -> None:
    """In step, with nothing changing, it stays young."""
    running = start()
    eventually(running.in_step)
    first = running.feed.in_step_at
    assert first is not None

    def looked_again() -> None:
        assert running.feed.in_step_at is not None
        assert running.feed.in_step_at > first

    eventually(looked_again, within_seconds=3.0)


# ---------------------------------------------------------------------------------------- the database away


def test_without_the_database_the_state_stays(start: Start, sql: cursor, proxy: Proxy, eventually: Eventually) -> None:
    """It ages, and says so; when the database is back, what changed meanwhile is caught up, not loaded again."""
    running = start()
    eventually(running.in_step)
    proxy.stop()

    def noticed() -> None:
        assert not running.feed.connected
        assert running.feed.last_error

    eventually(noticed)
    in_step_at = running.feed.in_step_at
    set_priority(sql, 5)
    time.sleep(1.2)
    assert running.feed.in_step_at == in_step_at
    assert rows.tables(running.state) == rows.tables(rows.expected())
    proxy.start()
    eventually(obeys(running, 5))
    eventually(running.in_step)
    assert running.feed.last_error is None
    assert len(running.published) == 1


def test_a_cut_connection_is_made_anew_at_once(start: Start, sql: cursor, proxy: Proxy, eventually: Eventually) -> None:
    """A failover or a restarted pooler costs a fraction of a second, time and again."""
    running = start()
    eventually(running.in_step)
    for priority in (3, 4, 5):
        proxy.stop()
        proxy.start()
        set_priority(sql, priority)
        eventually(obeys(running, priority), within_seconds=1.2)
        eventually(running.in_step)


def test_a_database_that_hangs_is_left(start: Start, sql: cursor, proxy: Proxy, eventually: Eventually) -> None:
    """One that takes connections and says nothing keeps the feed for some seconds, not for ever."""
    running = start()
    eventually(running.in_step)
    proxy.deaf()
    set_priority(sql, 5)

    def noticed() -> None:
        assert running.feed.last_error

    eventually(noticed)
    assert running.state.packages[1].priority is None
    proxy.start()
    eventually(obeys(running, 5), within_seconds=8.0)


def test_an_outage_is_logged_once(
    start: Start, proxy: Proxy, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """Not at every attempt."""
    running = start()
    eventually(running.in_step)
    proxy.stop()
    time.sleep(1.5)
    failures = [line for line in logged if line["event"] == "feed_failed"]
    assert 1 <= len(failures) <= 2  # the cut, and the refused connection


def test_a_feed_stops_promptly(start: Start, proxy: Proxy, eventually: Eventually) -> None:
    """In step, while it waits to try again, and before it has begun."""
    in_step, trying, beginning = start(), start(), start()
    began = time.monotonic()
    beginning.feed.stop()
    eventually(in_step.in_step)
    in_step.feed.stop()
    proxy.stop()
    trying.feed.stop()
    assert time.monotonic() - began < 6.0


def test_a_state_that_is_too_old_is_withdrawn(
    start: Start, sql: cursor, proxy: Proxy, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """Once, when it is older than the operator allows; back with the database, with what changed meanwhile."""
    running = start(stale_limit_seconds=0.5)
    eventually(running.in_step)
    time.sleep(0.7)
    assert None not in running.published  # as long as the database answers, it is young
    proxy.stop()

    def withdrawn() -> None:
        assert running.published[-1] is None
        assert running.feed.source is None

    eventually(withdrawn)
    assert [line["event"] for line in logged].count("state_too_old") == 1
    set_priority(sql, 5)
    proxy.start()
    eventually(obeys(running, 5))
    assert running.published.count(None) == 1


# ------------------------------------------------------------------------------------------------ refusals


def test_another_schema_version_is_not_served(
    start: Start, sql: cursor, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """It says which, publishes nothing, and serves as soon as the version is right."""
    sql.execute("UPDATE installation SET schema_version = 99")
    running = start()

    def refused() -> None:
        assert running.feed.last_error == "database has schema version 99, this program needs 2"

    eventually(refused)
    assert running.published == []
    assert any(line["event"] == "feed_failed" and line["error"] == running.feed.last_error for line in logged)
    sql.execute("UPDATE installation SET schema_version = 2")
    eventually(running.in_step)


def test_an_upgrade_under_a_running_feed_leaves_its_state(start: Start, sql: cursor, eventually: Eventually) -> None:
    """It answers on from what it knows, and says what is wrong."""
    running = start()
    eventually(running.in_step)
    sql.execute("UPDATE installation SET schema_version = 99")

    def refused() -> None:
        assert not running.feed.connected
        assert "schema version 99" in (running.feed.last_error or "")

    eventually(refused)
    assert len(running.published) == 1


def test_another_key_opens_nothing(start: Start, folder: Path, eventually: Eventually) -> None:
    """It says so and publishes nothing."""
    (folder / "key").unlink()
    make_key(folder / "key")
    running = start()

    def refused() -> None:
        assert running.feed.last_error == "a sealed value does not open with this key"

    eventually(refused)
    assert running.published == []


def test_a_missing_key_is_waited_for(start: Start, folder: Path, eventually: Eventually) -> None:
    """It says which file it wants, and stops promptly when told."""
    (folder / "key").unlink()
    running = start()

    def refused() -> None:
        assert f"key file {folder / 'key'} cannot be read" in (running.feed.last_error or "")

    eventually(refused)
    assert running.published == []


def test_no_secret_is_in_what_it_logs(
    start: Start, sql: cursor, proxy: Proxy, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """Whatever happens."""
    running = start()
    eventually(running.in_step)
    proxy.stop()
    sql.execute("UPDATE installation SET schema_version = 99")
    proxy.start()

    def refused() -> None:
        assert "schema version 99" in (running.feed.last_error or "")

    eventually(refused)
    assert not any(clear in repr(logged) for clear in rows.CLEAR_TEXTS)


# ------------------------------------------------------------------------------------------------- snapshot


@pytest.fixture
def saved(start: Start, proxy: Proxy, eventually: Eventually) -> Running:
    """A feed that has saved a snapshot and stopped."""
    running = start()

    def is_saved() -> None:
        assert running.feed.snapshot_saved_at is not None

    eventually(is_saved)
    proxy.stop()  # ends its wait for a notification
    running.feed.stop()
    proxy.start()
    return running


def serves(running: Running, source: str) -> Callable[[], None]:
    """Return an assertion: it answers, from what was read there."""

    def assertion() -> None:
        assert running.published
        assert running.feed.source == source

    return assertion


def test_a_start_without_the_database_is_from_the_snapshot(
    saved: Running, start: Start, sql: cursor, proxy: Proxy, eventually: Eventually
) -> None:
    """Everything is in it, its age is told; the database back, what changed since is caught up in the same state."""
    proxy.stop()
    running = start()
    eventually(serves(running, "snapshot"))
    assert rows.tables(running.state) == rows.tables(rows.expected())
    assert running.feed.in_step_at is not None
    assert saved.feed.in_step_at is not None
    assert running.feed.in_step_at <= saved.feed.in_step_at
    set_priority(sql, 5)
    proxy.start()
    eventually(serves(running, "database"))
    eventually(obeys(running, 5))
    assert len({id(state) for state in running.published}) == 1


def test_a_snapshot_that_is_too_old_is_not_served(
    saved: Running, start: Start, proxy: Proxy, eventually: Eventually
) -> None:
    """Without the database there is nothing then; with it, the snapshot is good enough to go on from."""
    proxy.stop()
    running = start(stale_limit_seconds=0.0)

    def failed() -> None:
        assert running.feed.last_error

    eventually(failed)
    time.sleep(0.3)
    assert running.published == []
    proxy.start()
    eventually(running.in_step)


def test_a_start_with_the_database_reads_only_what_changed_since(
    saved: Running, start: Start, sql: cursor, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """And publishes nothing older."""
    loads = [line for line in logged if line["event"] == "state_loaded"]
    set_priority(sql, 5)
    running = start()
    eventually(running.in_step)
    assert running.published == [running.state]
    assert running.state.packages[1].priority == 5
    assert running.feed.source == "database"
    assert [line for line in logged if line["event"] == "state_loaded"] == loads


def test_a_snapshot_of_another_database_is_not_continued(
    saved: Running, start: Start, sql: cursor, eventually: Eventually
) -> None:
    """Everything is read from the one that is there."""
    sql.execute("UPDATE installation SET id = gen_random_uuid(); UPDATE package SET priority = 5")
    sql.execute("DELETE FROM change_log")
    running = start()
    eventually(running.in_step)
    assert running.published == [running.state]
    assert running.state.packages[1].priority == 5


@pytest.mark.parametrize("damage", [b"", b"tollkeeper snapshot 1\n", b"tollkeeper snapshot 1\n\xff\xff\xff\xff1"])
def test_a_damaged_snapshot_is_left(
    saved: Running,
    start: Start,
    folder: Path,
    eventually: Eventually,
    logged: list[dict[str, object]],
    damage: bytes,
) -> None:
    """It is said, and everything is read from the database."""
    (folder / "snapshot").write_bytes(damage)
    running = start()
    eventually(running.in_step)
    assert [line["log_level"] for line in logged if line["event"] == "snapshot_unreadable"] == ["warning"]


def test_without_database_and_snapshot_nothing_is_published(start: Start, proxy: Proxy, eventually: Eventually) -> None:
    """The hook stays silent until one of them is there."""
    proxy.stop()
    running = start()

    def failed() -> None:
        assert running.feed.last_error

    eventually(failed)
    assert (running.published, running.feed.in_step_at, running.feed.source) == ([], None, None)
    proxy.start()
    eventually(running.in_step)


def test_a_snapshot_that_cannot_be_saved_stops_nothing(
    start: Start, sql: cursor, folder: Path, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """It is logged; changes are followed."""
    (folder / "snapshot.new").mkdir()
    running = start()
    eventually(running.in_step)
    set_priority(sql, 5)
    eventually(obeys(running, 5))
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["snapshot_not_saved"]
    assert running.feed.snapshot_saved_at is None
    assert not (folder / "snapshot").exists()


def test_the_state_that_was_followed_is_the_one_that_would_be_loaded(
    start: Start, sql: cursor, seal: Seal, eventually: Eventually
) -> None:
    """After all kinds of changes, from the thread that lives in the server."""
    running = start()
    eventually(running.in_step)
    sql.execute("UPDATE account SET user_name = 'renamed' WHERE id = 1; DELETE FROM time_band WHERE position = 1")
    sql.execute("DELETE FROM account_nas; UPDATE nas SET address = '192.0.2.9' WHERE id = 2; TRUNCATE package_change")

    def equal() -> None:
        with closing(Source(seal)) as source:
            assert rows.tables(running.state) == rows.tables(source.load()[0])

    eventually(equal)
