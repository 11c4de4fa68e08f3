"""The books, whatever is done in whatever order, by one operator or by several at once."""

import threading
from contextlib import closing
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning import customer, database, group, invoice, payment
from provisioning.errors import Conflict, OperatorError

DAY = date(2026, 1, 1)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "credit_note", "payment", "void invoice", "void payment"]),
        st.integers(0, 1),
        st.integers(1, 500),
    ),
    max_size=14,
)
BOOKS = """
    SELECT (SELECT coalesce(sum(balance_cents), 0) FROM customer_balance),
           (SELECT coalesce(sum(CASE kind WHEN 'invoice' THEN amount_cents ELSE -amount_cents END), 0)
            FROM invoice WHERE voided_at IS NULL)
           - (SELECT coalesce(sum(amount_cents), 0) FROM payment WHERE voided_at IS NULL),
           (SELECT count(*) FROM invoice WHERE allocated_cents <> coalesce((SELECT sum(amount_cents) FROM allocation
            WHERE invoice.id IN (invoice_id, credit_note_id)), 0)),
           (SELECT count(*) FROM payment WHERE allocated_cents <> coalesce((SELECT sum(amount_cents) FROM allocation
            WHERE payment_id = payment.id), 0)),
           (SELECT count(*) FROM customer WHERE
            EXISTS (SELECT FROM payment WHERE customer_id = customer.id AND voided_at IS NULL
                    AND allocated_cents < amount_cents)
            AND EXISTS (SELECT FROM invoice WHERE customer_id = customer.id AND voided_at IS NULL
                        AND kind = 'invoice' AND allocated_cents < amount_cents))
"""


@pytest.fixture
def customers(database):
    """Return the account codes of two customers."""
    with transaction(database) as session:
        homes = group.add(session, "Homes")
        return [customer.add(session, group_id=homes.id, first_name=name).code for name in ("Anna", "Ben")]


def transaction(of):
    """Return a transaction on a test's database."""
    return database.transaction(of.dsn)


def take(of, kind, code, cents, number):
    """Do one step, in a transaction of its own; what is refused changes nothing."""
    try:
        with transaction(of) as session:
            owner = customer.find(session, code)
            if kind in ("invoice", "credit_note"):
                invoice.add(session, owner, f"N{number}", amount_cents=cents, issued_on=DAY, kind=kind)
            elif kind == "payment":
                payment.add(session, owner, amount_cents=cents, received_on=DAY)
            elif kind == "void invoice":
                for row in invoice.listing(session, customer_id=owner.id)[:1]:
                    invoice.void(session, row)
            else:
                for row in payment.listing(session, customer_id=owner.id)[:1]:
                    payment.void(session, row)
    except Conflict:
        pass


def test_the_books_balance(database, customers):
    """Balances are invoices less credit notes less payments; allocations add up; no credit waits beside a debt."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(STEPS)
        def check(steps):
            cursor.execute("TRUNCATE allocation, payment, invoice, customer_balance RESTART IDENTITY CASCADE")
            for number, (kind, who, cents) in enumerate(steps):
                take(database, kind, customers[who], cents, number)
            cursor.execute(BOOKS)
            balance, expected, *wrong = cursor.fetchone()
            if any(kind == "void payment" for kind, _, _ in steps):
                wrong.pop()  # credit freed by a void payment waits for the next act
            assert balance == expected
            assert wrong == [0] * len(wrong)

        check()


def test_two_at_once_spend_nothing_twice(database, customers):
    """A payment of 100 allocated to two invoices by two operators at once pays 100 in all."""
    with transaction(database) as session:
        owner = customer.find(session, customers[0])
        receipt = payment.add(session, owner, amount_cents=100, received_on=DAY, pays={}).receipt
        for number in ("A", "B"):
            invoice.add(session, customer.find(session, customers[1]), number, amount_cents=100, issued_on=DAY)
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE invoice SET customer_id = (SELECT customer_id FROM payment)")
    started, outcomes = threading.Barrier(2), []

    def spend(number):
        try:
            with transaction(database) as session:
                row = payment.find(session, receipt)
                started.wait(timeout=30)
                payment.allocate(session, row, pays={number: 100})
            outcomes.append("done")
        except OperatorError as exc:
            outcomes.append(exc.message)

    spenders = [threading.Thread(target=spend, args=(number,)) for number in ("A", "B")]
    for spender in spenders:
        spender.start()
    for spender in spenders:
        spender.join()

    assert sorted(outcomes) == ["done", "more would be allocated than the payment has left"]
