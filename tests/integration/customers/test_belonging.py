"""Sub-accounts, resellers, and the devices that a customer gives back."""

import pytest


@pytest.fixture
def family(operator, database):
    """Return the operator at a company with a branch and that branch's shop, and two resellers."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO reseller (name) VALUES ('Karoo'), ('Coast')")
    company = ("customer", "add", "--group", "Homes", "--type", "company", "--company-name")
    operator.do(*company, "Acme")
    operator.do(*company, "Branch", "--parent", "ACM001")
    operator.do(*company, "Shop [1]", "--parent", "BRA001")
    return operator


def test_a_tree_shows_what_is_below(family):
    """A tree is indented in a pipe, nested in JSON, with the state of each."""
    family.do("customer", "disable", "BRA001")
    assert family.do("customer", "tree", "ACM001") == (
        "ACM001\tAcme\tactive\n  BRA001\tBranch\tdisabled\n    SHO001\tShop [1]\tactive\n"
    )
    nested = family.json("customer", "tree", "BRA001")
    assert (nested["code"], [one["code"] for one in nested["branches"]]) == ("BRA001", ["SHO001"])


def test_sub_accounts_go_along(family):
    """A customer moves to a reseller with all below it; one that belongs to a parent moves with the parent only."""
    moved = family.json("customer", "move", "ACM001", "--reseller", "Karoo")
    assert moved["changed"] == {"reseller": [None, "Karoo"]}
    assert moved["along"] == ["BRA001", "SHO001"]
    assert family.json("customer", "show", "SHO001")["reseller"] == "Karoo"
    cause = "a sub-account has its parent's reseller"
    assert family.refused("customer", "move", "BRA001", "--reseller", "Coast") == cause
    assert family.refused("customer", "edit", "FRI001", "--parent", "ACM001") == cause

    assert family.json("customer", "move", "FRI001", "--parent", "SHO001")["customer"]["reseller"] == "Karoo"
    new = family.json("customer", "add", "--group", "Homes", "--first-name", "Ann", "--parent", "FRI001")["customer"]
    assert new["reseller"] == "Karoo"
    family.do("customer", "move", "BRA001", "--parent", "none")
    assert family.json("customer", "move", "BRA001", "--reseller", "none")["along"] == ["ANN001", "FRI001", "SHO001"]
    assert family.refused("customer", "move", "BRA001", "--parent", "ANN001").startswith("a customer would be its own")


def test_a_group_or_package_of_another_reseller_holds_a_customer_back(family, database):
    """A customer does not move away from the groups and packages that only its reseller sells, nor get in there."""
    family.do("customer", "move", "FRI001", "--reseller", "Karoo")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM reseller WHERE name = 'Karoo'")
        karoo = cursor.fetchone()
        cursor.execute("UPDATE package SET reseller_id = %s", karoo)
        cursor.execute("INSERT INTO customer_group (name, reseller_id) VALUES ('Farms', %s)", karoo)
    assert (
        family.refused("customer", "move", "FRI001", "--reseller", "Coast") == "the package belongs to another reseller"
    )
    group = "the group belongs to another reseller"
    assert family.refused("customer", "add", "--group", "Farms", "--first-name", "Ann") == group
    assert family.refused("customer", "edit", "ACM001", "--group", "Farms") == group
    family.do("customer", "edit", "FRI001", "--group", "Farms")
    assert family.refused("customer", "move", "FRI001", "--reseller", "none") == group


def test_deactivated_customers_give_their_devices_back(family):
    """To deactivate is to disable and to take the devices into the inventory, whence they go to the next account."""
    family.do("customer", "move", "FRI001", "--reseller", "Karoo")
    family.do("device", "add", "frikkie", "00:00:5e:00:53:01", "--mac-auth")
    family.do("device", "add", "--inventory", "00:00:5e:00:53:02", "--description", "spare")
    done = family.json("customer", "deactivate", "FRI001")
    assert done["changed"] == {"disabled": [False, True]}
    assert done["devices"] == ["00:00:5e:00:53:01"]
    shelf = family.json("device", "list", "--inventory")
    assert [(one["mac"], one["account"], one["reseller"], one["mac_auth"]) for one in shelf] == [
        ("00:00:5e:00:53:01", None, "Karoo", False),
        ("00:00:5e:00:53:02", None, None, False),
    ]

    assert family.do("customer", "reactivate", "FRI001") == "customer FRI001: disabled yes -> no\n"
    assert (
        family.do("device", "assign", "00005e005302", "frikkie") == "device 00:00:5e:00:53:02: account - -> frikkie\n"
    )
    family.do("account", "add", "next", "--customer", "ACM001", "--package", "Home 50", "--no-password")
    cause = "device 00:00:5e:00:53:02 is at another account"
    assert family.refused("device", "assign", "00005e005302", "next") == cause
    family.do("device", "return", "00005e005302")
    assert family.refused("device", "add", "frikkie", "00005e005302").endswith("or in the inventory already")
    assert family.json("device", "list", "--in-use") == []


def test_a_resellers_customers_are_its_own(family, tmp_path):
    """Who acts as a reseller adds customers, devices and attachments of its own, and sees nothing of others'."""
    file = tmp_path / "letter"
    file.write_text("hello")
    family.do("attachment", "add", "FRI001", str(file))
    karoo = ("--as", "Karoo")
    added = family.json(*karoo, "customer", "add", "--group", "Homes", "--first-name", "Zed")["customer"]
    assert (added["code"], added["reseller"]) == ("ZED001", "Karoo")
    device = family.json(*karoo, "device", "add", "--inventory", "00005e005301")["device"]
    assert device["reseller"] == "Karoo"
    family.do(*karoo, "attachment", "add", "ZED001", str(file))
    assert family.json(*karoo, "attachment", "verify")["attachments"] == 1
    assert family.refused(*karoo, "attachment", "verify", "--sweep").startswith("only the provider's operators")
    for noun in ("contact", "address", "note", "attachment", "external-id"):
        assert family.refused(*karoo, noun, "list", "FRI001") == "no customer is named 'FRI001'"
    assert family.refused(*karoo, "attachment", "show", "1") == "no attachment has the id 1"
    same = family.refused(
        *karoo, "customer", "add", "--group", "Homes", "--first-name", "Frikkie", "--last-name", "Visser"
    )
    assert same == "the name as given is taken by another customer"  # without saying whose
