"""A reseller's operator writes to the reseller's own customers, and to nobody else's."""

import pytest

from tests.integration.operators.market import NORTH, SOUTH

WORDS = ("--subject", "Work", "--body", "Dear {{ customer }}, yours {{ provider }}", "--dry-run")


@pytest.fixture
def nora(market):
    """Return North's operator."""
    return market.operator("nora")


def test_whom_an_operator_writes_to(nora):
    """Codes of others are not there; all is all of the reseller's; a filter by another's group finds no group."""
    sent = nora.json("message", "send", NORTH.customer, *WORDS)
    assert [one["recipient"] for one in sent["first"]] == ["noord@example.net"]
    assert nora.refused("message", "send", NORTH.customer, SOUTH.customer, *WORDS).startswith("no customer is named")
    everybody = nora.json("message", "send", "--all", *WORDS)
    assert (everybody["messages"], everybody["unreached_codes"]) == (1, [NORTH.sub_account])
    assert "no group is named" in nora.refused("message", "send", "--group", SOUTH.group, *WORDS)


def test_what_is_the_providers(nora):
    """Templates may be used, not set; the gateway is not even seen."""
    template = ("message", "template", "set", "overdue", "--subject", "x", "--body", "x")
    assert nora.run(*template).exit_code == 2
    assert "hello" in nora.do("message", "template", "list")
    assert nora.refused("message", "gateway", "show", "email") == "operator nora may not see what is of the area node"
    line = ("message", "gateway", "set", "email", "--host", "mail.example", "--sender", "a@example.net")
    assert nora.refused(*line) == "operator nora may not change what is of the area node"


def test_support_writes_in_the_resellers_name(market):
    """Who may not see resellers writes to their customers in the brand they know all the same."""
    hana = market.operator("hana")
    market.operator().do("reseller", "edit", "North", "--brand", "Noord Fibre")
    try:
        (message,) = hana.json("message", "send", NORTH.customer, *WORDS)["first"]
        assert message["body"] == "Dear noord first noord last, yours Noord Fibre"
    finally:
        market.operator().do("reseller", "edit", "North", "--brand", "none")
