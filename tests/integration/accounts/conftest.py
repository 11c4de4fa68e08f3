"""A provider with two packages, two customers and an account each, and routers."""

from contextlib import closing

import pytest

from tests.command_line import Operator

_PROVIDER = """
INSERT INTO customer_group (name) VALUES ('Homes'), ('Shops');
INSERT INTO package (name, price_cents, topup_price_cents, download_bps, upload_bps)
VALUES ('Home 50', 49900, 5000, 50e6, 10e6), ('Home 100', 79900, 5000, 100e6, 20e6), ('Free', 0, 0, 1e6, 1e6);
INSERT INTO nas (name, address, secret) VALUES ('edge1', '192.0.2.1', ''), ('edge2', '192.0.2.2', '');
INSERT INTO customer (code, group_id, first_name, time_zone)
VALUES ('FRI001', 1, 'Frikkie', 'Africa/Johannesburg'), ('ANN001', 1, 'Ann', NULL);
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'frikkie'), (2, 1, 'ann');
"""


@pytest.fixture
def operator(accounting, database):
    """Return an operator at a provider: FRI001 with frikkie, ANN001 with ann, both of Homes on Home 50 at 499.00."""
    accounting.sql(_PROVIDER)
    return Operator(database.environ)


@pytest.fixture
def login(operator, accounting, database):
    """Return a function that makes an operator of the reseller North with a role; ann is North's customer."""
    accounting.sql("INSERT INTO reseller (name) VALUES ('North'); UPDATE customer SET reseller_id = 1 WHERE id = 2")
    made = []

    def log_in(name, role):
        accounting.sql("INSERT INTO operator (name, role, reseller_id) VALUES (%s, %s, 1)", name, role)
        with closing(database.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x' IN ROLE tollkeeper_operator")
        made.append(name)
        return Operator({**database.environ, "PGUSER": name, "PGPASSWORD": "x"})

    yield log_in
    with closing(database.connect("postgres")) as connection, connection.cursor() as cursor:
        for name in made:
            cursor.execute(f"DROP ROLE {name}")
