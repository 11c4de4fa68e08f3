"""Time bands as operators write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import TimeBand
from provisioning import hours
from provisioning.errors import BadInput

BANDS = st.builds(
    TimeBand,
    weekdays=st.integers(1, 127),
    starts_minute=st.integers(0, 1439),
    ends_minute=st.integers(1, 1440),
    download_bps=st.integers(1, 2**40),
    upload_bps=st.integers(1, 2**40),
).filter(lambda band: band.starts_minute != band.ends_minute)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("mon-fri 18:00-23:00 20M/5M", TimeBand(31, 1080, 1380, 20_000_000, 5_000_000)),
        ("sat,sun 00:00-24:00 50M/10M", TimeBand(96, 0, 1440, 50_000_000, 10_000_000)),
        ("Daily  22:00-06:00 1G/64k", TimeBand(127, 1320, 360, 1_000_000_000, 64_000)),
        ("fri-mon,wed 00:00-00:01 1k/1k", TimeBand(1 + 4 + 16 + 32 + 64, 0, 1, 1000, 1000)),
    ],
)
def test_bands(text, band):
    """Days as ranges or lists or daily, hours, download and upload."""
    assert hours.parse_band(text) == band


@given(BANDS)
def test_bands_come_back(band):
    """A band that was written is read back exactly."""
    assert hours.parse_band(hours.format_band(band)) == band


@pytest.mark.parametrize(
    "text",
    [
        "mon 18:00-18:00 1M/1M",
        "mon 24:00-06:00 1M/1M",
        "mon 18:00-24:01 1M/1M",
        "mon 18:60-19:00 1M/1M",
        "mon 18:00-00:00 1M/1M",
        "day 18:00-19:00 1M/1M",
        "mon- 18:00-19:00 1M/1M",
        "mon 18:00-19:00 1M",
        "mon 18:00-19:00 0/1M",
    ],
)
def test_no_band(text):
    """Empty hours, hours that are not there, other days and missing rates are refused."""
    with pytest.raises(BadInput):
        hours.parse_band(text)


@given(st.text())
def test_anything_typed_is_read_or_refused(text):
    """Whatever is typed, nothing but a refusal is raised."""
    with suppress(BadInput):
        hours.parse_band(text)
