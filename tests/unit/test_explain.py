"""The decision told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decide import decide
from policies.explain import Step, explain
from policies.facts import Customer, Device, Facts
from policies.reasons import Reason
from policies.rules import RULES
from tests.unit.facts_factory import DEVICE, NOW, any_facts, make_facts
from tests.unit.test_rules import APPLYING

ALL_RULES = [Reason.UNKNOWN_USER.value, *(rule.reason.value for rule in RULES)]


def told(facts: Facts, reason: Reason) -> str:
    """Return what is said about the facts of one rule."""
    (said,) = (step.facts for step in explain(facts, NOW) if step.rule == reason.value)
    return said


@settings(max_examples=100, deadline=None)
@given(st.none() | any_facts())
def test_the_rule_that_applies_is_the_decisions_reason(facts: Facts | None) -> None:
    """Whatever the facts: all rules in order, passed until one applies, not reached after it."""
    steps = list(explain(facts, NOW))
    assert [step.rule for step in steps] == ALL_RULES
    verdicts = [step.verdict for step in steps]
    reason = decide(facts, NOW).reason.value
    deciding = ALL_RULES.index(reason) if reason in ALL_RULES else len(ALL_RULES)
    expected = ["passed"] * deciding + ["applies"] + ["not reached"] * len(ALL_RULES)
    assert verdicts == expected[: len(ALL_RULES)]


def test_an_unknown_user_is_all_there_is_to_tell() -> None:
    """No rule is reached, and no facts are made up."""
    first, *rest = explain(None, NOW)
    assert first == Step("unknown_user", "no account and no MAC device of this name", "applies")
    assert rest == [Step(rule.reason.value, "", "not reached") for rule in RULES]


@pytest.mark.parametrize(
    ("reason", "passed", "applies"),
    [
        (Reason.WRONG_NAS, "NAS bng-1, account bound to any", "NAS unknown, account bound to any"),
        (Reason.ACCOUNT_BLOCKED, "account not blocked", "account blocked"),
        (Reason.CUSTOMER_DELETED, "customer not deleted", "customer deleted"),
        (Reason.CUSTOMER_DISABLED, "customer not disabled", "customer disabled"),
        (Reason.GROUP_DISABLED, "group home on", "group home off"),
        (
            Reason.EXPIRED,
            "account never, customer never",
            "account 2027-01-15T08:00:00+00:00, customer never",
        ),
        (
            Reason.SUSPENDED,
            "account not suspended, customer not suspended",
            "account suspended, customer not suspended",
        ),
        (
            Reason.SESSIONS_EXCEEDED,
            "0 others open or reserved, any number allowed",
            "1 others open or reserved, 1 allowed",
        ),
        (Reason.CAP_REACHED, "cap not reached", "cap reached"),
    ],
    ids=lambda value: value.value if isinstance(value, Reason) else None,
)
def test_each_rule_tells_what_it_looked_at(reason: Reason, passed: str, applies: str) -> None:
    """In words, for the one who passes and the one who does not."""
    assert told(make_facts(), reason) == passed
    assert told(make_facts(**APPLYING[reason]), reason) == applies


@pytest.mark.parametrize(
    ("locked", "device", "said"),
    [
        (False, None, "any device; this one is not registered"),
        (True, None, "locked to its devices; this one is not registered"),
        (True, DEVICE, "locked to its devices; 02:00:00:00:00:01 of nemo, authorised"),
        (False, Device("02:00:00:00:00:02", "ned", False), "any device; 02:00:00:00:00:02 of ned, not authorised"),
    ],
)
def test_the_device_is_told(locked: bool, device: Device | None, said: str) -> None:
    """Whose it is, and whether it may."""
    assert told(make_facts(account={"lock_to_devices": locked}, device=device), Reason.DEVICE_NOT_AUTHORISED) == said


def test_the_nas_of_a_bound_account_is_told() -> None:
    """To how many it is bound."""
    assert told(make_facts(extras={"nas_ids": (1, 2)}), Reason.WRONG_NAS) == "NAS bng-1, account bound to 2"
    assert told(make_facts(extras={}), Reason.WRONG_NAS) == "NAS bng-1, account bound to any"


def test_a_parents_state_is_told_as_the_parents() -> None:
    """Who looks at the customer alone would not find it."""
    parents = (Customer(2, 1), Customer(3, 1, disabled=True, suspended=True, expires_at=NOW))
    facts = make_facts(parents=parents)
    assert told(facts, Reason.CUSTOMER_DISABLED) == "customer disabled by a parent"
    assert told(facts, Reason.SUSPENDED) == "account not suspended, customer suspended by a parent"
    assert told(facts, Reason.EXPIRED) == (
        "account never, customer never, parent never, parent 2027-01-15T08:00:00+00:00"
    )


def test_how_the_account_was_found_is_told() -> None:
    """By its name, or by the MAC of its device."""
    assert told(make_facts(), Reason.UNKNOWN_USER) == "account nemo, found by user name"
    found = make_facts(device=DEVICE, by_mac=True)
    assert told(found, Reason.UNKNOWN_USER) == "account nemo, found by the MAC 02:00:00:00:00:01"


def test_an_expiry_beyond_the_calendar_is_told() -> None:
    """PostgreSQL knows years that Python does not."""
    for far in (2**42, 2**43, -(2**37)):
        said = told(make_facts(account={"expires_at": far}), Reason.EXPIRED)
        assert said == f"account {far} seconds after 1970, customer never"
