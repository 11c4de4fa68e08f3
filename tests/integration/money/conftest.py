"""A provider with two customers who may owe."""

import pytest

from tests.command_line import Operator


@pytest.fixture
def operator(database):
    """Return an operator at a database with two customers."""
    operator = Operator(database.environ)
    operator.do("group", "add", "Homes")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Frikkie", "--last-name", "Visser")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Anna", "--last-name", "Botha")
    return operator
