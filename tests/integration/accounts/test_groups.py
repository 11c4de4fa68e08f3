"""Groups and packages: every field, whose they are, how many are in them, and who may change them."""


def test_group_has_all_its_fields(operator):
    """What a group gives its customers is entered, shown and listed, with how many there are."""
    added = operator.json(
        *("group", "add", "Offices", "--overdue-days", "3", "--second-notice-days", "7", "--suspension-days", "14"),
        *("--discount", "12.5", "--default-package", "Home 100", "--require-credit-limit"),
    )["group"]
    assert (added["overdue_days"], added["second_notice_days"], added["suspension_days"]) == (3, 7, 14)
    assert (added["discount_percent"], added["default_package"], added["requires_credit_limit"]) == (
        12.5,
        "Home 100",
        True,
    )
    assert (added["reseller"], added["customers"]) == (None, 0)
    assert {row["name"]: row["customers"] for row in operator.json("group", "list")} == {
        "Homes": 2,
        "Offices": 0,
        "Shops": 0,
    }
    cause = operator.refused("group", "edit", "Offices", "--overdue-days", "8")
    assert cause == "overdue, second notice and suspension come in this order"
    changed = operator.json("group", "edit", "Offices", "--suspension-days", "none", "--default-package", "none")
    assert changed["changed"] == {"suspension_days": [14, None], "default_package": ["Home 100", None]}


def test_versions(operator):
    """Who says which version he has read does not overwrite what somebody else has written since."""
    version = operator.json("group", "show", "Homes")["version"]
    operator.do("group", "edit", "Homes", "--version", str(version), "--reply-message")
    for noun, name in (("group", "Homes"), ("package", "Free")):
        cause = operator.refused(noun, "edit", name, "--version", "99", "--name", "X")
        assert cause.startswith(f"somebody else has changed {noun} {name}: it is of version ")


def test_a_reseller_makes_its_own(operator, login):
    """What a reseller's operator adds is of his reseller; what is the provider's he uses, and does not change."""
    nora = login("group_nora", "reseller")
    assert nora.json("group", "add", "North Homes")["group"]["reseller"] == "North"
    assert nora.json("package", "add", "North 50", "--price", "100")["package"]["reseller"] == "North"
    nora.do("account", "edit", "ann", "--package", "North 50")
    nora.do("package", "edit", "North 50", "--price", "110")
    for noun, name in (("group", "Homes"), ("package", "Home 50")):
        assert nora.refused(noun, "edit", name, "--name", "Mine") == f"{noun} {name} is not yours to change"
        assert nora.refused(noun, "remove", name) == f"{noun} {name} is not yours to change"
    assert operator.json("package", "add", "For North", "--reseller", "North")["package"]["reseller"] == "North"
    assert operator.refused("package", "add", "P", "--reseller", "South") == "no reseller is named 'South'"
    assert operator.refused("account", "edit", "frikkie", "--package", "For North") == (
        "the package belongs to another reseller"
    )
