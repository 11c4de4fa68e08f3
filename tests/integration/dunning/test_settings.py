"""A customer's own days and its exemption, by command and by file."""

import json

import pytest


@pytest.fixture
def operator(provider):
    """Return an operator of a provider with one customer."""
    provider.customer("ANN")
    return provider.operator


def days(operator):
    """Return the days of its own that ANN has, and whether it is exempt."""
    (row,) = operator.json("customer", "list", "--search", "ann")
    return row["overdue_days"], row["second_notice_days"], row["suspension_days"], row["suspension_exempt"]


def test_by_command(operator):
    """Days are set and cleared one by one, by `suspension set` and by `customer edit`, and shown with the group's."""
    operator.do("suspension", "set", "ANN", "--suspension-days", "30", "--exempt")
    operator.do("customer", "edit", "ANN", "--overdue-days", "2", "--no-exempt")
    assert days(operator) == (2, None, 30, False)
    stands = operator.json("suspension", "status", "ANN")
    assert (stands["overdue_days"], stands["second_notice_days"], stands["suspension_days"]) == (2, 7, 30)

    operator.do("suspension", "set", "ANN", "--suspension-days", "none")

    assert days(operator) == (2, None, None, False)


def test_by_file(operator, tmp_path):
    """A file sets them, `export` writes them as they are, and the file changes nothing then."""
    file = tmp_path / "customers.csv"
    file.write_text("code,overdue_days,suspension_days,suspension_exempt\nANN,2,30,yes\n")
    operator.do("import", "apply", str(file))
    assert days(operator) == (2, None, 30, True)

    written = operator.do("export", "--all", "--format", "jsonl")

    row = json.loads(written)
    assert (row["overdue_days"], row["suspension_days"], row["suspension_exempt"]) == ("2", "30", "yes")
    (tmp_path / "again.jsonl").write_text(written)
    assert "0 change" in operator.run("import", "plan", str(tmp_path / "again.jsonl")).output
