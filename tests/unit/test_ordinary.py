"""The ordinary request: its short way leads to the very answer that facts and rules would give."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.facts import Facts, OpenSession
from policies.ordinary import is_ordinary
from policies.reasons import Reason
from policies.rules import RULES
from radiusd.hook import Answer, Hook
from radiusd.rejections import Rejections
from radiusd.state import State
from tests.unit.facts_factory import ACCOUNT, CUSTOMER, DEVICE, NAS, NOW, PACKAGE, any_facts, make_facts
from tests.unit.test_hook import CODES, PAP, SOURCE, make_hook
from tests.unit.test_rules import APPLYING

_ASKED_ELSEWHERE = {Reason.WRONG_NAS, Reason.DEVICE_NOT_AUTHORISED, Reason.SESSIONS_EXCEEDED}


class LongWay(Hook):
    """Asks every rule about everybody."""

    def _ordinary(self, pairs: Any, now: float) -> Answer | None:
        return None


def is_ordinary_in(facts: Facts, now: float = NOW) -> bool:
    """Say of facts what is said of their rows."""
    return is_ordinary(facts.account, facts.customer, facts.group, now)


def test_a_paying_customer_is_ordinary() -> None:
    """Most are, or the short way would be none."""
    assert is_ordinary_in(make_facts(account={"expires_at": NOW + 60}, customer={"expires_at": NOW + 60}))


@pytest.mark.parametrize(
    "changed",
    [
        {"extras": {}},
        {"account": {"lock_to_devices": True}},
        {"customer": {"parent_id": 2}},
        {"customer": {"download_bps": 2, "upload_bps": 1}},
    ],
)
def test_what_few_have_is_not_ordinary(changed: dict[str, Any]) -> None:
    """It may be accepted all the same: the rules will tell."""
    assert not is_ordinary_in(make_facts(**changed))


@pytest.mark.parametrize(
    "reason", [reason for reason in APPLYING if reason not in _ASKED_ELSEWHERE], ids=lambda reason: reason.value
)
def test_whoever_a_rule_applies_to_is_not_ordinary(reason: Reason) -> None:
    """Each state of the account, its customer and its group is looked at."""
    assert not is_ordinary_in(make_facts(**APPLYING[reason]))


@settings(max_examples=200, deadline=None)
@given(any_facts(), st.floats(-60, 60))
def test_no_rule_applies_to_an_ordinary_account(facts: Facts, later: float) -> None:
    """None but those that look at router, device and sessions."""
    facts, now = replace(facts, parents=()), NOW + later
    if is_ordinary_in(facts, now):
        assert {rule.reason for rule in RULES if rule.applies(facts, now)} <= _ASKED_ELSEWHERE


def ask(hook: Hook, pairs: Any, seed: int) -> tuple[int, set[Any], set[Any]]:
    """Return the answer with the dice fallen as `seed` has it, and the pairs in no order."""
    random.seed(seed)
    code, sent, known = hook.authorize(pairs)
    assert len(set(sent)) == len(sent)
    return code, set(sent), set(known)


def state_of(facts: Facts) -> State:
    """Return a state in which these facts are found."""
    state = State()
    package_ids = {facts.package.id, *(number for _, number in (facts.account.extras or make_extras()).package_changes)}
    for number in package_ids:
        state.put("package", replace(facts.package, id=number))
    for relation, row in (("group", facts.group), ("customer", facts.customer), ("account", facts.account)):
        state.put(relation, row)
    if facts.nas is not None:
        state.put("nas", facts.nas)
    if facts.device is not None:
        state.put("device", facts.device)
    return state


def make_extras() -> Any:
    """Return the extras of one who has none."""
    return make_facts(extras={}).account.extras


stations = st.sampled_from([DEVICE.mac, "02-00-00-00-00-02", "0200.0000.0003", "+27 11 555 0100", ""])
more_pairs = st.lists(
    st.sampled_from(
        [
            ("Framed-Protocol", "PPP"),
            ("Framed-Protocol", "SLIP"),
            ("NAS-Port-Id", "ether1"),
            ("NAS-Port-Id", ""),
            ("NAS-Port", "7"),
            ("EAP-Type", "NAK"),
            ("EAP-Type", "MD5"),
            ("Service-Type", "Framed-User"),
            ("Cisco-AVPair", "a"),
            ("Calling-Station-Id", "02-00-00-00-00-02"),
        ]
    ),
    max_size=4,
)
sessions = st.lists(st.sampled_from([DEVICE.mac, "02:00:00:00:00:02", "192.0.2.1 port ether1"]), max_size=2)


@settings(max_examples=200, deadline=None)
@given(
    facts=any_facts() | st.sampled_from([make_facts(), make_facts(package={"sessions_allowed": 2})]),
    asked=st.lists(st.tuples(st.sampled_from(["nemo", "ned"]), stations, more_pairs), min_size=1, max_size=6),
    opened=sessions,
    seed=st.integers(0),
)
def test_the_short_way_gives_the_same_answers(facts: Facts, asked: Any, opened: list[str], seed: int) -> None:
    """Whatever is known and asked: the same replies, the same counts, the same slots."""
    hooks = Hook(CODES, Rejections()), LongWay(CODES, Rejections())
    for hook in hooks:
        hook.take(state_of(facts))
        assert hook.state is not None
        for number, place in enumerate(opened):
            hook.state.put("session", OpenSession(number, "nemo", place))
    for number, (user_name, station, more) in enumerate(asked, seed):
        pairs = (("User-Name", user_name), ("Calling-Station-Id", station), SOURCE, *more)
        short, long = (ask(hook, pairs, number) for hook in hooks)
        assert short == long
    short, long = hooks
    assert short.counts.as_dict() == long.counts.as_dict()
    assert short.slots.peek("nemo", NOW) == long.slots.peek("nemo", NOW)


class ShortWay(Hook):
    """Fails where the short way does not lead to an answer."""

    def _answer(self, asked: Any, now: float) -> Answer:
        raise AssertionError("the long way")


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (("package", replace(PACKAGE, sessions_allowed=1, session_seconds=86_400)),),
        (("account", replace(ACCOUNT, expires_at=2**35, password="{crypt}x", pap_only=True)),),
        (("device", replace(DEVICE, mac="02:00:00:00:00:02")),),
        (
            ("package", replace(PACKAGE, sessions_allowed=1)),
            ("session", OpenSession(1, "nemo", DEVICE.mac)),
        ),
    ],
)
def test_ordinary_requests_go_the_short_way(rows: tuple[tuple[str, Any], ...]) -> None:
    """With a session limit, an expiry to come, a hash, other people's devices, one's own old session."""
    ordinary = make_hook(*rows)
    short = ShortWay(CODES, Rejections())
    short.take(ordinary.state)
    for _ in range(2):
        assert short.authorize(PAP)[0] == CODES.ok


@pytest.mark.parametrize(
    ("relation", "row"),
    [
        ("package", replace(PACKAGE, download_bps=90_000_000)),
        ("package", replace(PACKAGE, session_seconds=60)),
        ("group", replace(make_facts().group, enabled=False)),
        ("nas", replace(NAS, vendor="nokia")),
        ("customer", replace(CUSTOMER, suspended=True)),
        ("account", replace(ACCOUNT, expires_at=NOW // 2)),
    ],
)
def test_the_short_way_obeys_a_changed_row(relation: str, row: Any) -> None:
    """What was worked out from the old row is forgotten."""
    changed, fresh = make_hook(), LongWay(CODES, Rejections())
    ask(changed, PAP, 1)
    assert changed.state is not None
    changed.state.put(relation, row)
    fresh.take(changed.state)
    assert ask(changed, PAP, 2) == ask(fresh, PAP, 2)


@pytest.mark.parametrize("relation", ["group", "package"])
def test_the_short_way_ends_with_a_removed_row(relation: str) -> None:
    """A broken state is silence, on either way."""
    hook = make_hook()
    assert hook.authorize(PAP)[0] == CODES.ok
    assert hook.state is not None
    hook.state.remove(relation, "1")
    assert hook.authorize(PAP)[0] == CODES.handled
