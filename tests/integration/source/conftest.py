"""Fixtures of the source's tests: a database with a row of every kind, and the hook's connection to it."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg2.extensions import cursor

from demo.cluster import Cluster
from radiusd.source import Source
from tests.fix_database import Database, fresh_database
from tests.integration import rows_of_every_kind as rows
from vault.sealed import Seal


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for all tests of this file, emptied before each."""
    with fresh_database(cluster) as made:
        yield made


@pytest.fixture
def sql(database: Database, seal: Seal) -> Iterator[cursor]:
    """A cursor of the owner's, in autocommit mode, on a database with a row of every kind."""
    with closing(database.connect()) as connection, connection.cursor() as cur:
        rows.empty(cur)
        rows.insert(cur, seal)
        yield cur


@pytest.fixture
def as_hook(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq's variables, as the hook finds them."""
    for name, value in {**database.environ, "PGUSER": "tollkeeper_hook"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def source(as_hook: None, seal: Seal) -> Iterator[Source]:
    """A connection of the hook's."""
    with closing(Source(seal)) as made:
        yield made
