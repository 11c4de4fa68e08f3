"""The table of rules: what each asks, and that the first that applies wins."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from policies.decide import decide
from policies.facts import Account, Customer, Device, Facts
from policies.reasons import Reason
from policies.rules import RULES
from tests.unit.facts_factory import ACCOUNT, CUSTOMER, DEVICE, NAS, NOW, any_facts, make_facts

OTHER_DEVICE = replace(DEVICE, user_name="ned")
REFUSED_DEVICE = replace(DEVICE, authorised=False)

# what makes each rule apply, as changes to a paying customer's facts, in the order of the design
APPLYING: dict[Reason, dict[str, Any]] = {
    Reason.WRONG_NAS: {"nas": None},
    Reason.DEVICE_NOT_AUTHORISED: {"device": REFUSED_DEVICE},
    Reason.ACCOUNT_BLOCKED: {"account": {"blocked": True}},
    Reason.CUSTOMER_DELETED: {"customer": {"deleted": True}},
    Reason.CUSTOMER_DISABLED: {"customer": {"disabled": True}},
    Reason.GROUP_DISABLED: {"group": {"enabled": False}},
    Reason.EXPIRED: {"account": {"expires_at": NOW}},
    Reason.SUSPENDED: {"account": {"suspended": True}},
    Reason.SESSIONS_EXCEEDED: {"package": {"sessions_allowed": 1}, "other_sessions": 1},
    Reason.CAP_REACHED: {"account": {"cap_reached": True}},
}


def both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the changes of both."""
    merged = dict(one)
    for name, change in other.items():
        merged[name] = {**merged[name], **change} if name in merged and isinstance(change, dict) else change
    return merged


def applying(facts: Facts) -> list[Reason]:
    """Return the reasons of all rules that apply, in their order."""
    return [rule.reason for rule in RULES if rule.applies(facts, NOW)]


def test_the_rules_are_in_the_order_of_the_design() -> None:
    """Unknown user comes before all of them, acceptance after."""
    assert [rule.reason for rule in RULES] == list(APPLYING)


def test_no_rule_applies_to_a_paying_customer() -> None:
    """Nobody is refused without a reason."""
    assert applying(make_facts()) == []


@pytest.mark.parametrize("reason", APPLYING, ids=lambda reason: reason.value)
def test_each_state_makes_its_rule_apply_and_no_other(reason: Reason) -> None:
    """The states are independent of each other."""
    assert applying(make_facts(**APPLYING[reason])) == [reason]


@pytest.mark.parametrize(("first", "second"), tuple(pairwise(APPLYING)), ids=lambda reason: reason.value)
def test_of_two_neighbours_the_first_wins(first: Reason, second: Reason) -> None:
    """Where two rules apply, the one that stands before the other is the reason."""
    facts = make_facts(**both(APPLYING[first], APPLYING[second]))
    assert applying(facts) == [first, second]
    assert decide(facts, NOW).reason is first


@settings(max_examples=100, deadline=None)
@given(any_facts())
def test_the_first_that_applies_is_the_reason(facts: Facts) -> None:
    """For any facts, the decision's reason is the first rule that applies, or acceptance."""
    assert decide(facts, NOW).reason is next(iter(applying(facts)), Reason.ACCEPTED)


def test_an_account_bound_to_a_nas_is_refused_on_another() -> None:
    """Only the NAS on the list may authenticate it."""
    assert applying(make_facts(extras={"nas_ids": (7, 8)})) == [Reason.WRONG_NAS]


@pytest.mark.parametrize("extras", [None, {}, {"nas_ids": (NAS.id,)}, {"nas_ids": (7, NAS.id)}])
def test_an_account_on_its_nas_is_let_in(extras: dict[str, Any] | None) -> None:
    """No list means every NAS; a list, each NAS on it."""
    assert applying(make_facts(extras=extras)) == []


@pytest.mark.parametrize(
    ("locked", "device", "refused"),
    [
        (False, None, False),
        (False, DEVICE, False),
        (False, OTHER_DEVICE, False),
        (False, REFUSED_DEVICE, True),
        (False, replace(OTHER_DEVICE, authorised=False), False),
        (True, None, True),
        (True, DEVICE, False),
        (True, OTHER_DEVICE, True),
        (True, REFUSED_DEVICE, True),
    ],
)
def test_a_device_counts_where_it_is_the_accounts(locked: bool, device: Device | None, refused: bool) -> None:
    """A locked account needs one of its own authorised devices; an open one only minds its own refused ones."""
    facts = make_facts(account={"lock_to_devices": locked}, device=device)
    assert applying(facts) == ([Reason.DEVICE_NOT_AUTHORISED] if refused else [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"disabled": True}, Reason.CUSTOMER_DISABLED),
        ({"suspended": True}, Reason.SUSPENDED),
        ({"expires_at": NOW}, Reason.EXPIRED),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_state_of_any_covering_parent_applies(change: dict[str, Any], reason: Reason, depth: int) -> None:
    """The customer's own state, its parent's, and its parent's parent's are all the same to it."""
    family = [CUSTOMER, Customer(2, 1), Customer(3, 1)]
    family[depth] = replace(family[depth], **change)
    facts = replace(make_facts(), customer=family[0], parents=tuple(family[1:]))
    assert applying(facts) == [reason]


def test_a_deleted_parent_covers_nobody() -> None:
    """Only disabled, suspended and expired are handed down."""
    assert applying(make_facts(parents=(Customer(2, 1, deleted=True),))) == []


def test_a_suspended_customer_suspends_its_accounts() -> None:
    """Suspension is the account's or the customer's."""
    assert applying(make_facts(customer={"suspended": True})) == [Reason.SUSPENDED]


@pytest.mark.parametrize(
    ("account", "customer", "parents", "earliest"),
    [
        (None, None, (), None),
        (5, None, (), 5),
        (None, 6, (), 6),
        (5, 6, (), 5),
        (6, 5, (), 5),
        (None, None, (None, 7), 7),
        (8, 9, (7, None), 7),
        (8, 6, (7, 9), 6),
    ],
)
def test_the_earliest_expiry_counts(
    account: int | None, customer: int | None, parents: tuple[int | None, ...], earliest: int | None
) -> None:
    """The account's, the customer's, or that of a parent that covers it."""
    family = tuple(Customer(number, 1, expires_at=at) for number, at in enumerate(parents, start=2))
    facts = make_facts(account={"expires_at": account}, customer={"expires_at": customer}, parents=family)
    assert facts.expires_at == earliest


@pytest.mark.parametrize(("now", "is_over"), [(NOW - 1, False), (NOW - 0.001, False), (NOW, True), (NOW + 0.5, True)])
def test_expiry_is_to_the_second(now: float, is_over: bool) -> None:
    """The last moment before is before; the second itself is over."""
    assert (decide(make_facts(account={"expires_at": NOW}), now).reason is Reason.EXPIRED) == is_over


@pytest.mark.parametrize(
    ("extras", "package", "allowed"),
    [
        (None, None, None),
        (None, 2, 2),
        ({}, 2, 2),
        ({"sessions_allowed": 3}, 2, 3),
        ({"sessions_allowed": 1}, 2, 1),
        ({"sessions_allowed": 1}, None, 1),
    ],
)
def test_the_accounts_own_limit_stands_over_the_packages(
    extras: dict[str, Any] | None, package: int | None, allowed: int | None
) -> None:
    """More or fewer sessions than the package has; nothing is any number."""
    assert make_facts(extras=extras, package={"sessions_allowed": package}).sessions_allowed == allowed


@pytest.mark.parametrize(("others", "refused"), [(0, False), (1, False), (2, True), (3, True)])
def test_as_many_sessions_as_are_allowed_are_enough(others: int, refused: bool) -> None:
    """The one that asks is one more than the others."""
    facts = make_facts(package={"sessions_allowed": 2}, other_sessions=others)
    assert applying(facts) == ([Reason.SESSIONS_EXCEEDED] if refused else [])


def test_every_reason_has_a_message() -> None:
    """A sentence for the customer each, all different."""
    messages = [reason.message for reason in Reason]
    assert all(message.endswith(".") and message.isascii() for message in messages)
    assert len(set(messages)) == len(messages)


def test_no_password_is_in_the_facts_text() -> None:
    """What a row or a fault prints of itself holds neither password nor secret."""
    printed = repr(make_facts())
    assert isinstance(ACCOUNT, Account)
    assert str(ACCOUNT.password) not in printed
    assert NAS.secret not in printed
