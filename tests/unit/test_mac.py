"""MAC addresses in every notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import mac

NOTATIONS = [
    "02:00:5e:10:00:ff",
    "02-00-5E-10-00-FF",
    "0200.5e10.00ff",
    "0200-5e10-00ff",
    "02005e-1000ff",
    "02005E1000FF",
    "02 00 5e 10 00 ff",
    "02.00-5e.10-00:ff",
]


@pytest.mark.parametrize("text", NOTATIONS)
def test_every_notation_is_the_same_address(text: str) -> None:
    """However a router writes it, it is one address."""
    assert mac.normalise(text) == "02:00:5e:10:00:ff"


def test_an_ssid_may_follow() -> None:
    """Calling-Station-Id and Called-Station-Id may go on with `:ssid` (RFC 3580 3.20, 3.21)."""
    assert mac.normalise("02-00-5E-10-00-FF:guests") == "02:00:5e:10:00:ff"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nemo",
        "+27215550100",
        "192.0.2.1",
        "192.168.100.200",
        "2001:db8::1",
        "02:00:5e:10:00:fg",
        "02:00:5e:10:00",
        "02005e1000ff0",
        "02\t005e1000ff",
        "02\t005e1000f",
        "02 005e1000f",
        "０２００５ｅ１０００ｆｆ",
    ],
)
def test_what_is_no_mac_address_is_none(text: str | None) -> None:
    """Telephone numbers, IP addresses, too few or too many digits, digits of other scripts."""
    assert mac.normalise(text) is None


@given(st.text() | st.text("0123456789abcdefABCDEF:-. ", max_size=20))
def test_a_normalised_address_stays_as_it_is(text: str) -> None:
    """Whatever comes out goes in again and comes out the same."""
    normalised = mac.normalise(text)
    if normalised is not None:
        assert mac.normalise(normalised) == normalised


@given(st.integers(0, 2**48 - 1), st.sampled_from([":", "-", "", " "]))
def test_every_address_is_one(number: int, separator: str) -> None:
    """All 2**48 of them."""
    octets = number.to_bytes(6, "big")
    assert mac.normalise(separator.join(f"{octet:02X}" for octet in octets)) == ":".join(
        f"{octet:02x}" for octet in octets
    )
