"""An operator of the tests of the customer record: at a provider with a group, a package, a customer, an account."""

import pytest

from tests.command_line import Operator


@pytest.fixture
def operator(database):
    """Return an operator at a database with a group, a package, the customer FRI001 and its account frikkie."""
    operator = Operator(database.environ)
    operator.do("group", "add", "Homes")
    operator.do("package", "add", "Home 50", "--download", "50M", "--upload", "10M")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Frikkie", "--last-name", "Visser")
    operator.do("account", "add", "frikkie", "--customer", "FRI001", "--package", "Home 50", "--no-password")
    return operator
