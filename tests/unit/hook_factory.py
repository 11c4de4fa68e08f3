"""A hook for tests, requests for it, and what every answer has to be. Its return codes are plain numbers."""

from dataclasses import replace

from radiusd.hook import Answer, Hook, ReturnCodes
from radiusd.rejections import Rejections
from tests.unit.facts_factory import ACCOUNT, CUSTOMER, DEVICE, GROUP, NAS, PACKAGE
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
