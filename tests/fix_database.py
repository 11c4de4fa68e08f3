"""A fresh database a test: a clone of the template, a tenth of a second each."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from demo import schema
from demo.cluster import Cluster, make_folder
from demo.settings import Settings
from tests.fix_cluster import TEMPLATE
from vault import sealed

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A fresh database, and a TOLLKEEPER_HOME with a key of its own."""

    name: str
    cluster: Cluster
    settings: Settings

    @property
    def dsn(self) -> str:
        """As the owner."""
        return self.cluster.dsn(role=schema.OWNER, database=self.name)

    @property
    def hook_dsn(self) -> str:
        """As the hook: reads only."""
        return self.cluster.dsn(role=schema.HOOK, database=self.name)

    @property
    def superuser_dsn(self) -> str:
        """As the superuser, for tests that do what nobody should."""
        return self.cluster.dsn(role="postgres", database=self.name)

    @property
    def home(self) -> Path:
        """TOLLKEEPER_HOME."""
        return self.settings.home

    @property
    def key_file(self) -> Path:
        """The key of this database's secrets."""
        return self.settings.key_file

    @property
    def environ(self) -> dict[str, str]:
        """What a subprocess finds the database, the key and the home by; add os.environ or a PATH to it."""
        return {**self.settings.environ(), **self.cluster.environ(role=schema.OWNER, database=self.name)}

    def connect(self, role: str = schema.OWNER) -> Connection:
        """Connect in autocommit mode."""
        return self.cluster.connect(role=role, database=self.name)


@contextmanager
def fresh_database(cluster: Cluster) -> Iterator[Database]:
    """Give a fresh database, and drop it at the end."""
    number = next(_NUMBERS)
    settings = replace(cluster.settings, home=cluster.settings.home.parent / f"h{number}")
    made = Database(f"t{number}", cluster, settings)
    for folder in (settings.home, settings.run, settings.log):
        make_folder(folder, mode=0o755)
    sealed.make_key(settings.key_file)
    _as_superuser(cluster, f"CREATE DATABASE {made.name} TEMPLATE {TEMPLATE} OWNER {schema.OWNER}")
    yield made
    if not cluster.running:  # the test took it away
        cluster.start()
    _drop(made)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """Return a fresh database; see tests/conftest.py."""
    with fresh_database(cluster) as made:
        yield made


@pytest.fixture
def seal(database: Database) -> sealed.Seal:
    """Return what seals and opens this database's secrets."""
    return sealed.read_seal(database.key_file)


def _drop(made: Database) -> None:
    """Drop a database, and the logins of its operators, which are the cluster's."""
    with closing(made.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_shdescription WHERE description LIKE 'operator of Tollkeeper%'")
        logins = _logins(made) if cursor.rowcount else []
        cursor.execute(f"DROP DATABASE {made.name} WITH (FORCE)")
        for name in logins:
            cursor.execute(f'DROP ROLE "{name}"')


def _logins(made: Database) -> list[str]:
    with closing(made.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('operator') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return []
        cursor.execute("SELECT name FROM operator WHERE is_our_login(name)")
        return [name for (name,) in cursor.fetchall()]


def _as_superuser(cluster: Cluster, statement: str) -> None:
    with closing(cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
