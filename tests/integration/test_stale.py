"""Without the database the hook answers from what it has, until that is older than the operator allows."""

import time
from pathlib import Path

import pytest

from radiusd import snapshot
from radiusd.feed import Feed
from radiusd.source import Position
from radiusd.state import State
from tests.fix_waiting import Eventually
from vault.sealed import make_key, read_seal


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key and a snapshot that is 100 seconds old, and no database anywhere."""
    monkeypatch.setenv("PGHOST", str(tmp_path))
    make_key(tmp_path / "key")
    seal = read_seal(tmp_path / "key")
    snapshot.save(tmp_path / "snapshot", seal, State(), Position("some", "10:10:"), time.time() - 100)
    return tmp_path


def test_an_old_state_is_withdrawn(away: Path, eventually: Eventually) -> None:
    """First it is answered from, then it is too old: from then on nothing is answered."""
    published: list[State | None] = []
    feed = Feed(published.append, away / "key", away / "snapshot", stale_limit_seconds=104.0)
    feed.start()
    try:

        def withdrawn() -> None:
            assert [each is None for each in published] == [False, True]
            assert feed.source is None

        eventually(withdrawn)
    finally:
        feed.stop()


def test_a_state_that_is_too_old_from_the_start(away: Path, eventually: Eventually) -> None:
    """It is never answered from."""
    published: list[State | None] = []
    feed = Feed(published.append, away / "key", away / "snapshot", stale_limit_seconds=50.0)
    feed.start()

    def has_looked() -> None:
        assert feed.last_error is not None

    eventually(has_looked)
    time.sleep(0.5)
    feed.stop()
    assert published == []
