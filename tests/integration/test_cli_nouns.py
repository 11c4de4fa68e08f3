"""Every noun of the command line, from the operator's side, on a real database."""

import json
import re
from datetime import UTC, datetime

import pytest

from provisioning import account, database
from tests.command_line import Operator


@pytest.fixture
def operator(database):
    """Return an operator at an empty database."""
    return Operator(database.environ)


@pytest.fixture
def provider(operator):
    """Return an operator at a database with a group, a package, a customer and an account."""
    operator.do("group", "add", "Homes")
    operator.do("package", "add", "Home 50", "--download", "50M", "--upload", "10M")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Frikkie", "--last-name", "Visser")
    operator.do("account", "add", "frikkie", "--customer", "FRI001", "--package", "Home 50", "--generate")
    return operator


def test_group_has_a_life(operator):
    """A group is added, listed, edited, disabled, enabled and removed, and each change is printed."""
    assert operator.do("group", "add", "Homes", "--reply-message") == "group Homes added\n"
    assert operator.json("group", "list")[0]["sends_reply_message"] is True
    assert operator.do("group", "disable", "Homes") == "group Homes: enabled yes -> no\n"
    assert operator.do("group", "disable", "Homes") == "group Homes: nothing to change\n"
    assert [row["name"] for row in operator.json("group", "list", "--disabled")] == ["Homes"]
    assert operator.json("group", "enable", "Homes")["changed"] == {"enabled": [False, True]}
    edited = operator.do("group", "edit", "Homes", "--name", "Houses", "--expired", "garden", "--garden-pool", "pay")
    assert "treatment expired reject -> garden" in edited
    assert operator.do("group", "remove", "Houses") == "group Houses removed\n"
    assert operator.refused("group", "show", "Houses") == "no group is named 'Houses'"


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--garden-download", "1M"], "the two rates come in pairs"),
        (["--expired", "garden"], "a walled garden without walls would be free access"),
        (["--cap", "throttle"], "throttling at the data cap needs a speed"),
        (["--garden-session", "59"], "a session in the walled garden lasts at least 60 seconds"),
        (["--garden-redirect-url", "pay.example"], "the garden's page is not a web address"),
    ],
)
def test_group_rules(operator, arguments, cause):
    """What schema.sql refuses is refused in an operator's words."""
    assert operator.refused("group", "add", "Homes", *arguments) == cause


def test_group_with_customers_stays(provider):
    """A group is not removed while customers are in it, hidden ones included."""
    provider.do("customer", "delete", "FRI001")
    assert provider.refused("group", "remove", "Homes") == "the group has customers in it, or does not exist"


def test_package_has_a_life(provider):
    """A package is added with bands, profiles and attributes, edited, and removed."""
    added = provider.json(
        *("package", "add", "Big", "--download", "1.5G", "--upload", "512k", "--cap", "1TB", "--price", "499.50"),
        *("--band", "mon-fri 18:00-23:00 20M/5M", "--band", "daily 00:00-06:00 2G/1G"),
        *("--profile", "huawei=GOLD-DOWN/GOLD-UP", "--reply", "Filter-Id=gold", "--session-limit", "1d"),
    )["package"]
    assert (added["download_bps"], added["upload_bps"], added["cap_octets"]) == (1_500_000_000, 512_000, 10**12)
    assert (added["price_cents"], added["session_seconds"]) == (49950, 86400)
    assert added["time_bands"] == ["mon,tue,wed,thu,fri 18:00-23:00 20M/5M", "daily 00:00-06:00 2G/1G"]
    assert (added["profiles"], added["reply_attributes"]) == (["huawei=GOLD-DOWN/GOLD-UP"], ["Filter-Id=gold"])

    changed = provider.json("package", "edit", "Big", "--cap", "none", "--band", "sun 00:00-24:00 9M/9M", "--name", "B")
    assert changed["changed"] == {
        "name": ["Big", "B"],
        "cap_octets": [10**12, None],
        "time_bands": [added["time_bands"], ["sun 00:00-24:00 9M/9M"]],
    }
    provider.do("package", "edit", "B", "--band", "none", "--profile", "none", "--reply", "none")
    emptied = provider.json("package", "show", "B")
    assert (emptied["time_bands"], emptied["profiles"], emptied["reply_attributes"]) == ([], [], [])
    assert provider.do("package", "remove", "B") == "package B removed\n"
    assert provider.refused("package", "remove", "Home 50") == "the package is used by accounts, or does not exist"


def test_package_attributes_are_checked_against_the_dictionaries(operator):
    """An attribute that FreeRADIUS does not know, or a value that it would not parse, is refused."""
    assert "Filter-It" in operator.refused("package", "add", "P", "--reply", "Filter-It=gold")
    assert "Session-Timeout" in operator.refused("package", "add", "P", "--reply", "Session-Timeout=soon")
    assert operator.refused("package", "add", "P", "--reply", "gold") == "--reply: 'gold' is not a reply attribute"


def test_a_profile_or_a_refusal(operator):
    """A speed that a router in use cannot be told is refused, until the package has a profile of its vendor."""
    operator.do("nas", "add", "bng", "192.0.2.1", "--vendor", "huawei")
    fast = ("package", "add", "Fast", "--download", "5G", "--upload", "5G")
    assert operator.refused(*fast).startswith("package Fast cannot be told to huawei routers")
    operator.do(*fast, "--profile", "huawei=FAST")
    cause = operator.refused("package", "edit", "Fast", "--band", "daily 00:00-06:00 6G/6G")
    assert cause.startswith("package Fast (time band 1) cannot be told to huawei routers")


def test_a_router_that_cannot_be_told_the_speeds_is_refused(operator):
    """A NAS of a vendor that cannot say the speed of an existing package is refused, until it has a profile."""
    operator.do("package", "add", "Fast", "--download", "5G", "--upload", "5G")
    nas = ("nas", "add", "bng", "192.0.2.1", "--vendor", "huawei")
    assert operator.refused(*nas).startswith("package Fast cannot be told to huawei routers")
    operator.do("package", "edit", "Fast", "--profile", "huawei=FAST-DOWN/FAST-UP")
    operator.do(*nas)


def test_a_group_or_customer_that_is_too_fast_is_refused(provider):
    """The speeds of gardens, throttling and a customer's own tier have to be sayable too, whichever came first."""
    fast = ("--download", "5G", "--upload", "5G")
    provider.do("customer", "edit", "FRI001", *fast)
    bng = ("nas", "add", "bng", "192.0.2.1", "--vendor", "huawei")
    assert provider.refused(*bng).startswith("customer FRI001 cannot be told to huawei routers")
    provider.do("customer", "edit", "FRI001", "--download", "none", "--upload", "none")
    provider.do(*bng)
    assert provider.refused("customer", "edit", "FRI001", *fast).startswith("customer FRI001 cannot be told")
    throttle = ("--throttle-download", "5G", "--throttle-upload", "5G")
    assert provider.refused("group", "edit", "Homes", *throttle).startswith("group Homes (throttled) cannot be told")


def test_nas_has_a_life(operator):
    """A NAS is added with a generated secret that is shown once, edited, given another secret, and removed."""
    added = operator.json("nas", "add", "edge1", "2001:DB8::1", "--vendor", "mikrotik", "--allow-unsigned")
    assert len(added["secret"]) == 32
    assert added["nas"]["address"] == "2001:db8::1"
    assert added["nas"]["requires_message_authenticator"] is False
    assert added["secret"] not in operator.do("nas", "show", "edge1")
    assert "coa port 3799 -> 1700" in operator.do("nas", "edit", "edge1", "--coa-port", "1700")
    changed = operator.json("nas", "edit", "edge1", "--new-secret")
    assert changed["changed"] == {"secret": ["(secret)", "(secret)"]}
    assert len(changed["secret"]) == 32 != changed["secret"] != added["secret"]
    assert operator.do("nas", "remove", "edge1") == "nas edge1 removed\n"
    assert operator.json("nas", "list") == []


def test_nas_secrets_are_handed_over_but_never_on_the_command_line(operator, tmp_path):
    """A secret comes from a file or standard input; in argv, or shorter than 16 characters, it is refused."""
    file = tmp_path / "secret"
    file.write_text("a-secret-of-24-characters\n")
    assert operator.do("nas", "add", "a", "192.0.2.1", "--secret-file", str(file)) == "nas a added\n"
    assert operator.do("nas", "add", "b", "192.0.2.2", "--secret", "-", stdin="b" * 16) == "nas b added\n"
    assert operator.do("nas", "add", "c", "192.0.2.3", "--secret-stdin", stdin="c" * 16 + "\n") == "nas c added\n"
    short = operator.refused("nas", "add", "d", "192.0.2.4", "--secret", "-", stdin="testing123")
    assert short == "the secret is not 16 to 128 characters long"
    assert "can be read by everybody" in operator.refused("nas", "add", "d", "192.0.2.4", "--secret", "x" * 20)
    both = ("nas", "add", "d", "192.0.2.4", "--secret-file", str(file), "--secret-stdin")
    assert operator.refused(*both, stdin="x" * 20) == "two sources for one secret"


def test_nas_rules(operator):
    """Names, addresses, vendors and ports that cannot be are refused."""
    operator.do("nas", "add", "edge1", "192.0.2.1")
    assert operator.refused("nas", "add", "edge1", "192.0.2.2") == "there is already a NAS named edge1"
    assert operator.refused("nas", "add", "e", "192.0.2.1") == "there is already a NAS with the address 192.0.2.1"
    assert operator.refused("nas", "add", "e", "192.0.2.0/24") == "'192.0.2.0/24' is not an IP address"
    assert operator.refused("nas", "add", "e", "192.0.2.3", "--vendor", "acme") == "vendor 'acme' is unknown"
    assert operator.refused("nas", "edit", "edge1", "--coa-port", "0") == "a CoA port is 1 to 65535"


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


def test_lists_are_tab_separated_in_a_pipe(provider):
    """In a pipe a list has a line of headings and a line a row, tabs between, nothing drawn."""
    assert provider.do("customer", "list") == (
        "code\tname\tgroup\tstate\texpires at\nFRI001\tFrikkie Visser\tHomes\tactive\t\n"
    )
    assert "download\t50M\n" in provider.do("package", "show", "Home 50")


def test_keys_of_json_are_those_in_the_help(provider):
    """Every key that a row has in JSON is in the command's help, and no other."""
    provider.do("device", "add", "frikkie", "00:00:5e:00:53:01")
    provider.do("nas", "add", "edge1", "192.0.2.1")
    for noun, name in [
        ("group", "Homes"),
        ("package", "Home 50"),
        ("customer", "FRI001"),
        ("account", "frikkie"),
        ("nas", "edge1"),
    ]:
        assert documented(provider.do(noun, "show", "--help")) == set(provider.json(noun, "show", name))
    for noun in ("group", "package", "customer", "account", "nas", "device"):
        keys = documented(provider.do(noun, "list", "--help").replace("a list of (", "a list of ", 1))
        assert keys == set(provider.json(noun, "list")[0])


def documented(text):
    """Return the keys that a help text names, without what is in brackets behind them."""
    keys = " ".join(text.split("JSON keys:")[1].split()).rstrip(".").removeprefix("a list of ")
    while "(" in keys:  # the innermost first
        keys = re.sub(r"\([^()]*\)", "", keys)
    return {key.strip(" )") for key in keys.split(",")}


def test_long_input_is_not_repeated_whole(operator):
    """A cause that quotes what was typed stays readable, whatever was typed."""
    cause = operator.refused("package", "add", "P", "--download", "x" * 5000)
    assert len(cause) <= 300
    assert cause.startswith("--download: 'xxx")
    assert cause.endswith("xxx' is not a rate")


def test_errors_are_json_where_asked_for(provider):
    """With --json a refusal is an object with error and hint, of usage errors too."""
    for arguments in (["customer", "show", "NONE"], ["customer", "show"], ["customer", "shwo"]):
        result = provider.run(*arguments, "--json")
        assert result.exit_code == 2
        assert set(json.loads(result.stdout)) == {"error", "hint"}
        assert result.stderr == ""


def test_the_database_is_named_when_it_does_not_answer(database):
    """Without a database a command ends with 3, one line and a hint."""
    result = Operator({**database.environ, "PGHOST": "/nonexistent"}).run("customer", "list")
    assert result.exit_code == 3
    cause, hint = result.stderr.splitlines()
    assert cause.startswith('database does not answer: connection to server on socket "/nonexistent/')
    assert hint.startswith("HINT: ")


def test_another_schema_version_is_refused(database, operator):
    """A database of another version is left alone."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE installation SET schema_version = 99")
    result = operator.run("group", "add", "Homes")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[0] == "database has schema version 99, this program needs 2"


def test_a_database_without_the_schema_is_refused(database):
    """A database that is not Tollkeeper's is left alone."""
    result = Operator({**database.environ, "PGDATABASE": "postgres"}).run("group", "list")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[0] == "database has no Tollkeeper schema"


def test_another_key_is_refused(provider, database, tmp_path):
    """Without its key nothing is sealed, and the hint says where to point."""
    operator = Operator({**database.environ, "TOLLKEEPER_KEY_FILE": str(tmp_path / "none")})
    assert "cannot be read" in operator.refused("account", "passwd", "frikkie", "--generate")
