"""Package changes: now, from a date on, listed with who and when, cancelled."""

from datetime import UTC, datetime

import pytest

ADD = ("change", "add", "--account", "frikkie")


def test_from_a_date_on(operator, accounting):
    """A date begins where the customer is; the hook knows what is to come, the account keeps its package till then."""
    added = operator.json(*ADD, "--package", "Home 100", "--at", "2199-02-01", "--comment", "asked by phone")["change"]

    assert datetime.fromisoformat(added["activates_at"]) == datetime(2199, 1, 31, 22, tzinfo=UTC)
    assert (added["account"], added["customer"], added["package"]) == ("frikkie", "FRI001", "Home 100")
    assert (added["state"], added["author"], added["comment"]) == ("to come", "tollkeeper", "asked by phone")
    assert operator.json("account", "show", "frikkie")["package"] == "Home 50"
    assert accounting.sql("SELECT extras -> 'package_changes' FROM hook_account WHERE user_name = 'frikkie'")

    assert operator.json("change", "show", str(added["id"])) == added
    assert operator.json("change", "list", "--customer", "fri001") == [added]
    assert operator.json("change", "list", "--account", "ann") == []
    assert operator.json("change", "list", "--due") == []
    assert "cancelled at - -> " in operator.do("change", "cancel", str(added["id"]))
    assert operator.do("change", "cancel", str(added["id"])) == f"change {added['id']}: nothing to change\n"
    assert operator.json("change", "list") == []
    assert operator.json("change", "list", "--all")[0]["state"] == "cancelled"


@pytest.mark.parametrize("at", [(), ("--at", "now")])
def test_now_is_at_once(operator, at):
    """Now is carried out in the same act: the account has package and prices, and the change is marked applied."""
    added = operator.json(*ADD, "--package", "Home 100", *at, "--price", "600", "--topup-price", "40")["change"]

    assert added["state"] == "applied"
    account = operator.json("account", "show", "frikkie")
    assert (account["package"], account["price_cents"], account["topup_price_cents"]) == ("Home 100", 60000, 4000)
    assert operator.refused("change", "cancel", str(added["id"])) == f"change {added['id']} has come already"
    operator.do(*ADD, "--package", "Home 100", *at)
    assert operator.json("account", "show", "frikkie")["price_cents"] is None


def test_today_is_now(operator, accounting):
    """Today's date, where the customer is, is now; yesterday's is over."""
    today = accounting.sql("SELECT (now() AT TIME ZONE 'Africa/Johannesburg')::date::text")
    yesterday = accounting.sql("SELECT ((now() AT TIME ZONE 'Africa/Johannesburg')::date - 1)::text")
    assert operator.json(*ADD, "--package", "Home 100", "--at", today)["change"]["state"] == "applied"
    assert operator.refused(*ADD, "--package", "Home 50", "--at", yesterday) == "the time of the change is over"


def test_what_would_change_nothing(operator):
    """The package that it has by then, at that price, is refused; another price is a change; so is going back."""
    same = "account frikkie has package Home 50 at that price by then"
    assert operator.refused(*ADD, "--package", "Home 50", "--at", "2199-02-01") == same
    operator.do(*ADD, "--package", "Home 50", "--price", "450", "--at", "2199-02-01")
    assert operator.refused(*ADD, "--package", "Home 50", "--price", "450", "--at", "2199-03-01").startswith("account")
    operator.do(*ADD, "--package", "Home 100", "--at", "2199-03-01")
    operator.do(*ADD, "--package", "Home 50", "--at", "2199-04-01")
    cause = operator.refused(*ADD, "--package", "Free", "--at", "2199-04-01")
    assert cause == "there is already a package change at that moment"


def test_what_an_account_cannot_have(operator, accounting):
    """A package that nobody sells, one that a router in use cannot be told; a cancelled account nothing at all."""
    accounting.sql("INSERT INTO package (name, download_bps, upload_bps) VALUES ('Fast', 5e9, 5e9)")
    accounting.sql("UPDATE nas SET vendor = 'huawei' WHERE name = 'edge1'")
    cause = operator.refused(*ADD, "--package", "Fast", "--at", "2199-01-01")
    assert cause.startswith("package Fast cannot be told to huawei routers")
    assert operator.refused(*ADD, "--package", "None") == "no package is named 'None'"
    operator.do("account", "cancel", "frikkie")
    assert operator.refused(*ADD, "--package", "Home 100") == "account frikkie is cancelled"


def test_what_is_due_comes_first(operator, accounting):
    """A change whose time has come and that is not written down yet does not win against a later one."""
    accounting.sql(
        "INSERT INTO package_change (account_id, package_id, activates_at, price_cents)"
        " VALUES (1, 2, now() - interval '1 hour', 70000)"
    )
    due = operator.json("change", "list", "--due")
    assert [(one["package"], one["state"]) for one in due] == [("Home 100", "due")]
    assert operator.refused("change", "cancel", str(due[0]["id"])) == f"change {due[0]['id']} has come already"
    assert operator.refused(*ADD, "--package", "Home 100", "--price", "700").startswith("account frikkie has package")

    operator.do("account", "edit", "frikkie", "--package", "Free")
    account = operator.json("account", "show", "frikkie")
    assert (account["package"], account["price_cents"]) == ("Free", 70000)
    assert operator.json("change", "list", "--due") == []
