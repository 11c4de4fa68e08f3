"""Fixtures of the feed's tests: a database with a row of every kind, and feeds that reach it through a proxy."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extensions import cursor
from structlog.testing import capture_logs

from demo.cluster import Cluster
from tests.fix_database import Database, fresh_database
from tests.fix_proxy import Proxy
from tests.fix_waiting import Eventually
from tests.integration import rows_of_every_kind as rows
from tests.integration.feed.running import Running, Start, assert_no_feed_runs
from vault.sealed import Seal


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
    sql: cursor,
    database: Database,
    folder: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    logged: object,
    eventually: Eventually,
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
    eventually(assert_no_feed_runs)
