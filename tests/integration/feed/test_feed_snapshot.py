"""The feed and its snapshot file: a start without the database, and one with it."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extensions import cursor

from radiusd.source import Source
from tests.fix_proxy import Proxy
from tests.fix_waiting import Eventually
from tests.integration import rows_of_every_kind as rows
from tests.integration.feed.running import Running, Start, obeys, set_priority
from vault.sealed import Seal


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

    def is_logged() -> None:  # by the thread that saves
        assert [line["event"] for line in logged if line["log_level"] == "error"] == ["snapshot_not_saved"]

    eventually(is_logged)
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
