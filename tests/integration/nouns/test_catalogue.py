"""Groups, packages and routers on the command line, on a real database."""

import pytest


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
