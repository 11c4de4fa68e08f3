"""Speeds are read out of every vendor's attributes as that vendor means them, and back from what we write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.speed import Speed, Unexpressible
from policies.vendors import VENDORS
from provisioning.migration import speeds

NAMED = frozenset({"cisco", "generic", "rtbrick"})  # no numbers on the wire


def read(*pairs):
    """Return what the first family says."""
    (said, *_) = speeds.read(speeds.gather(pairs)) or [None]
    return said


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("10M/50M", Speed(50_000_000, 10_000_000)),
        ("512k", Speed(512_000, 512_000)),
        ("1G/2500000", Speed(2_500_000, 1_000_000_000)),
        ("1M/2M 2M/4M", Speed(2_000_000, 1_000_000, 4_000_000, 2_000_000, 2_000_000, 1_000_000, 1)),
        ("1M/2M 2M/4M 512k/1M 8/8 5", Speed(2_000_000, 1_000_000, 4_000_000, 2_000_000, 1_000_000, 512_000, 8, 5)),
        ("1M/2M 0/0 0/0 0/0 8", Speed(2_000_000, 1_000_000, priority=8)),
    ],
)
def test_mikrotik_rate_limit(text, speed):
    """rx, the customer's upload, comes first; what is missing is what RouterOS takes."""
    assert read(("Mikrotik-Rate-Limit", text)).speed == speed


@pytest.mark.parametrize("text", ["", "fast", "1M/2M x/y", "0/5M", "1M/2M/3M", "1M 2M 3M 4 9", "1 2 3 4 5 6 7"])
def test_what_is_no_rate_limit_says_nothing(text):
    """What cannot be read is not guessed at."""
    assert read(("Mikrotik-Rate-Limit", text)) is None


def test_no_limit():
    """0/0 is no limit, which is something else than nothing said."""
    said = read(("Mikrotik-Rate-Limit", "0/0"))
    assert (said.speed, said.says("Mikrotik-Rate-Limit", "0/0")) == (None, True)


def test_what_is_lost_is_told():
    """Guaranteed rates and times that differ by direction have no column."""
    assert "guaranteed" in read(("Mikrotik-Rate-Limit", "1M/2M 0/0 0/0 0/0 8 1k/1k")).lossy
    assert "burst times" in read(("Mikrotik-Rate-Limit", "1M/2M 2M/4M 1M/1M 8/16")).lossy


@pytest.mark.parametrize(
    ("pairs", "vendor", "download", "upload"),
    [
        ([("WISPr-Bandwidth-Max-Down", "5000000"), ("WISPr-Bandwidth-Max-Up", "1000000")], "wispr", 5e6, 1e6),
        ([("ChilliSpot-Bandwidth-Max-Down", "512"), ("ChilliSpot-Bandwidth-Max-Up", "64")], "chillispot", 512e3, 64e3),
        ([("Huawei-Output-Average-Rate", "8000"), ("Huawei-Input-Average-Rate", "4000")], "huawei", 8e3, 4e3),
        ([("Ascend-Xmit-Rate", "8000"), ("Ascend-Data-Rate", "4000")], "mikrotik", 8e3, 4e3),
        ([("Ascend-Data-Rate", "8000"), ("Ascend-Data-Rate", "4000")], "mikrotik", 8e3, 4e3),
        ([("Ascend-Data-Rate", "8000")], "mikrotik", 8e3, 8e3),
        (
            [
                ("Cisco-AVPair", "lcp:interface-config#1=rate-limit output 2048000 384000 384000 conform-action x"),
                ("Cisco-AVPair", "lcp:interface-config#2=rate-limit input 512000 96000 96000 conform-action x"),
            ],
            "cisco",
            2_048_000,
            512_000,
        ),
        ([("Filter-Id", "users"), ("Filter-Id", "2048/512")], "accel_ppp", 2_048_000, 512_000),
        ([("ERX-Service-Activate:1", "svc(50m,10m)")], "juniper", 50e6, 10e6),
        ([("QOS-Rate-Outbound", "2048"), ("QOS-Rate-Inbound", "512")], "ericsson", 2_048_000, 512_000),
    ],
)
def test_other_vendors(pairs, vendor, download, upload):
    """Each in its own unit and direction."""
    said = read(*pairs)
    assert (said.vendor, said.speed.download_bps, said.speed.upload_bps) == (vendor, download, upload)


def test_one_direction_says_nothing():
    """A package has both rates or none."""
    assert read(("WISPr-Bandwidth-Max-Down", "5000000")) is None


def test_a_filter_beside_a_speed_is_not_taken_for_it():
    """accel-ppp's Filter-Id may be a rate or a filter's name."""
    said = read(("Filter-Id", "users"), ("Filter-Id", "2048/512"))
    assert [said.says("Filter-Id", text) for text in ("users", "2048/512")] == [False, True]


rates = st.integers(1, 4_294_967).map(lambda kbps: kbps * 1000)


@given(st.sampled_from(sorted(VENDORS.keys() - NAMED)), rates, rates)
def test_what_we_write_is_read_back(vendor, download, upload):
    """The speed that any vendor's file writes is the speed that is read."""
    try:
        pairs = VENDORS[vendor].speed(Speed(download, upload))
    except Unexpressible:
        return
    said = read(*((pair.name, pair.value) for pair in pairs))
    assert (said.speed.download_bps, said.speed.upload_bps) == (download, upload)
    assert all(said.says(pair.name, pair.value) for pair in pairs)
