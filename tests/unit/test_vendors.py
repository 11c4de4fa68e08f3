"""What holds for every vendor: all that leaves parses, only Unexpressible is raised, no name is made up."""

import re
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import attribute, dictionary
from policies.dictionary import Dictionary
from policies.facts import Pair
from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import VENDORS
from policies.vendors.vendor import Vendor
from tests.fix_cluster import missing_server

SHARE = Path("/usr/share/freeradius")

# FreeRADIUS 3.2.1 has no dictionary of this vendor's; newer ones have.
ABSENT_FROM_3_2_1 = {"rtbrick"}

IN_KBPS = {"nokia", "ericsson", "zte", "cambium", "canopy", "chillispot", "accel_ppp"}
SUFFIXES = {"": 1, "k": 1000, "m": 10**6, "M": 10**6}
RATE = re.compile(r"(?<![:0-9])([0-9]+)([kmM]?)")  # not the number of Nokia's queue

few = settings(max_examples=40, deadline=None)
rates = st.integers(1, 2**33) | st.sampled_from([1, 999, 1000, 1999, 10**6, 2**32 - 1])
text = st.text(max_size=300) | st.text("ab/-\\\n\x00\ud800é10", max_size=5) | st.sampled_from(["gold", "12", "walled"])
number = st.integers(-1, 2**33) | st.integers(-(2**70), 2**70) | st.sampled_from([0, 999, 10**6, 2**32 - 1, 2**32])
small = st.none() | st.integers(-1, 10)
speeds = st.builds(
    Speed,
    number,
    number,
    st.none() | number,
    st.none() | number,
    st.none() | number,
    st.none() | number,
    small,
    small,
    st.none() | text,
    st.none() | text,
)
gardens = st.builds(Garden, st.none() | text, st.none() | text, st.none() | text)


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed() -> Dictionary:
    """The dictionaries of the FreeRADIUS on this machine, and dictionary.motorola where they leave it out."""
    root = f"{SHARE}/dictionary"

    def read(path: str) -> str:
        return f"$INCLUDE {root}\n$INCLUDE- {SHARE}/dictionary.motorola\n" if path == "ours" else _read(path)

    if not Path(root).exists():
        missing_server(f"no {root}: install freeradius-common")
    return dictionary.parse("ours", read)


def _say(vendor: Vendor, tier: Speed, walls: Garden, pool: str) -> list[Pair]:
    """Everything that this vendor can say of these, leaving out what it refuses."""
    said: list[Pair] = []
    for ask in (
        lambda: vendor.speed(tier),
        lambda: vendor.garden(walls),
        lambda: vendor.ipv4_pool(pool),
        lambda: vendor.ipv6_pool(pool),
        lambda: vendor.delegated_ipv6_pool(pool),
    ):
        with suppress(Unexpressible):
            said.extend(ask())
    return said


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
@few
@given(tier=speeds, walls=gardens, pool=text)
def test_anything_is_said_or_refused(vendor: Vendor, tier: Speed, walls: Garden, pool: str) -> None:
    """Whatever a tier, a garden or a pool holds, exact strings come out, or Unexpressible."""
    for pair in _say(vendor, tier, walls, pool):
        assert [str, str, str] == [type(part) for part in pair]
        assert pair.operator in {":=", "+="}
        assert pair.name.partition(":")[0] in vendor.attributes


@pytest.mark.parametrize("vendor", sorted(set(VENDORS) - ABSENT_FROM_3_2_1))
@few
@given(tier=speeds, walls=gardens, pool=text)
def test_everything_said_parses(installed: Dictionary, vendor: str, tier: Speed, walls: Garden, pool: str) -> None:
    """Every pair that leaves passes the check against the installed dictionaries."""
    for pair in _say(VENDORS[vendor], tier, walls, pool):
        attribute.check(installed, *pair)


@pytest.mark.parametrize("vendor", VENDORS)
@few
@given(download_bps=rates, upload_bps=rates)
def test_no_rate_is_0_or_more_than_sold(vendor: str, download_bps: int, upload_bps: int) -> None:
    """A rate is said to the unit, rounded down, and never as 0, which is "no limit": under 1 kbit/s it is 1 kbit/s."""
    unit = 1000 if vendor in IN_KBPS else 1
    said = "  ".join(pair.value for pair in _say(VENDORS[vendor], Speed(download_bps, upload_bps), Garden(), ""))
    numbers = [int(digits) * SUFFIXES[suffix] * unit for digits, suffix in RATE.findall(said)]
    for number in numbers:
        assert number > 0
        assert any(bps - unit < number <= max(bps, unit) for bps in (download_bps, upload_bps))


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_attributes_is_what_it_can_say(vendor: Vendor) -> None:
    """`attributes` names all that the functions can emit, and nothing else."""
    burst = (None, 2_000_000)
    profiles = ((None, None), ("gold", "silver"), ("1", "2"))
    tiers = [Speed(10**6, 10**6, peak, peak, None, None, 1, 1, *names) for peak, names in product(burst, profiles)]
    walls = Garden("walled", "unpaid", "https://portal.example.net/")
    said = {pair.name.partition(":")[0] for tier in tiers for pair in _say(vendor, tier, walls, "homes")}
    assert vendor.attributes == said


@pytest.mark.parametrize("vendor", VENDORS)
def test_installed_dictionaries_know_the_names(installed: Dictionary, vendor: str) -> None:
    """The installed dictionaries know every vendor's attributes but those that are known to be missing."""
    missing = {name for name in VENDORS[vendor].attributes if not installed.find(name)}
    if missing and vendor in ABSENT_FROM_3_2_1:
        pytest.skip(f"this FreeRADIUS does not know {', '.join(sorted(missing))}")
    assert set() == missing


def test_vendors_by_name() -> None:
    """The table is by the name that nas.vendor holds, in the form the schema asks for, and cannot be changed."""
    assert len(VENDORS) == 15
    assert list(VENDORS) == [vendor.name for vendor in VENDORS.values()]
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in VENDORS)
    assert len({vendor.label for vendor in VENDORS.values()}) == len(VENDORS)
    with pytest.raises(TypeError):
        VENDORS["acme"] = VENDORS["generic"]  # type: ignore[index]
