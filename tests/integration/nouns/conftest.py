"""An operator of the nouns' tests: at an empty database, and at one with one of each."""

import pytest

from tests.command_line import Operator


@pytest.fixture
def operator(database):
    """Return an operator at an empty database."""
    return Operator(database.environ)


@pytest.fixture
def provider(operator):
    """Return an operator at a database with a group, a package, a customer and an account."""
    operator.do("group", "add", "Homes")
    operator.do("package", "add", "Home 50", "--download", "50M", "--upload", "10M")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Frikkie", "--last-name", "Visser")
    operator.do("account", "add", "frikkie", "--customer", "FRI001", "--package", "Home 50", "--generate")
    return operator
