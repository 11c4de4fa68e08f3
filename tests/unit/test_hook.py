"""The hook, as FreeRADIUS calls it: its return codes are plain numbers, everything else is the real thing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radiusd.hook import Hook
from radiusd.rejections import Rejections
from radiusd.state import State
from tests.unit.facts_factory import ACCOUNT, CUSTOMER, DEVICE, GROUP, NAS, NOW, PACKAGE, make_facts
from tests.unit.hook_factory import (
    CODES,
    LIMITED,
    PAP,
    REFUSED,
    SILENCE,
    SOURCE,
    assert_exact,
    class_of,
    make_hook,
    request_from,
)
from tests.unit.test_state import make_state


def test_a_paying_customer_is_let_in() -> None:
    """With the package's speed, a Class of ours, and the password for FreeRADIUS's own modules."""
    code, sent, known = make_hook().authorize(PAP)
    assert code == CODES.ok
    assert known == (("Cleartext-Password", ":=", "arctangent"),)
    names = [name for name, *_ in sent]
    assert names == ["Mikrotik-Rate-Limit", "Acct-Interim-Interval", "Class"]
    assert re.fullmatch("0x544b[0-9a-f]{28}", sent[-1][2])


def test_every_class_is_another() -> None:
    """A session is known by it."""
    hook = make_hook()
    assert len({class_of(hook.authorize(PAP)) for _ in range(100)}) == 100


def test_reports_are_spread() -> None:
    """From the package's interval on, a tenth later at most: not all in the same second."""
    hook = make_hook()
    seconds = {int(value) for _ in range(200) for name, _, value in hook.authorize(PAP)[1] if "Interim" in name}
    assert 300 <= min(seconds) < max(seconds) < 330


@pytest.mark.parametrize(
    ("account", "known"),
    [
        ({"password": None}, ()),
        ({"password": "{crypt}x", "pap_only": True}, (("Password-With-Header", ":=", "{crypt}x"),)),
    ],
)
def test_what_is_known_of_the_password_is_handed_over(account: dict[str, Any], known: tuple[object, ...]) -> None:
    """A hash for PAP alone; nothing where only a certificate gets in."""
    hook = make_hook(("account", replace(ACCOUNT, **account)))
    assert hook.authorize(PAP)[::2] == (CODES.ok, known)


@pytest.mark.parametrize(
    ("eap", "known"),
    [
        ((), (("Auth-Type", ":=", "Accept"),)),
        ((("EAP-Type", "MD5"),), (("Cleartext-Password", ":=", "02-00-00-00-00-01"),)),
    ],
)
def test_a_registered_mac_needs_no_password(eap: tuple[tuple[str, str], ...], known: tuple[object, ...]) -> None:
    """It has been checked; EAP-MD5 wants to hear the user name as password."""
    hook = make_hook(("device", replace(DEVICE, mac_auth=True)))
    assert hook.authorize((*request_from(DEVICE.mac, "02-00-00-00-00-01"), *eap))[::2] == (CODES.ok, known)


def test_a_client_that_refuses_the_method_is_not_decided_about() -> None:
    """After a NAK comes another request; nothing is counted or reserved for this one."""
    hook = make_hook(("package", LIMITED))
    assert hook.authorize((*PAP, ("EAP-Type", "NAK"))) == (CODES.ok, (), ())
    assert len(hook.slots) == 0
    assert hook.counts.as_dict()["accept"] == 0


@pytest.mark.parametrize(("reason", "rows", "asked"), REFUSED)
def test_a_reject_is_counted_by_its_reason(
    reason: str, rows: tuple[tuple[str, object], ...], asked: tuple[tuple[str, str], ...]
) -> None:
    """Rejected, with nothing but what the group tells, and no password handed over."""
    hook = make_hook(*rows)
    answer = hook.authorize(asked)
    assert answer == (CODES.reject, (), ())
    assert_exact(answer)
    assert hook.counts.as_dict()["reject"] == {reason: 1}


def test_the_reason_is_told_where_the_group_says_so() -> None:
    """As Reply-Message."""
    hook = make_hook(("group", replace(GROUP, sends_reply_message=True)), ("account", replace(ACCOUNT, suspended=True)))
    assert hook.authorize(PAP) == (CODES.reject, (("Reply-Message", "=", "This account is suspended."),), ())


def test_answers_are_counted() -> None:
    """Accept, garden, throttle, each reject by its reason, and silence."""
    hook = Hook(CODES, Rejections())
    hook.authorize(PAP)
    walled = replace(GROUP, treatment_suspended="garden", garden_pool="walled", treatment_cap="throttle")
    slow = replace(walled, throttle_download_bps=2, throttle_upload_bps=1)
    for account in (ACCOUNT, replace(ACCOUNT, suspended=True), replace(ACCOUNT, cap_reached=True)):
        hook.take(make_state(("group", slow), ("account", account)))
        hook.authorize(PAP)
    hook.authorize(request_from(DEVICE.mac, "ned"))
    assert hook.counts.as_dict() == {
        "accept": 1,
        "garden": 1,
        "throttle": 1,
        "reject": {"unknown_user": 1},
        "silent": 1,
    }


def test_the_next_request_obeys_a_changed_row() -> None:
    """Nothing of the old row is remembered."""
    hook = make_hook()
    state = hook.state
    assert state is not None
    state.put("package", replace(PACKAGE, download_bps=90_000_000))
    assert hook.authorize(PAP)[1][0] == ("Mikrotik-Rate-Limit", ":=", "10M/90M")
    state.put("group", replace(GROUP, enabled=False))
    assert hook.authorize(PAP)[0] == CODES.reject


@pytest.mark.parametrize("pairs", [PAP, (), None])
def test_before_it_knows_anything_the_hook_is_silent(pairs: tuple[tuple[str, str], ...] | None) -> None:
    """The router asks the next server."""
    hook = Hook(CODES, Rejections())
    assert hook.authorize(pairs) == SILENCE
    assert_exact(hook.authorize(pairs))
    assert hook.counts.as_dict()["silent"] == 2


def test_a_withdrawn_state_is_silence() -> None:
    """What is older than the operator allows is not answered from."""
    hook = make_hook()
    hook.take(None)
    assert hook.authorize(PAP) == SILENCE
    assert hook.dynamic_client((SOURCE,)) == (CODES.notfound, (), ())


@pytest.mark.parametrize("relation", ["customer", "group", "package"])
def test_on_a_broken_state_the_hook_is_silent(relation: str) -> None:
    """An error of ours never cuts a paying customer; it is counted."""
    hook = make_hook()
    assert hook.state is not None
    hook.state.remove(relation, "1")
    assert hook.authorize(PAP) == SILENCE
    assert hook.counts.as_dict()["silent"] == 1


@pytest.mark.parametrize("pairs", [((),), ("User-Name",), (("User-Name", "nemo", "x"),), 7])
def test_on_what_is_no_request_the_hook_is_silent(pairs: Any) -> None:
    """Not even what FreeRADIUS never sends ends in an exception."""
    assert make_hook().authorize(pairs) == SILENCE


names = st.sampled_from(
    ["User-Name", "Calling-Station-Id", "NAS-Port-Id", "EAP-Type", "Framed-Protocol", "Tollkeeper-Source-Address"]
)
values = st.text(max_size=20) | st.sampled_from(["nemo", DEVICE.mac, NAS.address, "PPP", "MD5", "NAK"])


@pytest.fixture(scope="module")
def hook_of_many() -> Iterator[Hook]:
    """A hook with one account of nearly every kind."""
    state = State()
    accounts = {
        "nemo": make_facts(extras={"vlan_id": 7, "ipv4_address": "198.51.100.7"}),
        "limited": make_facts(package={"id": 2, "sessions_allowed": 1}),
        "suspended": make_facts(account={"suspended": True}),
        "expired": make_facts(account={"expires_at": NOW - 10**9}),
    }
    for user_name, facts in accounts.items():
        state.put("account", replace(facts.account, user_name=user_name, package_id=facts.package.id))
        state.put("package", facts.package)
    for relation, row in (("customer", CUSTOMER), ("group", GROUP), ("nas", NAS)):
        state.put(relation, row)
    state.put("device", replace(DEVICE, mac_auth=True))
    state.put("package", replace(PACKAGE, id=3, reply_attributes=()))
    hook = Hook(CODES, Rejections())
    hook.take(state)
    yield hook
    assert hook.counts.as_dict()["silent"] == 0


@settings(max_examples=300, deadline=None)
@given(
    user_name=st.sampled_from(["nemo", "limited", "suspended", "expired", DEVICE.mac]) | st.text(max_size=9),
    more=st.lists(st.tuples(names, values), max_size=6),
)
def test_any_request_gets_an_exact_answer(hook_of_many: Hook, user_name: str, more: list[tuple[str, str]]) -> None:
    """Whatever is asked: one of the two codes, and types that FreeRADIUS takes."""
    answer = hook_of_many.authorize((("User-Name", user_name), *more))
    assert_exact(answer)
    assert answer[0] in (CODES.ok, CODES.reject)
