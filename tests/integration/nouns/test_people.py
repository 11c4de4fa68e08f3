"""Customers, accounts and devices on the command line, on a real database."""

import json
from datetime import UTC, datetime

import pytest

from provisioning import account, database


def test_customer_has_a_life(provider):
    """A customer is disabled, suspended, expired, deleted and brought back; each state is shown in its order."""
    for verb, state in [
        ("suspend", "suspended"),
        ("disable", "disabled"),
        ("delete", "deleted"),
        ("undelete", "disabled"),
        ("enable", "suspended"),
        ("unsuspend", "active"),
    ]:
        assert provider.json("customer", verb, "fri001")["customer"]["state"] == state


def test_deleted_customers_are_hidden(provider):
    """A deleted customer is listed only where it is asked for; deleting again keeps the first time."""
    deleted_at = provider.json("customer", "delete", "FRI001")["customer"]["deleted_at"]
    assert provider.json("customer", "delete", "FRI001")["changed"] == {}
    assert provider.json("customer", "list") == []
    assert [row["deleted_at"] for row in provider.json("customer", "list", "--deleted")] == [deleted_at]
    assert len(provider.json("customer", "list", "--all")) == 1


def test_a_date_begins_where_the_customer_is(provider):
    """A bare date is its first second in the customer's time zone, else in the provider's."""
    expired = provider.json("customer", "expire", "FRI001", "2027-02-01")["customer"]["expires_at"]
    assert datetime.fromisoformat(expired) == datetime(2027, 2, 1, tzinfo=UTC)
    provider.do("customer", "edit", "FRI001", "--time-zone", "Africa/Johannesburg")
    expired = provider.json("account", "expire", "frikkie", "2027-02-01")["account"]["expires_at"]
    assert datetime.fromisoformat(expired) == datetime(2027, 1, 31, 22, tzinfo=UTC)
    assert provider.json("customer", "expire", "FRI001", "never")["customer"]["expires_at"] is None


def test_expiry_to_the_second(provider):
    """`now` expires at once, `+1d` in a day; both to the second."""
    assert provider.json("account", "expire", "frikkie", "now")["account"]["state"] == "expired"
    later = provider.json("account", "expire", "frikkie", "+1d")["account"]
    assert later["state"] == "active"
    assert datetime.fromisoformat(later["expires_at"]).microsecond == 0


def test_sub_accounts(provider):
    """A customer becomes another's sub-account and stops being one; circles are refused."""
    provider.do("customer", "add", "--group", "Homes", "--first-name", "Ann", "--parent", "FRI001")
    assert [row["code"] for row in provider.json("customer", "list", "--parent", "FRI001")] == ["ANN001"]
    cause = provider.refused("customer", "edit", "FRI001", "--parent", "ANN001")
    assert cause == "a customer would be its own ancestor, or more than eight levels deep"
    changed = provider.do("customer", "edit", "ANN001", "--parent", "none")
    assert changed == "customer ANN001: parent FRI001 -> -\n"


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--group", "Shops", "--first-name", "A"], "no group is named 'Shops'"),
        (["--first-name", "A"], "missing option '--group'"),
        (["--group", "Homes"], "the name has no letter or digit to make an account code of"),
        (["--group", "Homes", "--code", "ABC"], "a customer needs a person's or a company's name"),
        (["--group", "Homes", "--type", "company", "--first-name", "A", "--code", "ABC"], "a company needs its name"),
        (["--group", "Homes", "--first-name", "A", "--code", "!"], "an account code is 2 to 32 capital letters,"),
        (["--group", "Homes", "--first-name", "A", "--time-zone", "Mars/Olympus"], "the time zone is unknown"),
        (["--group", "Homes", "--first-name", "A", "--time-zone", "+02:00"], "the time zone is unknown"),
        (["--group", "Homes", "--first-name", "A", "--billing-day", "32"], "a billing day is 1 to 31"),
        (["--group", "Homes", "--first-name", "A", "--download", "1M"], "the two rates come in pairs"),
        (["--group", "Homes", "--first-name", "A", "--type", "person"], "invalid value for '--type'"),
        (["--group", "Homes", "--first-name", "A", "--kind", "odd"], "invalid value for '--kind'"),
    ],
)
def test_customer_rules(provider, arguments, cause):
    """What a customer cannot be is refused in an operator's words, and no customer is added."""
    assert provider.refused("customer", "add", *arguments).startswith(cause)
    assert len(provider.json("customer", "list", "--all")) == 1


def test_account_has_a_life(provider):
    """An account is blocked, suspended, given another package and static addresses, and moved."""
    for verb, state in [
        ("suspend", "suspended"),
        ("block", "blocked"),
        ("unblock", "suspended"),
        ("unsuspend", "active"),
    ]:
        assert provider.json("account", verb, "frikkie")["account"]["state"] == state
    provider.do("package", "add", "Home 100", "--download", "100M", "--upload", "20M")
    provider.do("nas", "add", "edge1", "192.0.2.1")
    changed = provider.json(
        *("account", "edit", "frikkie", "--package", "Home 100", "--ipv4", "192.0.2.10", "--nas", "edge1"),
        *("--route", "198.51.100.0/29", "--delegated-ipv6-prefix", "2001:db8:10::/56", "--vlan", "100"),
    )["changed"]
    assert changed == {
        "package": ["Home 50", "Home 100"],
        "ipv4_address": [None, "192.0.2.10"],
        "delegated_ipv6_prefix": [None, "2001:db8:10::/56"],
        "routes": [[], ["198.51.100.0/29"]],
        "vlan_id": [None, 100],
        "nas": [[], ["edge1"]],
    }
    assert provider.json("account", "show", "frikkie")["nas"] == ["edge1"]
    assert provider.refused("nas", "remove", "edge1") == "accounts are bound to the NAS, or it does not exist"
    assert provider.do("account", "edit", "frikkie", "--any-nas") == "account frikkie: nas edge1 -> -\n"
    provider.do("customer", "add", "--group", "Homes", "--first-name", "Ann")
    assert provider.do("account", "move", "frikkie", "ann001") == "account frikkie: customer FRI001 -> ANN001\n"


def test_accounts_are_filtered(provider):
    """A list of accounts is narrowed by customer, package and state, and goes on behind a user name."""
    for name in ("a", "b", "c"):
        provider.do("account", "add", name, "--customer", "FRI001", "--package", "Home 50", "--no-password")
    provider.do("account", "block", "b")
    provider.do("account", "expire", "c", "now")

    def names(*filters):
        return [row["user_name"] for row in provider.json("account", "list", *filters)]

    assert names() == ["a", "b", "c", "frikkie"]
    assert names("--blocked") == ["b"]
    assert names("--expired") == ["c"]
    assert names("--not-expired", "--not-blocked", "--customer", "fri001", "--package", "Home 50") == ["a", "frikkie"]
    assert names("--limit", "2") == ["a", "b"]
    assert names("--limit", "2", "--after", "b") == ["c", "frikkie"]
    assert names("--offset", "3") == ["frikkie"]


def test_passwords_are_sealed_or_one_way_and_never_shown(provider, database, seal, tmp_path):
    """A password comes from a file, standard input or a generator; the database never holds it in clear."""
    file = tmp_path / "password"
    file.write_text("from-a-file\n")
    for options, stdin, kind in [
        (["--password-file", str(file)], None, "sealed"),
        (["--password-stdin"], "from-stdin\r\n", "sealed"),
        (["--password-stdin", "--pap-only"], "one-way", "one-way"),
        (["--no-password"], None, "none"),
    ]:
        output = provider.do("account", "passwd", "frikkie", *options, "--json", stdin=stdin)
        assert json.loads(output)["account"]["password_kind"] == kind
        assert not any(secret in output for secret in ("from-a-file", "from-stdin"))
        assert clear_password(database, seal) == {"sealed": options[0][11:]}.get(kind)


def clear_password(a_database, seal):
    """Return the opened password of frikkie as a word of its source, None where it cannot be opened."""
    with database.transaction(a_database.dsn) as session:
        row = account.find(session, "frikkie")
        if row.password is None:
            return None
        return account.open_password(row, seal).removeprefix("from-a-").removeprefix("from-")


def test_a_generated_password_is_printed_once(provider, database, seal):
    """--generate prints the password that is stored."""
    generated = provider.json("account", "passwd", "frikkie", "--generate")["password"]
    assert len(generated) == 16
    with_database = clear_password(database, seal)
    assert with_database == generated


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ([], "no password was given"),
        (["--generate", "--no-password"], "two sources for one password"),
        (["--password-file", "/nonexistent"], "file /nonexistent cannot be read: No such file or directory"),
        (["--no-password", "--ipv4", "192.0.2.256"], "'192.0.2.256' is not an IP address"),
        (["--no-password", "--vlan", "4095"], "a VLAN is 1 to 4094"),
        (["--no-password", "--vlan", "99999"], "database cannot hold a value"),
        (["--no-password", "--sessions", "0"], "sessions allowed are 1 to 1000"),
        (["--no-password", "--expires", "2027-02-01T00:00"], "--expires: '2027-02-01T00:00' has no time zone"),
        (["--no-password", "--nas", "nowhere"], "no NAS is named 'nowhere'"),
        (["--no-password", "--reply", "User-Password=x"], "attribute User-Password"),
        (["--no-password", "--route", "here"], "'here' is not a route"),
    ],
)
def test_account_rules(provider, arguments, cause):
    """What an account cannot have is refused in an operator's words, and no account is added."""
    refused = provider.refused("account", "add", "new", "--customer", "FRI001", "--package", "Home 50", *arguments)
    assert refused.startswith(cause)
    assert len(provider.json("account", "list")) == 1


def test_user_names_are_taken_once(provider):
    """A user name that somebody has is refused by name; so is one longer than RADIUS has room for."""
    new = ("--customer", "FRI001", "--package", "Home 50", "--no-password")
    assert provider.refused("account", "add", "frikkie", *new) == "user name frikkie is taken"
    assert provider.refused("account", "add", "x" * 254, *new).startswith("a user name is 1 to 253 octets")
    assert provider.do("account", "add", "ä" * 126, *new) == f"account {'ä' * 126} added\n"


def test_device_has_a_life(provider):
    """A device is added in any writing of its MAC, listed, edited, and removed."""
    added = provider.json("device", "add", "frikkie", "00-00-5E-00-53-01", "--mac-auth", "--description", "roof")
    assert added["device"]["mac"] == "00:00:5e:00:53:01"
    assert added["device"]["account"] == "frikkie"
    assert len(provider.json("device", "list", "--account", "frikkie", "--authorised")) == 1
    edited = provider.do("device", "edit", "0000.5e00.5301", "--unauthorised", "--description", "none")
    assert edited == "device 00:00:5e:00:53:01: authorised yes -> no\ndevice 00:00:5e:00:53:01: description roof -> -\n"
    assert provider.refused("device", "add", "frikkie", "00005e005301") == (
        "device 00:00:5e:00:53:01 belongs to an account already"
    )
    assert provider.do("device", "remove", "00005E005301") == "device 00:00:5e:00:53:01 removed\n"
    assert provider.refused("device", "remove", "00005E005301") == "no device is named '00:00:5e:00:53:01'"
