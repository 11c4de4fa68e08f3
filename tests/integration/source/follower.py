"""A state that is kept up to date by hand, and what it has to equal."""

from radiusd.source import Source
from radiusd.state import State
from tests.integration import rows_of_every_kind as rows


def assert_equal(state: State, source: Source) -> None:
    """A state that was kept up to date is the one that is read afresh."""
    assert rows.tables(state) == rows.tables(source.load()[0])


class Follower:
    """A state that is brought up to date."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.state, self.position = source.load()
        self.read = 0

    def catch_up(self) -> int:
        """Catch up without loading everything; return how many changes there were."""
        changes = self.source.catch_up(self.state, self.position)
        assert not changes.reload
        assert changes.lag_seconds >= 0
        self.position = changes.position
        self.read += changes.number
        return changes.number
