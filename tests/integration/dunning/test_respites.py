"""A respite for some hours, a promise to pay: not suspended until then, and again after it, if nothing was paid."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning import customer as customers
from provisioning import database as operations
from provisioning.dunning import suspension
from tests.integration.dunning.conftest import moment


@pytest.fixture
def debtor(provider):
    """Return a provider whose customer ANN, in Berlin, was suspended on 24 January at 7:00 UTC."""
    provider.customer("ANN", time_zone="Europe/Berlin")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.now = moment("2021-01-23T12:00")
    provider.until("2021-01-24T12:00")
    assert provider.suspended("ANN") == (True, True)
    return provider


def do(provider, act, **keywords):
    """Do something to ANN, at the provider's moment."""
    with operations.transaction(provider.database.dsn) as session:
        act(session, customers.find(session, "ANN"), at=provider.now, **keywords)


def test_a_respite_ends_at_its_second(debtor):
    """Let go for some time, the customer is suspended again at that very second, as long as it owes."""
    do(debtor, suspension.lift, until=moment("2021-01-26T13:14:15"))
    assert debtor.suspended("ANN") == (False, False)
    assert debtor.until("2021-01-26T13:14:14") == []

    debtor.until("2021-01-26T13:14:15")

    assert debtor.suspended("ANN") == (True, True)
    assert debtor.ask("SELECT suspended_at, unsuspended_until FROM customer") == [(moment("2021-01-26T13:14:15"), None)]


def test_a_respite_of_who_has_paid(debtor):
    """Who paid meanwhile goes on, and nothing is left of the respite."""
    do(debtor, suspension.lift, until=moment("2021-01-26T13:00"))
    debtor.pays("ANN", "INV-1", 10_000)

    assert debtor.until("2021-02-10") == []

    assert debtor.ask("SELECT suspended, unsuspended_until FROM customer") == [(False, None)]


def test_a_respite_before_the_day(provider):
    """A respite that was given before the day of suspension holds on it."""
    provider.says_nothing()
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.now = moment("2021-01-23T12:00")
    do(provider, suspension.lift, until=moment("2021-01-24T09:30"))

    assert provider.until("2021-01-26") == [("2021-01-24T09:30", {"suspended": 1})]


def test_a_kept_promise(debtor):
    """A promise lets the customer go at once; paid by the end of its day, where it lives, it was kept."""
    do(debtor, suspension.promise, pays_on=moment("2021-02-03").date())
    assert debtor.suspended("ANN") == (False, False)
    assert debtor.until("2021-02-03T22:59:59") == []
    debtor.pays("ANN", "INV-1", 10_000)

    assert debtor.until("2021-02-10") == [("2021-02-03T23:00", {"promises_kept": 1})]
    assert "promise_broken" not in debtor.kinds("ANN")


def test_a_broken_promise(debtor):
    """Not paid by the end of its day, it was broken: the customer is told, and suspended at the next dunning moment."""
    do(debtor, suspension.promise, pays_on=moment("2021-02-03").date())

    assert debtor.until("2021-02-10") == [
        ("2021-02-03T23:00", {"promises_broken": 1}),
        ("2021-02-04T07:00", {"suspended": 1}),
    ]
    broken = [(at, details) for kind, at, details in debtor.told("ANN") if kind == "promise_broken"]
    assert broken == [(moment("2021-02-03T23:00"), {"pays_on": "2021-02-03"})]
    assert debtor.ask("SELECT outcome, ended_at FROM promise") == [("broken", moment("2021-02-03T23:00"))]


def test_a_promise_that_is_withdrawn(debtor):
    """Withdrawn, it holds no longer: the next dunning moment suspends, and nobody is told of a broken promise."""
    do(debtor, suspension.promise, pays_on=moment("2021-02-03").date())
    do(debtor, suspension.withdraw)

    assert debtor.until("2021-02-10") == [("2021-01-25T07:00", {"suspended": 1})]
    assert "promise_broken" not in debtor.kinds("ANN")


def test_commands(debtor):
    """The same by command: a respite, a promise, one at a time, withdrawn."""
    operator = debtor.operator
    until = operator.json("suspension", "lift", "ann", "--for", "48h")["customer"]["unsuspended_until"]
    assert abs(datetime.fromisoformat(until) - datetime.now(UTC) - timedelta(hours=48)) < timedelta(minutes=5)
    assert debtor.suspended("ANN") == (False, False)

    promised = operator.json("suspension", "promise", "ANN", "--pays-on", "2199-01-01", "--comment", "by phone")
    assert (promised["promise"]["pays_on"], promised["promise"]["outcome"]) == ("2199-01-01", None)
    assert operator.refused("suspension", "promise", "ANN", "--pays-on", "2199-01-02") == (
        "the customer has promised already"
    )
    assert operator.json("suspension", "withdraw", "ANN")["promise"]["outcome"] == "withdrawn"
    assert operator.refused("suspension", "withdraw", "ANN") == "customer ANN has promised nothing"


def test_starting_by_hand(provider):
    """A customer is suspended for what is overdue, before its day; paying ends it; who owes nothing is not."""
    provider.customer("ANN")
    assert provider.operator.refused("suspension", "start", "ANN") == "customer ANN owes nothing that is overdue"
    provider.owes("ANN", "INV-1", "2020-12-01")

    provider.operator.do("suspension", "start", "ANN")
    assert provider.suspended("ANN") == (True, True)
    assert provider.operator.refused("suspension", "start", "ANN") == "customer ANN is suspended already"
    provider.operator.do("payment", "add", "ANN", "100")

    assert provider.suspended("ANN") == (False, False)


REFUSED = {
    "lift HAN --for 1h": "customer HAN was suspended by hand, not for debt",
    "promise HAN --pays-on 2199-01-01": "customer HAN was suspended by hand, not for debt",
    "lift ANN": "a respite has one end",
    "lift ANN --for 1h --until +1d": "a respite has one end",
    "lift ANN --for 0": "the time of the respite is over",
    "lift ANN --until 2020-01-01": "the time of the respite is over",
    "promise ANN --pays-on 2020-01-01": "2020-01-01 is over where customer ANN is",
    "start EXE": "customer EXE is exempt from suspension for debt",
    "set ANN": "nothing to set",
    "set ANN --suspension-days 366": "days are 0 to 365",
    "set ANN --overdue-days 9 --suspension-days 8": "overdue, second notice and suspension come in this order",
    "status NOB": "no customer is named 'NOB'",
    "approve": "no run waits to be decided",
    "discard 7": "no run has the id 7",
    "day remove 2027-12-25": "2027-12-25 is no no-cut day",
    "preview --at 25:00": "--at: '25:00' is not a time",
}


def test_what_is_refused(provider):
    """What cannot be is refused with its cause."""
    provider.customer("ANN")
    provider.customer("HAN", suspended=True)
    provider.customer("EXE", suspension_exempt=True)

    assert {line: provider.operator.refused("suspension", *line.split()) for line in REFUSED} == REFUSED
