"""Prices after discount, the group's default package, and credit before anything that costs."""


def test_a_price_after_discount(operator):
    """The group's discount goes off the package's price, to the cent, and not off one of the account's own."""
    operator.do("group", "edit", "Homes", "--discount", "7.5%")
    assert operator.json("account", "show", "frikkie")["effective_price_cents"] == 46158  # 461.575
    operator.do("account", "edit", "frikkie", "--price", "450", "--topup-price", "45.50")
    shown = {row["user_name"]: row["effective_price_cents"] for row in operator.json("account", "list")}
    assert shown == {"ann": 46158, "frikkie": 45000}
    assert operator.json("account", "show", "frikkie")["topup_price_cents"] == 4550
    assert operator.refused("group", "edit", "Homes", "--discount", "101") == "a discount is 0 to 100 percent"


def test_the_groups_default_package(operator):
    """An account that is given no package has its group's, or there is none to have."""
    new = ("account", "add", "new", "--customer", "FRI001", "--no-password")
    assert operator.refused(*new) == "no package was given, and group Homes has no default one"
    assert "default package - -> Free" in operator.do("group", "edit", "Homes", "--default-package", "Free")
    assert operator.json(*new)["account"]["package"] == "Free"
    operator.do("account", "edit", "new", "--package", "Home 50")
    assert operator.refused("package", "remove", "Free")
    operator.do("group", "edit", "Homes", "--default-package", "none")


def test_credit_before_anything_that_costs(operator, accounting):
    """Without a credit limit, or owing more, nothing that costs and nothing dearer; what is cheaper goes on."""
    operator.do("group", "edit", "Homes", "--require-credit-limit")
    new = ("account", "add", "new", "--customer", "FRI001", "--no-password", "--package")
    none = "customer FRI001 has no credit limit, and its group gives nothing that costs without one"
    for line in (
        (*new, "Home 50"),
        ("account", "edit", "frikkie", "--package", "Home 100"),
        ("account", "edit", "frikkie", "--price", "499.01"),
        ("change", "add", "--account", "frikkie", "--package", "Home 100", "--at", "2199-01-01"),
        ("account", "move", "ann", "FRI001"),
    ):
        assert operator.refused(*line) == none, line
    operator.do(*new, "Free")
    operator.do("account", "edit", "frikkie", "--price", "400")

    accounting.sql("UPDATE customer SET credit_limit_cents = 100000 WHERE id = 1")
    operator.do("account", "edit", "frikkie", "--price", "401")
    accounting.sql(
        "INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)"
        " VALUES (1, 'I1', '2026-01-01', '2026-01-31', 120050)"
    )
    owing = "customer FRI001 owes 1200.50, more than its credit limit of 1000.00"
    assert operator.refused("account", "edit", "frikkie", "--price", "402") == owing
    operator.do("account", "edit", "frikkie", "--package", "Free")
    operator.do("account", "edit", "ann", "--sessions", "1")
