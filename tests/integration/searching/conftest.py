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


@pytest.fixture(scope="session")
def logins(town_database):
    """Return operators of the town by name: karoo is a reseller's, desk may see customers and nothing else."""
    with closing(town_database.connect(role="postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO operator_role VALUES ('desk', ''); INSERT INTO operator_role_permission VALUES"
            " ('desk', 'customer', 'view'), ('desk', 'group', 'view');"
            "INSERT INTO operator (name, role, reseller_id) VALUES ('town_desk', 'desk', NULL),"
            " ('town_karoo', 'reseller', (SELECT id FROM reseller WHERE name = 'Karoo Net'));"
            "CREATE ROLE town_desk LOGIN PASSWORD 'x' IN ROLE tollkeeper_operator;"
            "CREATE ROLE town_karoo LOGIN PASSWORD 'x' IN ROLE tollkeeper_operator"
        )
    yield {
        name: Operator({**town_database.environ, "PGUSER": f"town_{name}", "PGPASSWORD": "x"})
        for name in ("desk", "karoo")
    }
    # a connection of its own: other tests kill the server meanwhile
    with closing(town_database.connect(role="postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("DROP ROLE town_desk, town_karoo")
