"""A provider with customers who owe, a clock that jumps from moment to moment, and what has become of whom."""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from provisioning import database as operations
from provisioning.dunning import job
from tests.command_line import Operator

STAGES = ("--overdue-days", "1", "--second-notice-days", "7", "--suspension-days", "14")


def moment(text):
    """Return a moment; of UTC, unless it says otherwise."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Provider:
    """Knows customers by their codes; its clock stands where the job `suspension` was last done."""

    def __init__(self, database, cursor):
        self.database = database
        self.operator = Operator(database.environ)
        self.cursor = cursor
        self.now = moment("2021-01-01T00:00")

    def ask(self, statement, *arguments):
        """Return the rows of a statement, as the owner."""
        self.cursor.execute(statement, arguments)
        return self.cursor.fetchall() if self.cursor.description else []

    def customer(self, code, *, group="Homes", **columns):
        """Add a customer."""
        columns |= {"code": code, "first_name": code}
        self.ask(
            f"INSERT INTO customer (group_id, {', '.join(columns)})"
            f" SELECT id, {', '.join(['%s'] * len(columns))} FROM customer_group WHERE name = %s",
            *columns.values(),
            group,
        )

    def says_nothing(self):
        """Tell customers nothing but that they are suspended."""
        self.ask("UPDATE customer_group SET overdue_days = NULL, second_notice_days = NULL")

    def owes(self, code, number, due_on, cents=10_000):
        """Add an invoice that is due on a day."""
        self.ask(
            "INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)"
            " SELECT id, %s, %s, %s, %s FROM customer WHERE code = %s",
            *(number, date(2020, 12, 1), due_on, cents, code),
        )

    def pays(self, code, number, cents, *, cursor=None):
        """Add a payment, by psql, that pays so much of an invoice."""
        (cursor or self.cursor).execute(
            "WITH paid AS (INSERT INTO payment (customer_id, receipt, received_on, amount_cents)"
            " SELECT id, %(number)s || ' ' || random(), current_date, %(cents)s FROM customer WHERE code = %(code)s"
            " RETURNING id, customer_id)"
            "INSERT INTO allocation (customer_id, invoice_id, payment_id, amount_cents)"
            " SELECT paid.customer_id, invoice.id, paid.id, %(cents)s FROM paid, invoice WHERE number = %(number)s",
            {"code": code, "number": number, "cents": cents},
        )

    def until(self, text):
        """Let time pass; return at which moments something was done, and what."""
        end, done = moment(text), []
        engine = operations.make_engine(self.database.dsn)
        with engine.connect() as connection, Session(connection, autoflush=False) as session:
            while (at := job.due(session, self.now, end)) is not None:
                counts = {name: number for name, number in job.run(session, at).items() if number}
                session.commit()
                session.expunge_all()
                self.now = at
                if counts:
                    done.append((at.astimezone(UTC).isoformat()[:16], counts))
        self.now = end
        return done

    def suspended(self, code):
        """Return whether a customer is suspended, and whether for debt."""
        return self.ask("SELECT suspended, suspended_for_debt FROM customer WHERE code = %s", code)[0]

    def told(self, code):
        """Return what a customer was told, in that order."""
        return self.ask(
            "SELECT notice.kind, noticed_at, details FROM notice JOIN customer ON customer.id = customer_id"
            " WHERE code = %s ORDER BY notice.id",
            code,
        )

    def kinds(self, code):
        """Return the kinds of what a customer was told."""
        return [kind for kind, _, _ in self.told(code)]


@pytest.fixture
def provider(database):
    """Return a provider whose group Homes tells after 1 day, again after 7, and suspends after 14."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        made = Provider(database, cursor)
        made.operator.do("group", "add", "Homes", *STAGES)
        yield made
