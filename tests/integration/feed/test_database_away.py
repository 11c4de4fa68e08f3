"""The feed while its database is away, hangs or comes back."""

import statistics
import time

from psycopg2.extensions import cursor

from tests.fix_proxy import Proxy
from tests.fix_waiting import Eventually
from tests.integration import rows_of_every_kind as rows
from tests.integration.feed.running import Running, Start, assert_no_feed_runs, obeys, set_priority


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
    took = []
    for priority in (3, 4, 5, 6, 7):
        proxy.stop()
        proxy.start()
        set_priority(sql, priority)
        began = time.monotonic()
        eventually(obeys(running, priority))
        took.append(time.monotonic() - began)
        eventually(running.in_step)
    assert statistics.median(took) < 1.2


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
    eventually(obeys(running, 5))


def test_an_outage_is_logged_once(
    start: Start, proxy: Proxy, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """Not at every attempt."""
    running = start()
    eventually(running.in_step)
    proxy.stop()

    def failures() -> int:
        return sum(line["event"] == "feed_failed" for line in logged)

    def is_logged() -> None:
        assert failures() > 0

    eventually(is_logged)
    time.sleep(1.5)
    assert failures() <= 2  # the cut, and the refused connection


def test_a_feed_stops_promptly(start: Start, proxy: Proxy, eventually: Eventually) -> None:
    """In step, while it waits to try again, and before it has begun."""
    in_step, trying, beginning = start(), start(), start()
    took = [seconds_to_stop(beginning)]
    eventually(in_step.in_step)
    took.append(seconds_to_stop(in_step))
    proxy.stop()
    took.append(seconds_to_stop(trying))
    eventually(assert_no_feed_runs)
    assert statistics.median(took) < 2.0


def seconds_to_stop(running: Running) -> float:
    """Stop it; return how long that took."""
    began = time.monotonic()
    running.feed.stop()
    return time.monotonic() - began


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
