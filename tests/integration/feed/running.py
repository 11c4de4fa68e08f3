"""A feed that has been started, and what a test asks of it."""

import threading
from collections.abc import Callable
from pathlib import Path

from psycopg2.extensions import cursor

from radiusd.feed import Feed
from radiusd.state import State

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


def assert_no_feed_runs() -> None:
    """Every feed has ended."""
    assert [thread.name for thread in threading.enumerate() if thread.name == "feed"] == []


def set_priority(sql: cursor, priority: int) -> None:
    """Change one package."""
    sql.execute("UPDATE package SET priority = %s WHERE id = 1", (priority,))


def obeys(running: Running, priority: int) -> Callable[[], None]:
    """Return an assertion: that package has that priority."""

    def assertion() -> None:
        assert running.state.packages[1].priority == priority

    return assertion
