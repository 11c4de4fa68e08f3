"""An old server's database beside ours, with Debian's rlm_sql schema in it, and daloRADIUS's tables where wanted."""

from contextlib import closing

import pytest

from tests.command_line import Operator
from tests.old_radius import OldRadius


@pytest.fixture
def old(cluster):
    """Return the database of an old FreeRADIUS."""
    with OldRadius.fresh(cluster) as made:
        yield made


@pytest.fixture
def operator(database):
    """Return an operator at a provider with the group Homes."""
    made = Operator(database.environ)
    made.do("group", "add", "Homes")
    return made


@pytest.fixture
def migrate(operator, old):
    """Return a function that takes the old database over, and returns what is said."""

    def go(*options):
        return operator.json("import", "radius", old.dsn, "--group", "Homes", "--yes", "--apply", *options)

    return go


@pytest.fixture
def rows(database):
    """Return a function that asks our database."""

    def ask(query, *arguments):
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, arguments)
            return cursor.fetchall()

    return ask
