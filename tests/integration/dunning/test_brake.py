"""The brake: a run that would suspend too many suspends nobody, until it is approved."""

import pytest

from tests.integration.dunning.conftest import moment


@pytest.fixture
def stopped(provider):
    """Return a provider with 20 customers, 3 of whom owe, whose run of 24 January was stopped: it may suspend 2."""
    provider.says_nothing()
    provider.ask("UPDATE installation SET brake_percent = 10, brake_customers = 0")
    for number in range(20):
        provider.customer(f"C{number:02}")
    for number in range(3):
        provider.owes(f"C{number:02}", f"INV-{number}", "2021-01-10")
    provider.now = moment("2021-01-23T12:00")
    assert provider.until("2021-01-24T12:00") == [("2021-01-24T08:00", {"held_back": 3})]
    return provider


def suspended(provider):
    """Return the codes of those who are suspended."""
    return [code for (code,) in provider.ask("SELECT code FROM customer WHERE suspended ORDER BY code")]


def test_nobody_is_suspended_or_told(stopped):
    """A stopped run changes no customer and tells nobody; it shows whom it would have suspended."""
    assert suspended(stopped) == []
    assert stopped.ask("SELECT FROM notice WHERE kind = 'suspended'") == []
    seen = stopped.operator.json("suspension", "status")
    assert (seen["stages"]["due"], seen["last_run"]) == (3, None)
    assert (seen["stopped_run"]["candidates"], seen["stopped_run"]["customers"]) == (3, 20)
    waiting = stopped.operator.json("suspension", "list")
    assert [(row["customer"], row["invoice"], row["owed_cents"]) for row in waiting] == [
        (f"C{number:02}", f"INV-{number}", 10_000) for number in range(3)
    ]


def test_approved(stopped):
    """Approved, those who still owe are suspended and told; who has paid meanwhile is not; the run is decided once."""
    stopped.pays("C01", "INV-1", 10_000)

    said = stopped.operator.do("suspension", "approve", "--yes")

    assert suspended(stopped) == ["C00", "C02"]
    assert stopped.kinds("C00") == ["suspended"]
    assert said == "run 1: 2 customers suspended\n"
    assert stopped.ask("SELECT state, suspended, decided_by FROM suspension_run") == [("approved", 2, "tollkeeper")]
    assert stopped.operator.refused("suspension", "approve") == "no run waits to be decided"
    assert stopped.operator.refused("suspension", "approve", "1") == "run 1 is approved"


def test_discarded(stopped):
    """Discarded, nobody is suspended; the next run looks again."""
    stopped.operator.do("suspension", "discard", "1")
    assert suspended(stopped) == []

    assert stopped.until("2021-01-26") == [("2021-01-25T08:00", {"held_back": 3})]

    assert stopped.ask("SELECT id, state FROM suspension_run ORDER BY id") == [(1, "discarded"), (2, "stopped")]


def test_a_later_run_takes_its_place(stopped):
    """Stopped again on the next day, the run that waits has what is found then, and is no other."""
    stopped.pays("C01", "INV-1", 10_000)
    for number in (7, 8):
        stopped.owes(f"C{number:02}", f"INV-{number}", "2021-01-11")

    stopped.until("2021-01-25T12:00")

    assert stopped.ask("SELECT id, state, ran_for, candidates FROM suspension_run") == [
        (1, "stopped", moment("2021-01-25T08:00"), 4)
    ]
    assert [row["customer"] for row in stopped.operator.json("suspension", "list")] == ["C00", "C02", "C07", "C08"]


def test_a_run_that_is_small_enough(stopped):
    """When fewer are left, or the brake is loosened, the next run suspends them, and nobody has to approve any more."""
    stopped.pays("C01", "INV-1", 10_000)

    assert stopped.until("2021-01-26") == [("2021-01-25T08:00", {"suspended": 2})]

    assert stopped.ask("SELECT state FROM suspension_run ORDER BY id") == [("discarded",), ("done",)]


def test_other_time_zones_wait_beside(stopped):
    """A run in another time zone neither takes those who wait along, nor forgets them."""
    stopped.ask("UPDATE customer SET time_zone = 'Europe/Berlin' WHERE code = 'C19'")
    stopped.owes("C19", "INV-19", "2021-01-11")

    assert stopped.until("2021-01-25T07:00") == [("2021-01-25T07:00", {"suspended": 1})]

    assert suspended(stopped) == ["C19"]
    assert len(stopped.operator.json("suspension", "list")) == 3


def test_few_never_need_approval(provider):
    """So few customers as the provider has said are suspended, however large a part of all they are."""
    provider.says_nothing()
    provider.ask("UPDATE installation SET brake_percent = 0, brake_customers = 1")
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.now = moment("2021-01-23T12:00")

    assert provider.until("2021-01-25") == [("2021-01-24T08:00", {"suspended": 1})]
