"""Where a session sits, and what a clock that is put back does to reservations."""

from dataclasses import replace

import pytest

from policies.request import AccessRequest
from radiusd.slots import Slots
from radiusd.state import place
from tests.unit.facts_factory import NAS, PACKAGE
from tests.unit.hook_factory import CODES, make_hook


@pytest.mark.parametrize(
    "station", ["02-00-00-00-00-0A", "02:00:00:00:00:0a", "0200.0000.000a", "02-00-00-00-00-0A:ssid"]
)
def test_one_device_in_any_notation(station: str) -> None:
    """A MAC is the same place however the router writes it."""
    assert place(AccessRequest("nemo", "192.0.2.1", station)) == "02:00:00:00:00:0a"


def test_a_station_that_is_no_mac() -> None:
    """A telephone number is a place too."""
    assert place(AccessRequest("nemo", "192.0.2.1", "+27 11 555 0100", "7")) == "+27 11 555 0100"


def test_neither_device_nor_port() -> None:
    """Nobody's place: two such sessions are two."""
    assert place(AccessRequest("nemo", "192.0.2.1")) == ""


def test_a_clock_that_is_put_back() -> None:
    """Reservations from before do not last until the clock has come back to them."""
    slots = Slots()
    slots.reserve("nemo", "here", "one", 10_000.0)
    assert set(slots.places("nemo", 6_400.0)) == set()
    assert len(slots) == 0


def test_no_place_is_no_way_around_the_limit() -> None:
    """A router that says neither MAC nor port gets as many sessions as are allowed, and no more."""
    hook = make_hook(("package", replace(PACKAGE, sessions_allowed=1)))
    asked = (("User-Name", "nemo"), ("Tollkeeper-Source-Address", NAS.address))
    assert [hook.authorize(asked)[0] for _ in range(2)] == [CODES.ok, CODES.reject]
