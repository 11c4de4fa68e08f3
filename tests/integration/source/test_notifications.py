"""Being woken by a change."""

from psycopg2.extensions import cursor

from radiusd.source import Source
from tests.integration.source.follower import Follower


def test_a_notification_wakes(sql: cursor, source: Source) -> None:
    """A change ends the wait at once; without one it lasts as long as it should."""
    source.listen()
    assert not source.wait(0.05)
    sql.execute("UPDATE account SET blocked = true")
    assert source.wait(5.0)
    assert not source.wait(0.0)


def test_a_change_that_touches_no_row_wakes_nobody(sql: cursor, source: Source) -> None:
    """A statement without effect is no change."""
    source.listen()
    follower = Follower(source)
    sql.execute("UPDATE account SET blocked = true WHERE false")
    assert not source.wait(0.1)
    assert follower.catch_up() == 0
