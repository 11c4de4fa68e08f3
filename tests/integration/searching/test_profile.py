"""tollkeeper customer show: the whole profile, on a terminal, in a pipe, as JSON."""

import re
from contextlib import closing

import pytest

from tests.terminal import on_terminal

SECTIONS = (
    *("accounts", "usage", "sessions", "last_sessions", "devices", "changes", "invoices", "payments", "contacts"),
    *("addresses", "external_ids", "attachments", "sub_accounts", "notes", "messages", "audit"),
)


@pytest.fixture
def write(operator, database):
    """Return a function that runs SQL where FRI001 with frikkie and office, and ANN001, are there."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        yield cursor.execute


def account(operator, name="frikkie"):
    """Return how an account is in its customer's profile."""
    return next(row for row in operator.json("customer", "show", "FRI001")["accounts"] if row["user_name"] == name)


def test_a_profile_has_everything(town):
    """Sessions, devices, invoices, addresses, external ids of a customer are in its profile, each in its section."""
    profile = town.json("customer", "show", "fri001")
    assert set(SECTIONS) <= set(profile)
    assert (profile["name"], profile["state"], profile["balance_cents"]) == ("Dr Frikkie Visser", "active", 49950)
    assert [row["outcome"] for row in profile["accounts"]] == ["accept"]
    assert [(row["ipv4_address"], row["nas"]) for row in profile["sessions"]] == [("100.64.0.9", "edge1")]
    assert [row["id"] for row in profile["last_sessions"]] == [900]
    assert [row["mac"] for row in profile["devices"]] == ["00:00:5e:00:53:01"]
    assert [(row["number"], row["open_cents"]) for row in profile["invoices"]] == [("INV-FRI001", 49950)]
    assert [row["street"] for row in profile["addresses"]] == ["12 Kerk Street"]
    assert profile["external_ids"] == [{"system": "sage", "value": "C-10442"}]
    visser = town.json("customer", "show", "VIS001")
    assert [row["receipt"] for row in visser["payments"]] == ["REC-7"]
    assert [row["phone"] for row in visser["contacts"]] == ["+27215550177"]
    assert visser["sub_accounts"] == [{"code": "BRA001", "name": "Bram Nel", "state": "suspended"}]
    assert visser["audit"][0]["act"] == "sql"


def test_an_account_stands_as_the_hook_would_answer(write, operator):
    """State and why come from the rules, without a hook: blocked, expired, a parent's suspension, a cap, a change."""
    write("UPDATE package SET download_bps = 50000000, upload_bps = 10000000, cap_octets = 1000")
    good = account(operator)
    assert (good["outcome"], good["reason"], good["why"]) == ("accept", "accepted", None)
    assert (good["download_bps"], good["upload_bps"], good["speed_by"]) == (50_000_000, 10_000_000, "package")
    write("UPDATE customer SET download_bps = 7, upload_bps = 8 WHERE code = 'FRI001'")
    assert (account(operator)["download_bps"], account(operator)["speed_by"]) == (7, "customer")
    write("UPDATE customer SET download_bps = NULL, upload_bps = NULL")
    write("INSERT INTO time_band VALUES (1, 1, 127, 0, 1440, 5, 6)")
    assert (account(operator)["upload_bps"], account(operator)["speed_by"]) == (6, "time band")
    write("UPDATE customer_group SET treatment_cap = 'throttle', throttle_download_bps = 3, throttle_upload_bps = 4")
    write("UPDATE account SET cap_reached = true WHERE user_name = 'frikkie'")
    throttled = account(operator)
    assert (throttled["outcome"], throttled["reason"], throttled["speed_by"]) == ("throttle", "cap_reached", "throttle")
    assert throttled["download_bps"] == 3
    write("UPDATE customer SET parent_id = (SELECT id FROM customer WHERE code = 'ANN001') WHERE code = 'FRI001'")
    write("UPDATE customer SET suspended = true WHERE code = 'ANN001'")
    assert account(operator)["why"] == "account not suspended, customer suspended by a parent"
    write("UPDATE account SET blocked = true WHERE user_name = 'frikkie'")
    assert (account(operator)["outcome"], account(operator)["reason"]) == ("reject", "account_blocked")
    write("UPDATE account SET cancelled_at = now() WHERE user_name = 'frikkie'")
    assert (account(operator)["outcome"], account(operator)["reason"]) == ("reject", "cancelled")


def test_a_change_that_has_come_counts(write, operator):
    """A package change whose moment has come gives cap and speed; one to come is a section of its own."""
    write(
        "INSERT INTO package (name, download_bps, upload_bps, cap_octets)"
        " VALUES ('Fast', 9, 9, 77), ('Faster', 10, 10, 78)"
    )
    write(
        "INSERT INTO package_change (account_id, package_id, activates_at)"
        " SELECT account.id, package.id,"
        " now() + CASE package.name WHEN 'Fast' THEN '-1 hour' ELSE '1 day' END::interval"
        " FROM account, package WHERE user_name = 'frikkie' AND package.name LIKE 'Fast%'"
    )
    row = account(operator)
    assert (row["package"], row["cap_octets"], row["download_bps"]) == ("Fast", 77, 9)
    changes = operator.json("customer", "show", "FRI001")["changes"]
    assert [(change["package"], change["account"]) for change in changes] == [
        ("Fast", "frikkie"),
        ("Faster", "frikkie"),
    ]


def test_sections_are_chosen(town):
    """--section gives some and leaves out the others; what is no section is refused."""
    profile = town.json("customer", "show", "FRI001", "--section", "devices,notes")
    assert profile == town.json("customer", "show", "FRI001", "--section", "devices", "--section", "notes")
    assert set(SECTIONS) & set(profile) == {"devices", "notes"}
    shown = town.do("customer", "show", "FRI001", "--section", "devices")
    assert "\n\n# devices\nmac\taccount\tauthorised\tmac auth\tdescription\n00:00:5e:00:53:01\t" in shown
    assert "# accounts" not in shown
    assert town.refused("customer", "show", "FRI001", "--section", "shoes") == "--section: 'shoes' is no section"


def test_who_may_not_see_is_told_so(logins):
    """What an operator may not see is null in JSON and said on a terminal; another's customer is not there."""
    desk = logins["desk"]
    profile = desk.json("customer", "show", "FRI001")
    assert {name for name in SECTIONS if profile[name] is None} == {
        *("accounts", "usage", "sessions", "last_sessions", "devices", "changes", "invoices", "payments"),
        *("messages", "audit"),
    }
    assert (profile["balance_cents"], profile["open_sessions"]) == (None, None)
    assert [row["street"] for row in profile["addresses"]] == ["12 Kerk Street"]
    assert logins["karoo"].refused("customer", "show", "FRI001") == "no customer is named 'FRI001'"
    assert logins["karoo"].json("customer", "show", "KAR001")["accounts"][0]["outcome"] == "accept"


def test_a_profile_on_a_terminal(write, operator, database):
    """Pop-up notes come first; an account has its answer, speed and a bar of its cap; empty sections are left out."""
    write("UPDATE package SET download_bps = 50000000, upload_bps = 10000000, cap_octets = 1000")
    write(
        "INSERT INTO note (customer_id, kind, text)"
        " SELECT id, 'popup', 'Dog [bites]' FROM customer WHERE code = 'FRI001'"
    )
    write(
        "INSERT INTO usage_day SELECT id, begins, begins, 300, 400"
        " FROM account, CAST(date_trunc('month', now()) AS date) AS begins WHERE user_name = 'frikkie'"
    )
    environ = {"PATH": "/bin", "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1", **database.environ}
    status, shown = on_terminal("customer", "show", "FRI001", environ=environ)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert status == 0
    assert next(number for number, line in enumerate(lines) if "Dog [bites]" in line) < 3
    assert any("FRI001" in line and "Frikkie Visser" in line for line in lines[3:6])
    assert any("frikkie" in line and "accept" in line and "↓ 50M ↑ 10M" in line for line in lines)
    assert any("███████░░░ 70%" in line for line in lines)
    assert "Usage by day" in shown
    assert "Devices" not in shown
    assert max(map(len, lines)) <= 100
