"""Invoices, credit notes, payments: what is owed is what was invoiced less what was paid, to the cent."""

import pytest


def owed(operator, code="FRI001"):
    """Return what a customer owes, in cents."""
    return operator.json("balance", "show", code)["balance_cents"]


def test_a_payment_pays_what_is_due_first(operator):
    """The oldest due date is paid first, whole; the rest goes on to the next, and what is left is credit."""
    operator.do("invoice", "add", "FRI001", "B", "100", "--issued", "2026-02-01", "--due", "2026-02-28")
    operator.do("invoice", "add", "FRI001", "A", "100", "--issued", "2026-01-01", "--due", "2026-01-31")

    paid = operator.json("payment", "add", "FRI001", "150", "--received", "2026-02-10")["payment"]

    assert (paid["paid"], paid["unused_cents"]) == ({"A": 10000, "B": 5000}, 0)
    assert [(row["number"], row["state"]) for row in operator.json("invoice", "list")] == [("A", "paid"), ("B", "open")]
    assert owed(operator) == 5000


def test_credit_pays_the_next_invoice(operator):
    """What was paid ahead pays an invoice when it is added; a credit note does so too, before payments."""
    operator.do("payment", "add", "FRI001", "30")
    operator.do("credit-note", "add", "FRI001", "CN-1", "20")
    assert owed(operator) == -5000

    invoice = operator.json("invoice", "add", "FRI001", "INV-1", "45")["invoice"]

    assert (invoice["state"], invoice["open_cents"]) == ("paid", 0)
    assert operator.json("invoice", "show", "INV-1")["paid_by"] == {"R000001": 2500, "CN-1": 2000}
    assert operator.json("payment", "list", "--unused")[0]["unused_cents"] == 500
    assert owed(operator) == -500


def test_voiding_a_payment_opens_its_invoices_again(operator):
    """A payment that the bank took back pays nothing; both stay to be seen, and it is void but once."""
    operator.do("invoice", "add", "FRI001", "INV-1", "100")
    operator.do("payment", "add", "FRI001", "100")
    assert owed(operator) == 0

    operator.do("payment", "void", "R000001")

    assert owed(operator) == 10000
    assert operator.json("invoice", "show", "INV-1")["open_cents"] == 10000
    assert operator.json("payment", "show", "R000001")["voided_at"]
    assert operator.refused("payment", "void", "R000001") == "R000001 is void already"


def test_voiding_an_invoice_frees_its_money_for_the_next(operator):
    """What had paid a void invoice pays the invoice that is due next."""
    operator.do("invoice", "add", "FRI001", "INV-1", "100", "--issued", "2026-01-01")
    operator.do("payment", "add", "FRI001", "100", "--received", "2026-01-02")
    operator.do("invoice", "add", "FRI001", "INV-2", "60", "--issued", "2026-02-01")

    operator.do("invoice", "void", "INV-1")

    assert operator.json("invoice", "show", "INV-2")["paid_by"] == {"R000001": 6000}
    assert owed(operator) == -4000


def test_allocation_by_hand(operator):
    """An operator may say which invoice a payment pays, or that it pays none yet."""
    operator.do("invoice", "add", "FRI001", "INV-1", "100", "--issued", "2026-01-01")
    operator.do("invoice", "add", "FRI001", "INV-2", "100", "--issued", "2026-02-01")
    operator.do("payment", "add", "FRI001", "50", "--allocate", "INV-2=30", "--allocate", "INV-2=5")
    operator.do("payment", "add", "FRI001", "50", "--no-allocate", "--receipt", "SLIP 7")

    operator.do("payment", "allocate", "SLIP 7", "INV-1=20")

    assert operator.json("invoice", "show", "INV-2")["paid_by"] == {"R000001": 3500}
    assert operator.json("invoice", "show", "INV-1")["paid_by"] == {"SLIP 7": 2000}


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("invoice add FRI001 INV-1 5", "there is already an invoice numbered INV-1"),
        ("invoice add FRI001 INV-2 0", "an amount is more than nothing"),
        ("invoice add FRI001 INV-2 1.234,50", "MONEY: '1.234,50' is not an amount of money"),
        ("invoice add FRI001 INV-2 12.345", "MONEY: '12.345' is not an amount of money"),
        ("invoice add FRI001 INV-2 5 --issued 2026-02-01 --due 2026-01-01", "an invoice is due on or after the day"),
        ("invoice add NOB001 INV-2 5", "no customer is named 'NOB001'"),
        ("payment add FRI001 5 --allocate INV-1=6", "more would be allocated"),
        ("payment add ANN001 5 --allocate INV-1=5", "invoice and payment are not of one customer"),
        ("payment add FRI001 5 --allocate INV-9=5", "no invoice is named 'INV-9'"),
        ("payment add FRI001 5 --allocate INV-1", "--allocate: 'INV-1' names no invoice and amount"),
        ("payment add FRI001 5 --allocate INV-1=5 --no-allocate", "--allocate and --no-allocate contradict each other"),
        ("payment show R000009", "no payment is named 'R000009'"),
        ("balance show NOB001", "no customer is named 'NOB001'"),
    ],
)
def test_rules_of_money(operator, line, cause):
    """What cannot be is refused, and the books stay as they were."""
    operator.do("invoice", "add", "FRI001", "INV-1", "100")
    before = operator.json("balance", "show", "FRI001")

    assert operator.refused(*line.split()).startswith(cause)

    assert operator.json("balance", "show", "FRI001") == before


def test_statement_and_ages(operator):
    """A statement has every movement with the balance after it; the age analysis what is open, by how long."""
    day = "2020-01-01"
    operator.do("invoice", "add", "FRI001", "OLD", "100", "--issued", day, "--description", "line rental")
    operator.do("payment", "add", "FRI001", "30", "--received", "2020-01-05", "--reference", "bank 17")
    operator.do("invoice", "add", "FRI001", "NEW", "10", "--due", "2199-01-01")

    said = operator.json("balance", "show", "FRI001")

    assert [(line["number"], line["amount_cents"], line["balance_cents"]) for line in said["lines"]] == [
        ("OLD", 10000, 10000),
        ("R000001", -3000, 7000),
        ("NEW", 1000, 8000),
    ]
    assert said["ages"] == {"current": 1000, "30_days": 0, "60_days": 0, "90_days": 0, "120_days_and_more": 7000}
    assert operator.do("balance", "show", "FRI001").splitlines()[-1] == "balance\t80.00 ZAR"


def test_overdue(operator):
    """Overdue is what was due before today and is not paid whole."""
    operator.do("invoice", "add", "FRI001", "LATE", "10", "--issued", "2020-01-01")
    operator.do("invoice", "add", "FRI001", "TODAY", "10")
    operator.do("invoice", "add", "ANN001", "PAID", "10", "--issued", "2020-01-01")
    operator.do("payment", "add", "ANN001", "10")

    assert [row["number"] for row in operator.json("invoice", "list", "--overdue")] == ["LATE"]
    assert [row["number"] for row in operator.json("invoice", "list", "--open")] == ["LATE", "TODAY"]
    assert [row["number"] for row in operator.json("invoice", "list", "--customer", "ANN001")] == ["PAID"]
