"""What `suspension preview` tells of many customers, in all sorts of ways of owing, is what then happens."""

from datetime import date, timedelta
from random import Random

import pytest

from provisioning import reading
from provisioning.dunning import standing
from tests.integration.dunning.conftest import moment

START = moment("2021-03-10T12:00")  # before New York, then Berlin, have summer time
END = moment("2021-04-06T12:00")
ZONES = (None, "Europe/Berlin", "America/New_York", "Pacific/Auckland")


@pytest.fixture
def crowd(provider):
    """Return a provider with forty customers who owe, as chance has it."""
    chance = Random(7)
    provider.now = START
    provider.ask(
        "UPDATE installation SET time_zone = 'Africa/Johannesburg', dunning_minute = %s, no_cut_weekdays = %s,"
        " cut_from_minute = %s, cut_until_minute = %s, debt_ignored_cents = 500, brake_percent = 100",
        *(chance.choice([150, 480, 1200]), chance.choice([0, 96]), chance.choice([0, 150, 540]), 960),
    )
    provider.ask("INSERT INTO no_cut_day VALUES ('2021-03-22'), ('2021-04-02'), ('2021-04-05')")
    for number in range(40):
        _furnish(provider, chance, f"C{number:02}")
    return provider


def _furnish(provider, chance, code):
    columns = {"time_zone": chance.choice(ZONES), "suspension_days": chance.choice([None, None, 7, 30])}
    columns["suspension_exempt"] = chance.random() < 0.1
    if chance.random() < 0.3:
        columns["unsuspended_until"] = START + timedelta(minutes=chance.randrange(60 * 24 * 20))
    provider.customer(code, **columns)
    for number in range(chance.randrange(1, 4)):
        due_on = date(2021, 2, 1) + timedelta(chance.randrange(60))
        provider.owes(code, f"{code}-{number}", due_on, cents=chance.choice([200, 400, 10_000]))
    if chance.random() < 0.3:
        provider.ask(
            "INSERT INTO promise (customer_id, pays_on) SELECT id, %s FROM customer WHERE code = %s",
            *(date(2021, 3, 10) + timedelta(chance.randrange(25)), code),
        )


def coming(provider, now):
    """Return who will have been suspended by the end, and when."""
    with reading.look(provider.database.dsn) as look:
        found = standing.preview(look, now=now, until=END)["candidates"]
    return sorted((row["customer"], row["suspends_at"]) for row in found)


def test_it_happens(crowd):
    """Told at the beginning, and again on the way, it is who is suspended at last, and when, to the second."""
    told = coming(crowd, START)
    assert len(told) > 10

    crowd.until("2021-03-23T01:00")
    assert coming(crowd, crowd.now) == [one for one in told if one[1] > crowd.now]
    crowd.until(END.isoformat())

    assert crowd.ask("SELECT code, suspended_at FROM customer WHERE suspended ORDER BY code") == told
