"""Facts for tests: a paying customer of a plain package, of whom each test says what is different."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from policies.facts import (
    Account,
    AccountExtras,
    Customer,
    Device,
    Facts,
    Group,
    Nas,
    Package,
    Pair,
    TimeBand,
)
from policies.vendors import VENDORS

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC, a Friday

ACCOUNT = Account("nemo", customer_id=1, package_id=1, password="arctangent")
CUSTOMER = Customer(id=1, group_id=1)
GROUP = Group(id=1, name="home")
PACKAGE = Package(id=1, name="50/10", download_bps=50_000_000, upload_bps=10_000_000)
NAS = Nas(1, "bng-1", "192.0.2.1", "xyzzy5461xyzzy5461", vendor="mikrotik")
DEVICE = Device("02:00:00:00:00:01", "nemo")


def make_facts(
    *,
    account: dict[str, Any] | None = None,
    customer: dict[str, Any] | None = None,
    group: dict[str, Any] | None = None,
    package: dict[str, Any] | None = None,
    extras: dict[str, Any] | None = None,
    **others: Any,
) -> Facts:
    """Return facts that are accepted, but for what the arguments change; `others` are fields of Facts itself."""
    return Facts(
        replace(ACCOUNT, extras=None if extras is None else AccountExtras(**extras), **(account or {})),
        replace(CUSTOMER, **(customer or {})),
        replace(GROUP, **(group or {})),
        replace(PACKAGE, **(package or {})),
        **{"nas": NAS, **others},
    )


# ------------------------------------------------- any facts at all, within the constraints of schema.sql

_some_rates = (1, 999, 64_000, 1_500_001, 10**7, 2**32 - 1, 2**32, 2**40)
rates = st.sampled_from([(download, upload) for download in _some_rates for upload in _some_rates])
moment = st.sampled_from([-1, 0, NOW - 1, NOW, NOW + 1, NOW + 60, NOW + 10**7, 2**40])
maybe_moment = st.none() | moment
treatment = st.sampled_from(["reject", "garden"])
name = st.sampled_from(["pool-1", "walled", "é" * 200, "two words", "\\n", "\x00", "\ud800", "%{User-Name}", "0"])
addresses = st.sampled_from(["192.0.2.7", "255.255.255.255", "0.0.0.1"])
pairs = st.lists(
    st.sampled_from(
        [
            Pair("Filter-Id", "=", "gold"),
            Pair("Filter-Id", "+=", "silver"),
            Pair("Idle-Timeout", ":=", "60"),
            Pair("Framed-Pool", "=", "other"),
            Pair("Cisco-AVPair", "+=", "ip:dns-servers=192.0.2.53"),
            Pair("Mikrotik-Rate-Limit", ":=", "1M/1M"),
            Pair("Tunnel-Private-Group-Id", "=", "7"),
        ]
    ),
    max_size=3,
).map(tuple)
prefixes = st.sampled_from(["2001:db8:1::/48", "2001:db8:0:7::/64", "::/0", "2001:db8::1/128"])


def _optional_pair(one: str, other: str) -> st.SearchStrategy[dict[str, int | None]]:
    """Both or neither, as the constraints `..._come_in_pairs` want it."""
    return (st.none() | rates).map(lambda both: dict(zip((one, other), both or (None, None), strict=True)))


@st.composite
def bands(draw: st.DrawFn) -> TimeBand:
    """Return any time band that the database would take."""
    starts_minute = draw(st.integers(0, 1439))
    ends_minute = draw(st.integers(1, 1440).filter(lambda minute: minute != starts_minute))
    return TimeBand(draw(st.integers(1, 127)), starts_minute, ends_minute, *draw(rates))


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """Return any group: a garden has walls, a throttle has rates."""
    states = ("blocked", "deleted", "disabled", "group_disabled", "expired", "suspended")
    walls = draw(st.sampled_from([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]))
    throttle = draw(rates)
    return Group(
        1,
        "home",
        draw(st.booleans()),
        draw(st.booleans()),
        *(draw(treatment) for _ in states),
        treatment_cap=draw(st.sampled_from(["reject", "garden", "throttle"])),
        garden_pool=draw(name) if walls[0] else None,
        garden_profile=draw(name) if walls[1] else None,
        garden_redirect_url="http://192.0.2.80/pay" if walls[2] else None,
        **draw(_optional_pair("garden_download_bps", "garden_upload_bps")),
        garden_session_seconds=draw(st.integers(60, 2**31 - 1)),
        throttle_download_bps=throttle[0],
        throttle_upload_bps=throttle[1],
    )


@st.composite
def customers(draw: st.DrawFn) -> Customer:
    """Return any customer."""
    booleans = [draw(st.booleans()) for _ in range(3)]
    tier = draw(_optional_pair("download_bps", "upload_bps"))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Johannesburg"]))
    return Customer(1, 1, None, *booleans, expires_at=draw(maybe_moment), time_zone=zone, **tier)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """Return any package."""
    throttles = draw(st.sampled_from(["reject", "garden", "throttle", None]))
    slow = draw(rates) if throttles == "throttle" else (None, None)
    return Package(
        1,
        "any",
        **draw(_optional_pair("download_bps", "upload_bps")),
        **draw(_optional_pair("burst_download_bps", "burst_upload_bps")),
        **draw(_optional_pair("burst_threshold_download_bps", "burst_threshold_upload_bps")),
        burst_seconds=draw(st.none() | st.integers(1, 3600)),
        priority=draw(st.none() | st.integers(1, 8)),
        cap_treatment=throttles,
        throttle_download_bps=slow[0],
        throttle_upload_bps=slow[1],
        sessions_allowed=draw(st.none() | st.integers(1, 3)),
        session_seconds=draw(st.none() | st.integers(60, 31_536_000)),
        idle_seconds=draw(st.none() | st.integers(60, 31_536_000)),
        interim_seconds=draw(st.integers(60, 86_400)),
        ipv4_pool=draw(st.none() | name),
        ipv6_pool=draw(st.none() | name),
        delegated_ipv6_pool=draw(st.none() | name),
        reply_attributes=draw(pairs),
        time_bands=tuple(draw(st.lists(bands(), max_size=3))),
        profiles=draw(st.dictionaries(st.sampled_from(sorted(VENDORS)), st.tuples(name, name), max_size=2)),
    )


@st.composite
def extras(draw: st.DrawFn) -> AccountExtras:
    """Return anything that few accounts have."""
    changes = sorted(draw(st.dictionaries(moment, st.integers(1, 3), max_size=3)).items())
    return AccountExtras(
        draw(st.none() | st.integers(1, 3)),
        draw(st.none() | addresses),
        draw(st.none() | addresses),
        draw(st.none() | prefixes),
        draw(st.none() | prefixes),
        draw(st.lists(st.sampled_from(["198.51.100.0/24 192.0.2.1 1", "203.0.113.0/24"]), max_size=2).map(tuple)),
        draw(st.none() | st.integers(1, 4094)),
        draw(pairs),
        draw(st.lists(st.integers(1, 3), max_size=2, unique=True).map(tuple)),
        tuple(changes),
    )


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """Return any facts about a known account; most are refused, and each is possible."""
    account = Account(
        "nemo",
        1,
        1,
        draw(st.none() | st.text(min_size=1, max_size=20)),
        draw(st.booleans()),
        *(draw(st.booleans()) for _ in range(3)),
        expires_at=draw(maybe_moment),
        lock_to_devices=draw(st.booleans()),
        extras=draw(st.none() | extras()),
    )
    devices = st.builds(Device, st.just(DEVICE.mac), st.sampled_from(["nemo", "ned"]), st.booleans(), st.booleans())
    return Facts(
        account,
        draw(customers()),
        draw(groups()),
        draw(packages()),
        draw(st.none() | st.sampled_from(sorted(VENDORS)).map(lambda vendor: replace(NAS, vendor=vendor))),
        tuple(draw(st.lists(customers(), max_size=2))),
        draw(st.none() | devices),
        draw(st.booleans()),
        draw(st.integers(0, 4)),
    )
