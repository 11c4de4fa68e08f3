"""Days and hours at which nobody is cut: who would be is so at the first moment after at which somebody may be."""

from tests.integration.dunning.conftest import moment

SATURDAY_AND_SUNDAY = 32 + 64


def debtor(provider, code="ANN", **columns):
    """Give the provider a customer whose day of suspension is Sunday, 24 January 2021."""
    provider.says_nothing()
    provider.customer(code, **columns)
    provider.owes(code, f"{code}-1", "2021-01-10")
    provider.now = moment("2021-01-23T12:00")


def test_a_weekend(provider):
    """On a Sunday nobody is cut: on Monday, as soon as it begins where the customer is."""
    provider.ask("UPDATE installation SET no_cut_weekdays = %s", SATURDAY_AND_SUNDAY)
    debtor(provider)
    debtor(provider, "NED", time_zone="America/New_York")

    assert provider.until("2021-01-28") == [
        ("2021-01-25T00:00", {"suspended": 1}),
        ("2021-01-25T05:00", {"suspended": 1}),
    ]


def test_a_holiday_after_a_weekend(provider):
    """A no-cut day on Monday moves it to Tuesday, when the hours of cutting begin; the notice has said so."""
    provider.ask("UPDATE installation SET no_cut_weekdays = %s, cut_from_minute = 570", SATURDAY_AND_SUNDAY)
    provider.operator.do("suspension", "day", "add", "2021-01-25", "--name", "a holiday")
    assert provider.operator.json("suspension", "day", "list") == [{"day": "2021-01-25", "name": "a holiday"}]
    debtor(provider)
    provider.ask("UPDATE customer_group SET second_notice_days = 7")
    provider.now = moment("2021-01-16T12:00")

    done = provider.until("2021-01-28")

    assert done == [("2021-01-17T08:00", {"second_notice": 1}), ("2021-01-26T09:30", {"suspended": 1})]
    assert provider.told("ANN")[0][2]["suspends_on"] == "2021-01-26"


def test_hours(provider):
    """Dunned at 20:00, cut from 9:00 to 16:00: on the next morning."""
    provider.ask("UPDATE installation SET dunning_minute = 1200, cut_from_minute = 540, cut_until_minute = 960")
    debtor(provider)

    assert provider.until("2021-01-28") == [("2021-01-25T09:00", {"suspended": 1})]


def test_hours_that_have_begun(provider):
    """Within the hours the dunning moment itself is the moment."""
    provider.ask("UPDATE installation SET cut_from_minute = 420, cut_until_minute = 481")
    debtor(provider)

    assert provider.until("2021-01-28") == [("2021-01-24T08:00", {"suspended": 1})]


def test_a_respite_that_ends_at_night(provider):
    """A respite that ends outside the hours goes on until they begin."""
    provider.ask("UPDATE installation SET cut_from_minute = 420, cut_until_minute = 960")
    debtor(provider, unsuspended_until=moment("2021-01-25T22:00"))

    assert provider.until("2021-01-28") == [("2021-01-26T07:00", {"suspended": 1})]


def test_paid_while_spared(provider):
    """Who pays while it is spared is not cut after it."""
    provider.ask("UPDATE installation SET no_cut_weekdays = %s", SATURDAY_AND_SUNDAY)
    debtor(provider)
    provider.until("2021-01-24T20:00")
    provider.pays("ANN", "ANN-1", 10_000)

    assert provider.until("2021-01-28") == []


def test_never(provider):
    """Where every day of a year is a no-cut day nobody is suspended, and asking for the moment ends."""
    provider.ask(
        "INSERT INTO no_cut_day SELECT day FROM generate_series('2021-01-01', '2022-12-31', '1 d'::interval) day"
    )
    debtor(provider)

    assert provider.until("2021-01-28") == []
