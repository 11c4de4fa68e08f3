"""The hook, as FreeRADIUS calls it: its return codes are plain numbers, everything else is the real thing."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from policies.facts import Account, Customer, Nas, Package
from radiusd.hook import Answer, Hook, ReturnCodes
from radiusd.rejections import Rejections
from radiusd.state import State
from tests.unit.facts_factory import ACCOUNT, CUSTOMER, DEVICE, GROUP, NAS, NOW, PACKAGE, make_facts
from tests.unit.test_state import make_state

CODES = ReturnCodes(reject=0, ok=2, handled=3, notfound=6)  # as in FreeRADIUS's modules.h
SILENCE = (CODES.handled, (), (("Response-Packet-Type", ":=", "Do-Not-Respond"),))
SOURCE = ("Tollkeeper-Source-Address", NAS.address)
PAP = (("User-Name", "nemo"), ("Calling-Station-Id", DEVICE.mac), SOURCE)
LIMITED = replace(PACKAGE, sessions_allowed=2)


def make_hook(*more: tuple[str, object]) -> Hook:
    """Return a hook that answers for one paying customer, and more rows."""
    hook = Hook(CODES, Rejections())
    hook.take(make_state(*more))
    return hook


def request_from(station: str, user_name: str = "nemo") -> tuple[tuple[str, str], ...]:
    """Return the request of one device."""
    return (("User-Name", user_name), ("Calling-Station-Id", station), SOURCE)


def class_of(answer: Answer) -> str:
    """Return the Class by which an accepted session is known."""
    return next(value for name, _, value in answer[1] if name == "Class")


def assert_exact(answer: object) -> None:
    """Anything but exact tuple, int and str is dropped by rlm_python3 without a word, or worse."""
    assert type(answer) is tuple
    code, *lists = answer
    assert type(code) is int
    assert len(lists) == 2
    for pairs in lists:
        assert type(pairs) is tuple
        for pair in pairs:
            assert type(pair) is tuple
            assert [type(part) for part in pair] == [str, str, str]
            assert pair[1] in ("=", ":=", "+=")


# ---------------------------------------------------------------------------------------------- authorize


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


REFUSED: list[tuple[str, tuple[tuple[str, object], ...], tuple[tuple[str, str], ...]]] = [
    ("malformed_request", (), (SOURCE,)),
    ("malformed_request", (), (*PAP, ("User-Name", "ned"))),
    ("unknown_user", (), request_from(DEVICE.mac, "ned")),
    ("wrong_nas", (), PAP[:2]),
    ("device_not_authorised", (("device", replace(DEVICE, authorised=False)),), PAP),
    ("account_blocked", (("account", replace(ACCOUNT, blocked=True)),), PAP),
    ("customer_deleted", (("customer", replace(CUSTOMER, deleted=True)),), PAP),
    ("customer_disabled", (("customer", replace(CUSTOMER, disabled=True)),), PAP),
    ("group_disabled", (("group", replace(GROUP, enabled=False)),), PAP),
    ("expired", (("account", replace(ACCOUNT, expires_at=1)),), PAP),
    ("suspended", (("account", replace(ACCOUNT, suspended=True)),), PAP),
    ("cap_reached", (("account", replace(ACCOUNT, cap_reached=True)),), PAP),
    (
        "speed_unexpressible",
        (("nas", replace(NAS, vendor="huawei")), ("package", replace(PACKAGE, download_bps=2**40, upload_bps=2**40))),
        PAP,
    ),
]


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


# ------------------------------------------------------------------------------------------------ silence


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


# ------------------------------------------------------------------------------------------- session limit


def test_one_more_than_allowed_is_refused() -> None:
    """N+1 devices at once: exactly N are let in, before any of them has been reported."""
    hook = make_hook(("package", LIMITED))
    stations = [f"02:00:00:00:00:{number:02x}" for number in range(3)]
    codes = [hook.authorize(request_from(station))[0] for station in stations]
    assert codes == [CODES.ok, CODES.ok, CODES.reject]
    assert hook.counts.as_dict()["reject"] == {"sessions_exceeded": 1}


def test_the_same_device_again_is_let_in() -> None:
    """As often as it comes; it holds one slot."""
    hook = make_hook(("package", LIMITED))
    hook.authorize(request_from("02:00:00:00:00:09"))
    assert {hook.authorize(PAP)[0] for _ in range(5)} == {CODES.ok}
    assert len(hook.slots) == 2


def test_a_wrong_password_frees_the_slot() -> None:
    """Post-Auth-Type REJECT brings the Class back; any other Class frees nothing."""
    hook = make_hook(("package", LIMITED))
    answers = [hook.authorize(request_from(f"02:00:00:00:00:0{number}")) for number in (1, 2)]
    assert hook.post_auth_reject((("User-Name", "nemo"), ("Class", "0x00"))) == CODES.ok
    assert hook.authorize(request_from("02:00:00:00:00:03"))[0] == CODES.reject
    assert hook.post_auth_reject((("User-Name", "nemo"), ("Class", class_of(answers[0])))) == CODES.ok
    assert hook.authorize(request_from("02:00:00:00:00:03"))[0] == CODES.ok


@pytest.mark.parametrize("pairs", [None, (), (("User-Name", "nemo"),)])
def test_a_reject_without_a_class_is_nothing(pairs: tuple[tuple[str, str], ...] | None) -> None:
    """The code is FreeRADIUS's ok, a plain number."""
    code = make_hook().post_auth_reject(pairs)
    assert (type(code), code) == (int, CODES.ok)


def test_a_garden_takes_no_slot() -> None:
    """Who is behind walls does not use his sessions up."""
    hook = make_hook(
        ("package", LIMITED),
        ("group", replace(GROUP, treatment_suspended="garden", garden_pool="walled")),
        ("account", replace(ACCOUNT, suspended=True)),
    )
    assert hook.authorize(PAP)[0] == CODES.ok
    assert len(hook.slots) == 0


def test_without_a_limit_there_are_no_slots() -> None:
    """Nothing is kept where nothing is counted."""
    hook = make_hook()
    hook.authorize(PAP)
    assert len(hook.slots) == 0


def test_a_reject_takes_no_slot() -> None:
    """Neither one by a rule nor one by a vendor that cannot say the speed."""
    huge = replace(LIMITED, download_bps=2**40, upload_bps=2**40)
    hook = make_hook(("nas", replace(NAS, vendor="huawei")), ("package", huge))
    assert hook.authorize(PAP)[0] == CODES.reject
    assert len(hook.slots) == 0


def test_the_limit_holds_while_the_state_is_replaced() -> None:
    """The slots outlive a reload."""
    hook = make_hook(("package", replace(PACKAGE, sessions_allowed=1)))
    hook.authorize(PAP)
    hook.take(make_state(("package", replace(PACKAGE, sessions_allowed=1))))
    assert hook.authorize(request_from("02:00:00:00:00:02"))[0] == CODES.reject


def test_requests_go_on_while_the_feed_writes() -> None:
    """A thread that replaces rows all the time never makes the hook silent or inconsistent."""
    hook = make_hook()
    state = hook.state
    assert state is not None

    def write() -> None:
        for number in range(3000):
            name = "nemo" if number % 2 else "ned"
            state.put("customer", Customer(5, 1))
            state.put("account", Account(name, 5, 1, password="x"))
            state.put("package", replace(PACKAGE, download_bps=1_000_000 * (1 + number % 9)))
            state.remove("account", "ned")
            state.put("account", ACCOUNT)
            state.remove("customer", "5")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        codes = set()
        while not writing.done():
            codes.add(hook.authorize(PAP)[0])
        writing.result()
    assert codes == {CODES.ok}
    assert hook.counts.as_dict()["silent"] == 0


# ---------------------------------------------------------------------------------------- dynamic clients


@pytest.mark.parametrize(
    ("nas", "expected"),
    [
        (
            NAS,
            (
                ("FreeRADIUS-Client-IP-Address", ":=", "192.0.2.1"),
                ("FreeRADIUS-Client-Secret", ":=", NAS.secret),
                ("FreeRADIUS-Client-Shortname", ":=", "bng-1"),
                ("FreeRADIUS-Client-Require-MA", ":=", "yes"),
            ),
        ),
        (
            Nas(2, "six", "2001:db8::1", "secret", requires_message_authenticator=False),
            (
                ("FreeRADIUS-Client-IPv6-Address", ":=", "2001:db8::1"),
                ("FreeRADIUS-Client-Secret", ":=", "secret"),
                ("FreeRADIUS-Client-Shortname", ":=", "six"),
                ("FreeRADIUS-Client-Require-MA", ":=", "no"),
            ),
        ),
    ],
)
def test_a_known_nas_is_told(nas: Nas, expected: tuple[object, ...]) -> None:
    """Address, secret, name, and whether its requests have to be signed; IPv4 and IPv6."""
    answer = make_hook(("nas", nas)).dynamic_client((("Tollkeeper-Source-Address", nas.address),))
    assert answer == (CODES.ok, (), expected)
    assert_exact(answer)


@pytest.mark.parametrize("pairs", [(("Tollkeeper-Source-Address", "192.0.2.99"),), (), None])
def test_an_unknown_nas_is_not_found(pairs: tuple[tuple[str, str], ...] | None) -> None:
    """FreeRADIUS then drops the packet unread."""
    assert make_hook().dynamic_client(pairs) == (CODES.notfound, (), ())
    assert Hook(CODES, Rejections()).dynamic_client(pairs) == (CODES.notfound, (), ())


# ------------------------------------------------------------------------------------------ any request

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


# ------------------------------------------------------------------------------------------------ secrets


def test_nothing_secret_is_logged() -> None:
    """Neither password nor secret, of whatever went wrong, nor what the client typed as its password."""
    secrets = ("arctangent", NAS.secret, "typed-by-client")
    with capture_logs() as logged:
        rejections = Rejections()
        hook = Hook(CODES, rejections)
        rejections.start()
        typed = (*PAP, ("User-Password", secrets[2]), ("CHAP-Password", secrets[2]))
        hook.authorize(typed)
        hook.take(make_state())
        hook.authorize(typed)
        for _, rows, asked in REFUSED:
            hook.take(make_state(*rows))
            hook.authorize((*asked, ("User-Password", secrets[2])))
        assert hook.state is not None
        hook.take(make_state())
        hook.state.remove("customer", "1")
        hook.authorize(typed)
        rejections.stop()
    events = [event["event"] for event in logged]
    assert events.count("access_rejected") == len(REFUSED)
    assert events.count("authorize_failed") >= 1
    assert not any(secret in repr(logged) for secret in secrets)


def test_an_accept_logs_nothing() -> None:
    """Not a line each: they are counted."""
    with capture_logs() as logged:
        rejections = Rejections()
        hook = Hook(CODES, rejections)
        rejections.start()
        hook.take(make_state())
        hook.authorize(PAP)
        rejections.stop()
    assert logged == []


def test_a_package_of_no_limit_is_no_limit() -> None:
    """Any number of devices at once."""
    hook = make_hook(("package", Package(1, "open")))
    assert {hook.authorize(request_from(f"02:00:00:00:01:{n:02x}"))[0] for n in range(50)} == {CODES.ok}
