"""A provider whose customers are online, for dry runs."""

from contextlib import closing

import pytest

from tests.command_line import Operator

_PROVIDER = """
INSERT INTO customer_group (name) VALUES ('Homes'), ('Shops');
INSERT INTO package (name, download_bps, upload_bps) VALUES ('Home 50', 50e6, 10e6), ('Home 100', 100e6, 20e6);
INSERT INTO nas (name, address, secret) VALUES ('edge1', '192.0.2.1', '');
INSERT INTO customer (code, group_id, first_name, parent_id)
VALUES ('FRI001', 1, 'Frikkie', NULL), ('ANN001', 1, 'Ann', NULL), ('SUB001', 2, 'Sub', 1);
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'frikkie'), (2, 2, 'ann'), (3, 1, 'sub');
"""


@pytest.fixture
def operator(accounting, database):
    """Return an operator at a provider: frikkie (Home 50) and ann (Home 100) of Homes online, sub below frikkie too."""
    accounting.sql(_PROVIDER)
    for name in ("frikkie", "ann", "sub"):
        accounting.opened(user_name=name, acct_session_id=name, calling_station_id=f"of {name}")
    return Operator(database.environ)


@pytest.fixture
def written(database):
    """Return a function that tells all that a dry run must not write."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:

        def count():
            cursor.execute(
                "SELECT (SELECT count(*) FROM change_log), (SELECT count(*) FROM audit_entry),"
                " (SELECT count(*) FROM audit_change), (SELECT position FROM audit_head),"
                " (SELECT sum(last_number) FROM customer_code_sequence), (SELECT sum(version) FROM customer_group)"
            )
            return cursor.fetchone()

        yield count
