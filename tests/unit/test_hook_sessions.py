"""The session limit at the hook: exactly as many as allowed, whatever happens at the same time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from policies.facts import Account, Customer, Package
from tests.unit.facts_factory import ACCOUNT, GROUP, NAS, PACKAGE
from tests.unit.hook_factory import CODES, LIMITED, PAP, class_of, make_hook, request_from
from tests.unit.test_state import make_state


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


def test_a_package_of_no_limit_is_no_limit() -> None:
    """Any number of devices at once."""
    hook = make_hook(("package", Package(1, "open")))
    assert {hook.authorize(request_from(f"02:00:00:00:01:{n:02x}"))[0] for n in range(50)} == {CODES.ok}
