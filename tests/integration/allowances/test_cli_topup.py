"""tollkeeper topup, account prepaid and postpaid: data is bought, and counts at once."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning.allowances import job
from provisioning.database import transaction


@pytest.fixture
def capped(books):
    """Bring frikkie to its cap, today."""
    today, period = books.sql("SELECT local_day(now(), 'UTC'), billing_period_start(local_day(now(), 'UTC'), 1)")[0]
    books.use(today, 120, period=period)
    books.sql("SELECT settle_allowances(now())")
    assert books.is_capped()
    return books


def test_a_topup_lifts_the_cap_at_once(capped, operator):
    """With the command, in its transaction, the account is no longer at its cap."""
    added = operator.json("topup", "add", "frikkie", "10GB", "--comment", "voucher 17")

    assert added["cap_reached"] is False
    assert {key: added["topup"][key] for key in ("account", "octets", "left_octets", "price_cents", "state")} == {
        "account": "frikkie",
        "octets": 10 * 10**9,
        "left_octets": 10 * 10**9,
        "price_cents": 5000,
        "state": "valid",
    }
    assert not capped.is_capped()
    assert capped.sql("SELECT kind FROM notice WHERE kind = 'topup'") == [("topup",)]
    assert "topup add" in operator.do("audit", "list")


def test_topups_are_listed_and_cancelled(capped, operator):
    """What is left of a top-up can be taken away; then the cap is reached again, and it is no longer listed."""
    operator.do("topup", "add", "frikkie", "10GB", "--expires", "never", "--price", "0")
    (listed,) = operator.json("topup", "list", "--customer", "FRI001")
    assert (listed["left_octets"], listed["expires_at"]) == (10 * 10**9, None)

    assert "10.0 GB were left" in operator.do("topup", "cancel", str(listed["id"]))
    assert capped.is_capped()
    assert operator.json("topup", "list", "frikkie") == []
    assert operator.json("topup", "list", "frikkie", "--all")[0]["state"] == "cancelled"
    assert operator.refused("topup", "cancel", "1") == "nothing is left of top-up 1: it is cancelled"


def test_topups_expire_as_the_customer_has_it(books, operator):
    """With --topup-months 1 a top-up lasts until the end of the next period; --expires says otherwise."""
    operator.do("customer", "edit", "FRI001", "--topup-months", "1")
    first = operator.json("topup", "add", "frikkie", "1GB")["topup"]["expires_at"]
    expected = books.sql("SELECT day_begins(later_period_start(local_day(now(), 'UTC'), 1, 2), 'UTC')")[0][0]
    assert datetime.fromisoformat(first) == expected

    other = operator.json("topup", "add", "frikkie", "1GB", "--expires", "2199-01-01")["topup"]["expires_at"]
    assert other.startswith("2199-01-01T00:00:00")


def test_prepaid_has_validity(books, operator):
    """A prepaid account has no data of the month, and is refused from its end on; a top-up can extend it."""
    view = operator.json("account", "prepaid", "frikkie", "--until", "+1d")["account"]
    assert view["prepaid"] is True
    added = operator.json("topup", "add", "frikkie", "1GB", "--days", "30")
    extended = datetime.fromisoformat(added["account_expires_at"]) - datetime.fromisoformat(view["expires_at"])
    assert extended == timedelta(days=30)
    assert books.periods() == {min(books.periods()): (0, 0, 0, 0)}

    back = operator.json("account", "postpaid", "frikkie")["account"]
    assert (back["prepaid"], back["expires_at"]) == (False, None)


def test_what_cannot_be_bought_is_refused(books, operator):
    """An account without a cap, a cancelled one, one that would never use it, and validity of a postpaid one."""
    assert operator.refused("topup", "add", "frikkie", "1GB", "--expires", "2020-01-01").startswith("the top-up would")
    assert "is not prepaid" in operator.refused("topup", "add", "frikkie", "1GB", "--days", "3")
    books.sql("UPDATE account SET package_id = 2")
    assert "package Free has no data cap" in operator.refused("topup", "add", "frikkie", "1GB")
    operator.do("account", "cancel", "frikkie")
    assert operator.refused("topup", "add", "frikkie", "1GB") == "account frikkie is cancelled"
    books.sql("UPDATE customer_group SET requires_credit_limit = true; UPDATE account SET cancelled_at = NULL")
    books.sql("UPDATE account SET package_id = 1")
    assert "has no credit limit" in operator.refused("topup", "add", "frikkie", "1GB")
    assert books.sql("SELECT count(*) FROM topup") == [(0,)]


def test_the_job_is_due_when_something_waits_or_ends(books, database):
    """What was changed is due now, then the period's end; between them nothing."""
    at = datetime(2026, 11, 3, tzinfo=UTC)
    later = at + timedelta(minutes=1)
    with transaction(database.dsn) as session:
        assert job.due(session, at, later) == later
        assert job.run(session, at)["periods_opened"] == 1
        assert job.due(session, at, later) is None
        ends = datetime(2026, 12, 1, tzinfo=UTC)
        assert job.due(session, at, ends + timedelta(days=9)) == ends


def test_usage_says_what_is_left(capped, operator):
    """What is left of month and top-ups, and until when, stands below the usage and in its JSON."""
    operator.do("topup", "add", "frikkie", "10GB", "--expires", "never")
    (shown,) = operator.json("usage", "show", "FRI001")["accounts"]
    assert (shown["cap"]["charged_octets"], shown["cap"]["left_octets"]) == (100 * 10**9, 10 * 10**9)
    assert "frikkie: 10.0 GB left until" in operator.do("usage", "show", "FRI001")


def test_a_customers_page_has_its_topups(capped, operator):
    """What is left of all and of each top-up is in the profile."""
    operator.do("topup", "add", "frikkie", "10GB", "--expires", "never", "--comment", "voucher")
    profile = operator.json("customer", "show", "FRI001")
    assert profile["accounts"][0]["left_octets"] == 10 * 10**9
    assert [(row["account"], row["left_octets"], row["comment"]) for row in profile["topups"]] == [
        ("frikkie", 10 * 10**9, "voucher")
    ]


def test_a_topup_can_be_tried(capped, operator):
    """With --dry-run it says what would be added and that the cap would be lifted, and nothing is."""
    said = operator.do("topup", "add", "frikkie", "10GB", "--dry-run")
    assert "topup" in said
    assert "account frikkie: cap reached yes -> no" in said
    assert capped.is_capped()
    assert operator.json("topup", "list", "frikkie", "--all") == []
