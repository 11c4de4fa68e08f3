"""A small town of customers, of whom each differs in something: for tests that only look."""

from contextlib import closing
from pathlib import Path

import pytest

from demo import schema
from tests.command_line import Operator
from tests.fix_database import fresh_database

_TOWN = Path(__file__).with_name("town.sql")


@pytest.fixture(scope="session")
def town_database(cluster):
    """Return a database with the town in it, of the whole test run: nothing may change it."""
    with fresh_database(cluster) as database:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_TOWN.read_text(encoding="utf-8"))
        yield database


@pytest.fixture
def town(town_database):
    """Return the provider's operator in that town: the schema's owner."""
    return Operator(town_database.environ)


@pytest.fixture
def sql(town_database):
    """Return a function that asks the town for one value."""
    with closing(town_database.connect(role=schema.OWNER)) as connection, connection.cursor() as cursor:

        def ask(query):
            cursor.execute(query)
            return cursor.fetchone()[0]

        yield ask
