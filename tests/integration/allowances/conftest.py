"""A provider with a capped package, and a clock that is an argument."""

from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.command_line import Operator

GB = 10**9

_PROVIDER = """
INSERT INTO customer_group (name, usage_notice_percents) VALUES ('Homes', '{75,100}');
INSERT INTO package (name, cap_octets, topup_price_cents) VALUES ('Capped', 100e9, 5000), ('Free', NULL, 0);
INSERT INTO customer (code, group_id, first_name, billing_day) VALUES ('FRI001', 1, 'Frikkie', 1);
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'frikkie');
"""


class Books:
    """What accounts have, had and used; amounts in GB."""

    def __init__(self, connection):
        self._connection = connection

    def sql(self, statement, *arguments):
        """Run a statement as the owner; return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def settle(self, at, *accounts):
        """Settle accounts, or all that are due, at a moment of UTC; return (periods, reached, lifted, told)."""
        at = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return self.sql("SELECT * FROM settle_allowances(%s, %s)", at, list(accounts) or None)[0]

    def use(self, day, gigabytes, *, account=1, period="2026-11-01"):
        """Add usage as the fold does."""
        self.sql(
            "INSERT INTO usage_day VALUES (%s, %s, %s, 0, %s) ON CONFLICT (account_id, day, period_start)"
            " DO UPDATE SET octets_out = usage_day.octets_out + excluded.octets_out",
            *(account, day, period, round(gigabytes * GB)),
        )
        self.sql("INSERT INTO allowance_due (account_id, since) VALUES (%s, %s)", account, day)

    def buy(self, gigabytes, *, at="2026-11-02", expires=None, account=1):
        """Add a top-up as psql would; return its id."""
        return self.sql(
            "INSERT INTO topup (account_id, octets, price_cents, starts_at, expires_at) VALUES (%s, %s, 0, %s, %s)"
            " RETURNING id",
            *(account, gigabytes * GB, at, expires),
        )[0][0]

    def periods(self, account=1):
        """Return, by first day, what each period had, gave, counted, and had nothing left for."""
        rows = self.sql(
            "SELECT period_start::text, octets, used_octets, counted_octets, over_octets FROM allowance"
            " WHERE account_id = %s ORDER BY 1",
            account,
        )
        return {start: tuple(octets / GB for octets in amounts) for start, *amounts in rows}

    def used(self, topup_id):
        """Return what was used of a top-up."""
        return self.sql("SELECT used_octets FROM topup WHERE id = %s", topup_id)[0][0] / GB

    def is_capped(self, account=1):
        """Return whether an account has reached its cap."""
        return self.sql("SELECT cap_reached FROM account WHERE id = %s", account)[0][0]

    def notices(self, kind="usage"):
        """Return the percentages, or names, of what is to be told, and not of what is passed over."""
        return self.sql(
            "SELECT coalesce(details ->> 'percent', about) FROM notice WHERE kind = %s AND composed_at IS NULL"
            " ORDER BY id",
            kind,
        )


@pytest.fixture
def books(database):
    """Return the books of FRI001, whose account frikkie (1) has 100 GB a month from the 1st, UTC."""
    with closing(database.connect()) as connection:
        books = Books(connection)
        books.sql(_PROVIDER)
        yield books


@pytest.fixture
def operator(books, database):
    """Return an operator at that provider."""
    return Operator(database.environ)
