"""The feed thread: the hook's state follows a real database."""

import statistics
import time

from psycopg2.extensions import cursor

from tests.fix_waiting import Eventually
from tests.integration import rows_of_every_kind as rows
from tests.integration.feed.running import Start, obeys, set_priority


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
    took, lags = [], []

    def has_told_its_lag() -> None:  # a moment after the change is obeyed
        assert running.feed.lag_seconds is not None

    for priority in (1, 2, 3, 4, 5, 6, 7, 8, 1):
        set_priority(sql, priority)
        began = time.monotonic()
        eventually(obeys(running, priority))
        took.append(time.monotonic() - began)
        eventually(has_told_its_lag)
        lags.append(running.feed.lag_seconds)
    assert statistics.median(took) < 0.25  # without it, half a second
    assert 0 <= min(lags) <= statistics.median(lags) < 1


def test_a_change_whose_notification_was_lost_is_obeyed_within_a_second(
    start: Start, sql: cursor, eventually: Eventually
) -> None:
    """The feed looks by itself. The best of three counts: a machine can be busy."""
    running = start()
    eventually(running.in_step)
    took = []
    for priority in (5, 6, 7):
        sql.execute(
            f"BEGIN; ALTER TABLE package DISABLE TRIGGER USER; UPDATE package SET priority = {priority} WHERE id = 1;"
            "ALTER TABLE package ENABLE TRIGGER USER;"
            "INSERT INTO change_log (relation, key) VALUES ('package', '1'); COMMIT"
        )
        began = time.monotonic()
        eventually(obeys(running, priority))
        took.append(time.monotonic() - began)
    assert min(took) < 1.2


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

    eventually(looked_again)
