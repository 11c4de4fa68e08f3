"""Overdue, second notice, suspension: each on its day, once, where the customer is."""

import pytest

from tests.integration.dunning.conftest import moment


def test_the_stages_of_an_invoice(provider):
    """Each stage comes so many days after the due day, at the provider's minute, once, and says when it gets worse."""
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")

    done = provider.until("2021-01-28")

    assert done == [
        ("2021-01-11T08:00", {"overdue": 1}),
        ("2021-01-17T08:00", {"second_notice": 1}),
        ("2021-01-24T08:00", {"suspended": 1}),
    ]
    owed = {"invoice": "INV-1", "due_on": "2021-01-10", "owed_cents": 10_000}
    assert provider.told("ANN") == [
        ("overdue", moment("2021-01-11T08:00"), owed | {"suspends_on": "2021-01-24"}),
        ("second_notice", moment("2021-01-17T08:00"), owed | {"suspends_on": "2021-01-24"}),
        ("suspended", moment("2021-01-24T08:00"), owed),
    ]
    assert provider.suspended("ANN") == (True, True)


def test_what_was_done_is_not_done_again(provider):
    """A moment that comes again finds nothing to do."""
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.until("2021-01-24T08:00")
    provider.now = moment("2021-01-01")

    assert provider.until("2021-01-24T08:00") == []


def test_moments_are_the_customers_own(provider):
    """Eight o'clock is where the customer is, in summer and winter; who has no time zone has the provider's."""
    provider.ask("UPDATE installation SET time_zone = 'Africa/Johannesburg'")
    provider.customer("ANN")
    provider.customer("BEA", time_zone="Europe/Berlin")
    provider.customer("NED", time_zone="America/New_York")
    provider.now = moment("2021-03-14T00:00")
    for code in ("ANN", "BEA", "NED"):
        provider.owes(code, f"{code}-1", "2021-03-15")

    done = provider.until("2021-03-30")

    overdue = [at[5:] for at, counts in done if counts == {"overdue": 1}]
    assert overdue == ["03-16T06:00", "03-16T07:00", "03-16T12:00"]
    suspended = {at[5:]: counts["suspended"] for at, counts in done if "suspended" in counts}
    assert suspended == {"03-29T06:00": 2, "03-29T12:00": 1}  # Berlin has summer time since the day before


def test_a_minute_that_is_left_out(provider):
    """On the day on which DST leaves the minute out, it counts as the first one after."""
    provider.ask("UPDATE installation SET time_zone = 'Europe/Berlin', dunning_minute = 150")
    provider.customer("ANN")
    provider.now = moment("2021-03-26T12:00")
    provider.owes("ANN", "INV-1", "2021-03-27")

    assert provider.until("2021-03-29") == [("2021-03-28T01:00", {"overdue": 1})]


def test_own_days_go_before_the_groups(provider):
    """A customer's own days hold in place of its group's; a stage without days never comes."""
    provider.operator.do("group", "add", "Shops", "--overdue-days", "3")
    provider.customer("ANN", suspension_days=20)
    provider.customer("SHO", group="Shops")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.owes("SHO", "INV-2", "2021-01-10")

    provider.until("2021-02-05")

    assert [at for kind, at, _ in provider.told("ANN") if kind == "suspended"] == [moment("2021-01-30T08:00")]
    assert provider.told("SHO") == [
        ("overdue", moment("2021-01-13T08:00"), {"invoice": "INV-2", "due_on": "2021-01-10", "owed_cents": 10_000})
    ]


def test_of_two_stages_the_later_is_told(provider):
    """An invoice that is entered late is told of once, at the stage that it has reached."""
    provider.until("2021-01-20T12:00")
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")

    assert provider.until("2021-01-22") == [("2021-01-21T08:00", {"second_notice": 1})]


@pytest.mark.parametrize(
    "columns",
    [
        {"suspension_exempt": True},
        {"deleted_at": "2020-01-01T00:00Z"},
    ],
    ids=["exempt", "deleted"],
)
def test_who_is_left_alone(provider, columns):
    """Exempt and deleted customers are neither told nor suspended."""
    provider.customer("ANN", **columns)
    provider.owes("ANN", "INV-1", "2021-01-10")

    assert provider.until("2021-01-28") == []


@pytest.mark.parametrize(
    "made_harmless",
    [
        "UPDATE invoice SET voided_at = now()",
        "UPDATE installation SET debt_ignored_cents = 10000",
        "UPDATE invoice SET kind = 'credit_note'",
    ],
)
def test_what_does_not_count(provider, made_harmless):
    """A void invoice, a credit note, a debt so small that the provider ignores it."""
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.ask(made_harmless)

    assert provider.until("2021-01-28") == []


def test_small_debts_add_up(provider):
    """What has reached a stage counts together: two small invoices are more than what is ignored."""
    provider.ask("UPDATE installation SET debt_ignored_cents = 10000")
    provider.customer("ANN")
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.owes("ANN", "INV-2", "2021-01-12", cents=1)

    done = provider.until("2021-01-28")

    assert [at for at, counts in done if "suspended" in counts] == ["2021-01-26T08:00"]
    assert provider.told("ANN")[-1][2] == {"invoice": "INV-1", "due_on": "2021-01-10", "owed_cents": 10_001}


def test_by_hand_stays_by_hand(provider):
    """Who was suspended by hand is told like others; no payment ends what was not for debt."""
    provider.customer("ANN", suspended=True)
    provider.owes("ANN", "INV-1", "2021-01-10")
    provider.until("2021-02-01")
    assert provider.suspended("ANN") == (True, False)

    provider.pays("ANN", "INV-1", 10_000)

    assert provider.suspended("ANN") == (True, False)
    assert provider.kinds("ANN") == ["overdue", "second_notice"]
