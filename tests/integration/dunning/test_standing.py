"""What is told of suspensions before they happen: how a customer stands, who will be suspended when and why."""

from datetime import date

import pytest

from provisioning import customer as customers
from provisioning import database as operations
from provisioning import reading
from provisioning.dunning import standing, suspension
from tests.integration.dunning.conftest import moment

NOW = moment("2021-01-20T12:00")


@pytest.fixture
def debtors(provider):
    """Return a provider on 20 January: of six who owe since the 10th four are not suspended on the 24th at 8:00."""
    provider.now = moment("2021-01-16T12:00")
    for code in ("ANN", "LIF", "PRO", "EXE", "HAN"):
        provider.customer(code)
    provider.customer("NED", time_zone="America/New_York")
    for code in ("ANN", "LIF", "PRO", "EXE", "HAN", "NED"):
        provider.owes(code, f"{code}-1", "2021-01-10")
    provider.until("2021-01-20T12:00")
    provider.ask("UPDATE customer SET suspended = true WHERE code = 'HAN'")
    provider.ask("UPDATE customer SET suspension_exempt = true WHERE code = 'EXE'")
    with operations.transaction(provider.database.dsn) as session:
        suspension.lift(session, customers.find(session, "LIF"), until=moment("2021-01-29T10:11:12"), at=NOW)
        suspension.promise(session, customers.find(session, "PRO"), pays_on=date(2021, 1, 31), at=NOW)
    return provider


def look(provider, ask, **keywords):
    """Return what is told at noon of 20 January."""
    with reading.look(provider.database.dsn) as opened:
        return ask(opened, now=NOW, **keywords)


def coming(provider, until, now=NOW):
    """Return who will have been suspended by a moment, and when."""
    with reading.look(provider.database.dsn) as opened:
        found = standing.preview(opened, now=now, until=moment(until))["candidates"]
    return [(row["customer"], row["suspends_at"]) for row in found]


def test_what_is_foretold_happens(debtors):
    """Everybody is suspended at the moment that was told, and nobody else; what was told before holds on the way."""
    told = coming(debtors, "2021-02-20T00:00")
    assert told == [
        ("ANN", moment("2021-01-24T08:00")),
        ("NED", moment("2021-01-24T13:00")),
        ("LIF", moment("2021-01-29T10:11:12")),
        ("PRO", moment("2021-02-01T08:00")),
    ]
    assert coming(debtors, "2021-01-24T12:59") == told[:1]

    debtors.until("2021-01-25T12:00")
    assert coming(debtors, "2021-02-20T00:00", debtors.now) == told[2:]
    debtors.until("2021-02-20T00:00")

    suspended = debtors.ask("SELECT code, suspended_at FROM customer WHERE suspended_for_debt ORDER BY suspended_at")
    assert suspended == told


def test_foretold_with_days_on_which_nobody_is_cut(debtors):
    """No-cut days, hours and a debt so small that it is ignored move the moment that is told, and the real one."""
    debtors.ask("UPDATE installation SET no_cut_weekdays = 96, cut_from_minute = 540, debt_ignored_cents = 10000")
    debtors.owes("ANN", "ANN-2", "2021-01-15", cents=1)
    debtors.owes("LIF", "LIF-2", "2021-01-11", cents=1)
    told = coming(debtors, "2021-02-20T00:00")
    assert told == [("ANN", moment("2021-01-29T09:00")), ("LIF", moment("2021-01-29T10:11:12"))]

    debtors.until("2021-02-20T00:00")

    assert debtors.ask("SELECT code, suspended_at FROM customer WHERE suspended_for_debt ORDER BY code") == told


def test_what_comes_late_is_for_the_next_moment(provider):
    """An invoice that is entered when its day is over is told to suspend at the next dunning moment, and does."""
    provider.now = NOW
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2020-12-02")
    assert coming(provider, "2021-01-21T08:00") == [("ANN", moment("2021-01-21T08:00"))]

    provider.until("2021-01-21T08:00")

    assert provider.suspended("ANN") == (True, True)


def test_stages(debtors):
    """Each stage has its customers; who is exempt, or suspended by hand, is in none."""
    found = look(debtors, standing.overview)

    stages = {"overdue": 0, "second_notice": 2, "due": 0, "promised": 1, "respite": 1, "suspended": 0}
    assert found["stages"] == stages


def test_of_one_customer(debtors):
    """A customer's stage, its invoices with their moments, its promise, and when it is suspended."""
    ann = look(debtors, standing.of_customer, code="ann")
    pro = look(debtors, standing.of_customer, code="PRO")

    assert (ann["stage"], ann["owed_cents"], ann["promise"]) == ("second_notice", 10_000, None)
    assert ann["suspends_at"] == moment("2021-01-24T08:00")
    assert ann["invoices"] == [
        {
            "number": "ANN-1",
            "due_on": date(2021, 1, 10),
            "open_cents": 10_000,
            "overdue_at": moment("2021-01-11T08:00"),
            "second_notice_at": moment("2021-01-17T08:00"),
            "suspension_at": moment("2021-01-24T08:00"),
        }
    ]
    assert (pro["stage"], pro["promise"]["pays_on"]) == ("promised", date(2021, 1, 31))
    assert look(debtors, standing.of_customer, code="EXE")["stage"] == "exempt"
    assert look(debtors, standing.of_customer, code="HAN")["stage"] == "by_hand"


def test_the_brake_is_foretold(debtors):
    """A moment at which more would be suspended than the brake lets is named."""
    debtors.ask("UPDATE installation SET brake_customers = 0, brake_percent = 0")

    found = look(debtors, standing.preview, until=moment("2021-01-24T12:00"))

    assert (found["customers"], found["most"], found["held_back_at"]) == (6, 0, [moment("2021-01-24T08:00")])


def test_commands(debtors):
    """The commands say so in words; a bare date is its end where the provider is."""
    debtors.ask("UPDATE invoice SET due_on = '2199-01-01' WHERE number = 'ANN-1'")
    listed = debtors.operator.do("suspension", "preview", "--at", "2199-01-15").splitlines()
    assert "ANN\tANN\tANN-1\t2199-01-01\t100.00\t2199-01-15T08:00:00+00:00" in listed
    assert debtors.operator.json("suspension", "preview", "--at", "2199-01-14")["candidates"][-1]["customer"] != "ANN"

    shown = debtors.operator.do("suspension", "status", "PRO")

    assert "promise\tpays by 2021-01-31\n" in shown
    assert "PRO-1\t2021-01-10\t100.00\t" in shown
    assert "respite\t0\n" in debtors.operator.do("suspension", "status")
