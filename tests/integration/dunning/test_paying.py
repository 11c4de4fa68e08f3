"""Paying ends a suspension for debt, in the payment's own transaction, however it is paid; a race has no loser."""

import threading
from contextlib import closing

import pytest
from sqlalchemy.orm import Session

from provisioning import database as operations
from provisioning.dunning import job
from tests.command_line import Operator
from tests.integration.dunning.conftest import moment
from tests.integration.operators.market import PASSWORD

SUSPENSION = moment("2021-01-24T08:00")


@pytest.fixture
def debtor(provider):
    """Return a provider whose customer ANN was suspended for INV-1 on 24 January."""
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.now = moment("2021-01-23T12:00")
    provider.until("2021-01-24T12:00")
    assert provider.suspended("ANN") == (True, True)
    return provider


@pytest.mark.parametrize(
    "line",
    [
        "payment add ANN 100",
        "credit-note add ANN CN-1 100",
        "invoice void INV-1",
    ],
)
def test_what_ends_a_suspension(debtor, line):
    """A payment, a credit note, a void invoice: the customer is let go, and told so."""
    debtor.operator.do(*line.split())

    assert debtor.suspended("ANN") == (False, False)
    assert debtor.ask("SELECT suspended_at, suspended_due_on FROM customer") == [(None, None)]
    assert debtor.kinds("ANN")[-1] == "unsuspended"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET due_on = '2021-02-10'",
        "UPDATE invoice SET voided_at = now()",
        "DELETE FROM invoice",
    ],
)
def test_psql_ends_it_too(debtor, statement):
    """Whatever makes the debt less, in SQL, ends it."""
    debtor.ask(statement)

    assert debtor.suspended("ANN") == (False, False)


def test_a_part_is_not_enough(debtor):
    """A payment that leaves more open than the provider ignores ends nothing; the rest does."""
    debtor.ask("UPDATE installation SET debt_ignored_cents = 100")
    debtor.pays("ANN", "INV-1", 9_899)
    assert debtor.suspended("ANN") == (True, True)

    debtor.pays("ANN", "INV-1", 1)

    assert debtor.suspended("ANN") == (False, False)


def test_what_has_come_due_since_has_to_be_paid_too(debtor):
    """While suspended, an invoice that reaches its day is added to what has to be paid; one that does not is not."""
    debtor.owes("ANN", "INV-2", "2021-02-01")
    debtor.owes("ANN", "INV-3", "2021-02-20")
    debtor.until("2021-02-16T12:00")

    debtor.pays("ANN", "INV-1", 10_000)
    assert debtor.suspended("ANN") == (True, True)
    debtor.pays("ANN", "INV-2", 10_000)

    assert debtor.suspended("ANN") == (False, False)


def test_money_taken_back(debtor):
    """A payment that the bank takes back leaves a debtor, who is suspended at the next dunning moment."""
    debtor.operator.do("payment", "add", "ANN", "100", "--receipt", "R1")
    debtor.operator.do("payment", "void", "R1")
    assert debtor.suspended("ANN") == (False, False)

    done = debtor.until("2021-01-26")

    assert done == [("2021-01-25T08:00", {"suspended": 1})]
    assert debtor.kinds("ANN").count("suspended") == 2


def test_finance_needs_no_more_than_money(debtor):
    """An operator who may enter payments, and change no customer, lets the payer go; the audit says who."""
    debtor.operator.do("operator", "add", "fiona", "--role", "finance", "--password-stdin", stdin=PASSWORD)
    fiona = Operator({**debtor.database.environ, "PGUSER": "fiona", "PGPASSWORD": PASSWORD})
    fiona.refused("customer", "unsuspend", "ANN")

    fiona.do("payment", "add", "ANN", "100")

    assert debtor.suspended("ANN") == (False, False)
    act = debtor.ask(
        "SELECT operator, act FROM audit_entry JOIN audit_change ON entry_id = audit_entry.id"
        " WHERE relation = 'customer' ORDER BY audit_change.id DESC LIMIT 1"
    )
    assert act == [("fiona", "payment add")]


def test_a_dry_run_of_a_payment_tells(debtor):
    """Trying a payment says that it would end the suspension, and does not."""
    tried = debtor.operator.json("payment", "add", "ANN", "100", "--dry-run")

    (customer,) = (change for change in tried["changes"] if change["relation"] == "customer")
    assert customer["after"]["suspended"] is False
    assert debtor.suspended("ANN") == (True, True)


def test_by_hand_takes_over(debtor):
    """Who was suspended for debt and then by hand stays suspended when it pays; ended by hand, it is over."""
    debtor.operator.do("customer", "suspend", "ANN")
    assert debtor.suspended("ANN") == (True, False)

    debtor.pays("ANN", "INV-1", 10_000)
    assert debtor.suspended("ANN") == (True, False)

    debtor.operator.do("customer", "unsuspend", "ANN")
    assert debtor.suspended("ANN") == (False, False)


def test_exempting_ends_it(debtor):
    """Who is exempt from now on is suspended no longer."""
    debtor.operator.do("suspension", "set", "ANN", "--exempt")

    assert debtor.suspended("ANN") == (False, False)


def pay(provider, cursor):
    """Pay ANN's invoice."""
    provider.pays("ANN", "ANN-1", 10_000, cursor=cursor)


def promise(_provider, cursor):
    """Note that ANN pays within a month."""
    cursor.execute(
        "INSERT INTO promise (customer_id, pays_on) SELECT id, '2021-02-10' FROM customer WHERE code = 'ANN'"
    )


@pytest.fixture(params=[pay, promise])
def rivals(request, provider):
    """Return a run and what saves ANN from it, each on a connection of its own; BEA owes too, and is not saved."""
    for code in ("ANN", "BEA"):
        provider.customer(code)
        provider.owes(code, f"{code}-1", "2021-01-10")
    with closing(provider.database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        yield Run(provider.database.dsn), lambda: request.param(provider, cursor), cursor
    assert provider.suspended("ANN") == (False, False)
    assert provider.suspended("BEA") == (True, True)


def test_who_is_saved_before_a_run(provider, eventually, rivals):
    """A run waits for a payment, or a promise, that has begun before it, and lets the customer be."""
    run, save, cursor = rivals
    save()
    run.start()
    eventually(lambda: waits(provider))
    cursor.execute("COMMIT")
    run.join()


def test_who_is_saved_after_a_run(provider, eventually, rivals):
    """A payment, or a promise, waits for a run that has begun before it, and ends what that did."""
    run, save, cursor = rivals
    run.may_commit.clear()
    run.start()
    assert run.has_run.wait(60)
    saving = threading.Thread(target=save)
    saving.start()
    eventually(lambda: waits(provider))
    run.may_commit.set()
    run.join()
    saving.join()
    cursor.execute("COMMIT")


class Run(threading.Thread):
    """The run of 24 January, on a connection of its own, committed when it may be."""

    def __init__(self, dsn):
        super().__init__()
        self.dsn = dsn
        self.has_run, self.may_commit = threading.Event(), threading.Event()
        self.may_commit.set()

    def run(self):
        """Do it."""
        with Session(operations.make_engine(self.dsn), autoflush=False) as session:
            job.run(session, SUSPENSION)
            self.has_run.set()
            self.may_commit.wait(60)
            session.commit()


def waits(provider):
    """Assert that somebody waits for somebody else's row."""
    assert provider.ask(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
