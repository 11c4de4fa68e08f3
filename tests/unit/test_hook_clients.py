"""The hook, asked for a router's secret; and no secret in what it logs."""

import pytest
from structlog.testing import capture_logs

from policies.facts import Nas
from radiusd.hook import Hook
from radiusd.rejections import Rejections
from tests.unit.facts_factory import NAS
from tests.unit.hook_factory import CODES, PAP, REFUSED, assert_exact, make_hook
from tests.unit.test_state import make_state


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
