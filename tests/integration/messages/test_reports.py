"""The report of a billing period: at its end to the second, where the customer is, about what was used in it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from provisioning import database as databases
from provisioning.messages import reports
from tests.integration.messages.conftest import NOON

# code, time zone, billing day; the moments at which their periods begin, summer time and short months included
CALENDARS = {
    "JNB001": ("Africa/Johannesburg", 1, ["2026-01-31T22:00Z", "2026-02-28T22:00Z", "2026-03-31T22:00Z"]),
    "BER001": ("Europe/Berlin", 31, ["2026-01-30T23:00Z", "2026-02-27T23:00Z", "2026-03-30T22:00Z"]),
    "NYC001": ("America/New_York", 8, ["2026-02-08T05:00Z", "2026-03-08T05:00Z", "2026-04-08T04:00Z"]),
}


@pytest.fixture
def session(desk):
    """Return a session on the desk's database."""
    with databases.transaction(desk.database.dsn) as session:
        yield session


def moments(desk, session, since, until):
    """Run the job from moment to moment; return who was noted a report when, about which period."""
    after = since
    while (at := reports.due(session, after, until)) is not None:
        assert after < at <= until
        reports.run(session, at)
        reports.run(session, at)
        after = at
    session.commit()
    return desk.sql(
        "SELECT code, noticed_at, about FROM notice JOIN customer ON customer.id = customer_id"
        " WHERE notice.kind = 'report' ORDER BY noticed_at, code"
    )


def test_at_the_end_of_every_period(desk, session):
    """Three time zones, three billing days, over summer time: each period's report once, on its second."""
    for code, (zone, billing_day, _) in CALENDARS.items():
        desk.sql(
            "INSERT INTO customer (code, group_id, first_name, time_zone, billing_day, cycle_report, created_at)"
            " VALUES (%s, 1, %s, %s, %s, true, '2025-01-01')",
            *(code, code, zone, billing_day),
        )
    found = moments(desk, session, datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC))

    expected = [(code, datetime.fromisoformat(at)) for code, (_, _, ats) in CALENDARS.items() for at in ats]
    assert sorted((code, at) for code, at, _ in found) == sorted(expected)
    assert [about for code, _, about in found if code == "BER001"] == ["2025-12-31", "2026-01-31", "2026-02-28"]


def test_who_asks_in_the_middle_waits_for_the_end(desk, session):
    """Switched on after its period began, a customer gets no report of what is long over; nor does a new one."""
    desk.operator.do("notice", "set", "FRI001", "--report")

    assert dict(reports.run(session, NOON)) == {}
    assert reports.due(session, NOON, NOON + timedelta(days=5)) is None
    assert reports.due(session, NOON, NOON + timedelta(days=20)) == datetime(2026, 11, 30, 22, tzinfo=UTC)
    session.execute(text("UPDATE customer SET created_at = '2026-12-01'"))
    assert dict(reports.run(session, datetime(2026, 11, 30, 22, tzinfo=UTC))) == {"reports": 0}


def test_what_is_in_it(desk):
    """All usage of the period and none of another, by account and day, with a bar a day; and in plain text."""
    desk.sql(
        "INSERT INTO usage_day VALUES (1, '2026-09-30', '2026-09-01', 7, 7e12),"
        " (1, '2026-10-01', '2026-10-01', 1e9, 3e9),"
        " (1, '2026-10-31', '2026-10-01', 0, 1e9), (1, '2026-11-01', '2026-11-01', 7, 7e12),"
        " (2, '2026-10-01', '2026-10-01', 7, 7e12)"
    )
    desk.sql("UPDATE customer SET cycle_report = true, first_name = '<b>Frikkie' WHERE code = 'FRI001'")
    ended = datetime(2026, 10, 31, 22, tzinfo=UTC)
    with databases.transaction(desk.database.dsn) as session:
        assert dict(reports.run(session, ended)) == {"reports": 1}
    assert desk.compose(ended) == {}
    assert desk.compose(ended + timedelta(hours=1)) == {"notices": 1, "messages": 1, "failed": 0}

    ((subject, body, html),) = desk.sql("SELECT subject, body, html FROM message")
    assert subject == "Your usage from 2026-10-01 to 2026-10-31"
    assert "in all: 5.00 GB (download 4.00 GB, upload 1.00 GB)" in body
    assert "frikkie (Home 50): 5.00 GB" in body
    assert re.findall(r"2026-10-\d\d  (?!0 B)(.*)", body) == ["4.00 GB", "1.00 GB"]
    assert re.findall(r'<table width="(\d+)%" cellpadding="0" cellspacing="0"><tr><td height', html) == ["100", "25"]
    assert html.count("2026-10-") == 31 + 4  # a row a day, title and first line
    assert "&lt;b&gt;Frikkie" in html
    assert "<b>Frikkie" not in html


def test_preview(desk, tmp_path):
    """What a customer would get, in its language, into a new file; of the period that had ended by a day."""
    desk.sql("UPDATE customer SET language = 'af', billing_day = 15 WHERE code = 'FRI001'")
    line = ("report", "preview", "FRI001", "--at", "2026-03-14")
    shown = desk.operator.json(*line, "--out", str(tmp_path / "report.html"))

    assert (shown["first_day"], shown["last_day"]) == ("2026-01-15", "2026-02-14")
    assert shown["subject"] == "U verbruik van 2026-01-15 tot 2026-02-14"
    assert (tmp_path / "report.html").read_text() == shown["html"]
    assert "Niks is gebruik nie." in shown["html"]
    assert "cannot be written" in desk.operator.refused(*line, "--out", str(tmp_path / "report.html"))
    assert desk.operator.json("report", "preview", "FRI001", "--at", "2026-03-15")["first_day"] == "2026-02-15"
    assert desk.sql("SELECT FROM notice") == desk.sql("SELECT FROM message") == []
