"""usage show and total: what was used, by whom and when, as tables, as bars, and as figures."""

import os
import re
import subprocess
from datetime import UTC, datetime

import pytest

from provisioning import usage
from tests.terminal import TOLLKEEPER, on_terminal

NOVEMBER = ("--since", "2026-11-01", "--until", "2026-11-30")


def rows(data):
    """Return start, upload and download of each row."""
    return [(row["start"], row["octets_in"], row["octets_out"]) for row in data["rows"]]


@pytest.fixture
def used(accounting, operator):
    """Return an operator at a provider where frikkie, office and ann have used something."""
    accounting.used("frikkie", "2026-10-31", 1, 10)
    accounting.used("frikkie", "2026-11-02", 20, 200)
    accounting.used("frikkie", "2026-11-04", 30, 300)
    accounting.used("office", "2026-11-04", 4, 40)
    accounting.used("ann", "2026-11-03", 5_000, 50_000)
    return operator


def test_a_customer_is_the_sum_of_its_accounts(used):
    """A customer's rows are the sums of its accounts', which follow each by itself; days without usage are there."""
    shown = used.json("usage", "show", "FRI001", "--since", "2026-11-01", "--until", "2026-11-05")
    days = [f"2026-11-0{day}" for day in (2, 3, 4, 5)]
    assert rows(shown) == list(zip(days, (20, 0, 34, 0), (200, 0, 340, 0), strict=True))
    assert (shown["octets_in"], shown["octets_out"], shown["octets"]) == (54, 540, 594)
    assert [(one["user_name"], one["octets"]) for one in shown["accounts"]] == [("frikkie", 550), ("office", 44)]
    assert rows(shown["accounts"][1]) == list(zip(days, (0, 0, 4, 0), (0, 0, 40, 0), strict=True))


def test_an_account_alone(used):
    """A user name shows that account alone."""
    shown = used.json("usage", "show", "office", *NOVEMBER)
    assert (shown["account"], shown["customer"], shown["octets"]) == ("office", "FRI001", 44)


def test_a_name_that_both_have_is_the_customers(used, accounting):
    """Where a user is named as a customer is, --account means the user."""
    accounting.sql("UPDATE account SET user_name = 'FRI001' WHERE user_name = 'office'")
    assert used.json("usage", "show", "FRI001", *NOVEMBER)["octets"] == 594
    assert used.json("usage", "show", "FRI001", "--account", *NOVEMBER)["octets"] == 44


def test_months_years_and_periods(used, accounting):
    """Days are summed by calendar month, by year and by the billing period that the ledger gives them."""
    accounting.used("frikkie", "2027-02-27", 3, 3, "2027-01-31")
    accounting.used("frikkie", "2027-02-28", 5, 5, "2027-02-28")
    line = ("usage", "show", "frikkie", "--since", "2026-10-01", "--until", "2027-02-28", "--by")
    months = [("2026-10-01", 1), ("2026-11-01", 50), ("2026-12-01", 0), ("2027-01-01", 0), ("2027-02-01", 8)]
    assert [(row[0], row[1]) for row in rows(used.json(*line, "month"))] == months
    assert [(row[0], row[1]) for row in rows(used.json(*line, "year"))] == [("2026-01-01", 51), ("2027-01-01", 8)]
    periods = [("2026-10-01", 1), ("2026-11-01", 50), ("2027-01-31", 3), ("2027-02-28", 5)]
    assert [(row[0], row[1]) for row in rows(used.json(*line, "period"))] == periods


def test_without_dates_the_table_ends_today(used, accounting):
    """Today is the customer's, in its time zone; the table begins a month, twelve months or ten years before."""
    zone = "Pacific/Kiritimati"  # 14 hours ahead
    accounting.sql("UPDATE customer SET time_zone = %s", zone)
    today = accounting.sql("SELECT (now() AT TIME ZONE %s)::date", zone)
    for by in ("day", "month", "year", "period"):
        shown = used.json("usage", "show", "frikkie", "--by", by)
        assert shown["until"] == today.isoformat()
        assert shown["since"] == usage.first_day(today, by, 1).isoformat()


def test_nothing_used(used):
    """A customer that has used nothing is shown so, and one without accounts too."""
    shown = used.json("usage", "show", "ann", "--until", "2026-01-01")
    assert (shown["rows"], shown["octets"]) == ([], 0)
    used.do("customer", "add", "--group", "Homes", "--first-name", "Zoe")
    assert used.json("usage", "show", "ZOE001", "--plot")["accounts"] == []
    assert "0" in used.do("usage", "show", "ZOE001", "--plot")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["show", "NOB001"], "no customer or account is named 'NOB001'"),
        (["show", "ANN001", "--account"], "no account is named 'ANN001'"),
        (["show", "ann", "--since", "2026-02-30"], "--since: '2026-02-30' is not a day"),
        (["show", "ann", "--since", "now"], "--since: 'now' is not a day"),
        (["show", "ann", "--since", "2026-02-02", "--until", "2026-02-01"], "--until is before --since"),
        (["show", "ann", "--since", "1970-02-02", "--until", "2199-02-01"], "--since and --until are more than 54"),
        (["total", "--period", "next"], "--period: 'next' is not a day"),
        (["total", "--after", "NOB001"], "no customer is named 'NOB001'"),
    ],
)
def test_bad_input(used, arguments, cause):
    """What does not exist or cannot be read is one line and a hint."""
    assert used.refused("usage", *arguments).startswith(cause)


def test_a_pipe_gets_exact_figures(used):
    """In a pipe the sums come first, then each account, in octets."""
    lines = used.do("usage", "show", "FRI001", "--since", "2026-11-04", "--until", "2026-11-04").splitlines()
    assert lines == [
        "start\toctets in\toctets out\toctets",
        "2026-11-04\t34\t340\t374",
        "",
        "user name\tstart\toctets in\toctets out\toctets",
        "frikkie\t2026-11-04\t30\t300\t330",
        "office\t2026-11-04\t4\t40\t44",
    ]


def test_bars_in_a_pipe(used, monkeypatch):
    """In a pipe the bars are plain text of 80 columns, or of COLUMNS."""
    monkeypatch.delenv("COLUMNS", raising=False)
    line = ("usage", "show", "frikkie", "--since", "2026-11-01", "--until", "2026-11-05", "--plot")
    told = used.do(*line)
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= 80
    assert "2026-11-02 ↑ │" in told
    environ = {"PATH": os.environ["PATH"], **used.runner.env, "COLUMNS": "120"}
    wide = subprocess.run([TOLLKEEPER, *line], env=environ, capture_output=True, check=True, text=True).stdout
    assert 80 < max(map(len, wide.splitlines())) <= 120


def test_bars_on_a_terminal(used):
    """On a terminal upload and download have a colour each, which NO_COLOR takes away, and the arrows stay."""
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "100", **used.runner.env}
    status, coloured = on_terminal("usage", "show", "FRI001", *NOVEMBER, "--plot", environ=environ)
    assert status == 0
    assert {"\x1b[36m", "\x1b[35m"} <= set(re.findall(r"\x1b\[\d+m", coloured))
    _, plain = on_terminal("usage", "show", "FRI001", *NOVEMBER, "--plot", environ={**environ, "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[3\dm", plain)
    assert "↑ upload  ↓ download" in plain


def test_totals_are_sorted_and_paged(used, accounting):
    """All customers by what they used in their period, the greatest first, those without any last, page by page."""
    accounting.sql("INSERT INTO customer (code, group_id, first_name) VALUES ('ZOE001', 1, 'Zoe'), ('AAA001', 1, 'Al')")
    accounting.sql("UPDATE customer SET deleted_at = now() WHERE code = 'AAA001'")
    whole = used.json("usage", "total", "--period", "2026-11-30")
    assert [(row["code"], row["name"], row["octets"]) for row in whole["customers"]] == [
        ("ANN001", "Ann", 55_000),
        ("FRI001", "Frikkie Visser", 594),
        ("ZOE001", "Zoe", 0),
    ]
    assert whole["total"] == {"customers": 2, "octets_in": 5_054, "octets_out": 50_540, "octets": 55_594}
    page = used.json("usage", "total", "--period", "2026-11-01", "--limit", "1", "--after", "ann001")
    assert [row["code"] for row in page["customers"]] == ["FRI001"]
    assert page["total"] == whole["total"]
    assert used.json("usage", "total", "--period", "2026-11-01", "--after", "ZOE001")["customers"] == []


def test_a_total_is_of_each_customers_own_period(used, accounting):
    """Customers with other billing days are compared by the period of theirs that contains the day."""
    accounting.sql("UPDATE customer SET billing_day = 31 WHERE code = 'FRI001'")
    accounting.used("frikkie", "2026-11-29", 7, 0, "2026-10-31")
    accounting.used("frikkie", "2026-11-30", 9, 0, "2026-11-30")
    found = {}
    for day in ("2026-11-29", "2026-11-30"):
        customers = used.json("usage", "total", "--period", day)["customers"]
        found[day] = {row["code"]: (row["period_start"], row["octets"]) for row in customers}
    assert found["2026-11-29"] == {"ANN001": ("2026-11-01", 55_000), "FRI001": ("2026-10-31", 7)}
    assert found["2026-11-30"] == {"ANN001": ("2026-11-01", 55_000), "FRI001": ("2026-11-30", 9)}


def test_this_period_and_the_last(used, accounting):
    """`this` is the period that contains today, `last` the one before it."""
    today = datetime.now(UTC).date()
    start = today.replace(day=1)
    before = usage.period_starts(today, before=True)[1]
    accounting.sql("DELETE FROM usage_day")
    accounting.used("ann", today.replace(day=2 if today.day == 1 else 1).isoformat(), 1, 2, start.isoformat())
    accounting.used("ann", before.replace(day=9).isoformat(), 3, 4, before.isoformat())
    this, last = (used.json("usage", "total", "--period", period)["customers"][0] for period in ("this", "last"))
    assert (this["period_start"], this["octets"]) == (start.isoformat(), 3)
    assert (last["period_start"], last["octets"]) == (before.isoformat(), 7)


def test_customer_and_account_show_say_how_they_are(used, accounting):
    """customer show and account show count open sessions, and usage since the billing period began."""
    start = datetime.now(UTC).date().replace(day=1).isoformat()
    accounting.sql("DELETE FROM usage_day")
    accounting.used("frikkie", start, 1_500, 2_000_000, start)
    accounting.used("office", start, 500, 0, start)
    accounting.opened()
    accounting.opened(user_name="office")
    accounting.opened(user_name="ann")
    customer = used.json("customer", "show", "fri001")
    assert customer["open_sessions"] == 2
    assert customer["usage_this_period"] == {"since": start, "octets_in": 2_000, "octets_out": 2_000_000}
    account = used.json("account", "show", "office")
    assert (account["open_sessions"], account["usage_this_period"]["octets_in"]) == (1, 500)
    line = f"usage this period\t2.00 kB upload, 2.00 MB download, since {start}\n"
    assert line in used.do("customer", "show", "FRI001")
