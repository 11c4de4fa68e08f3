"""What operators type, as numbers in the schema's units, and back."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provisioning import units
from provisioning.errors import BadInput

NOW = datetime(2027, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
PARSERS = [
    units.parse_bps,
    units.parse_octets,
    units.parse_cents,
    units.parse_seconds,
    units.parse_mac,
    lambda text: units.parse_time(text, NOW),
]


@pytest.mark.parametrize(
    ("text", "bps"),
    [("10M", 10**7), ("512k", 512_000), ("1.5G", 1_500_000_000), ("64000", 64_000), ("1 T", 10**12), ("10m", 10**7)],
)
def test_rates_are_decimal(text, bps):
    """k, M, G and T are powers of a thousand; a bare number is bit/s."""
    assert units.parse_bps(text) == bps


@pytest.mark.parametrize(
    ("text", "octets"),
    [("100GB", 10**11), ("1TB", 10**12), ("5GiB", 5 * 2**30), ("1.5 MB", 1_500_000), ("7", 7), ("8b", 8), ("1k", 1000)],
)
def test_octets_are_decimal_unless_binary_is_said(text, octets):
    """GB is 10**9, GiB is 2**30."""
    assert units.parse_octets(text) == octets


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "10 Mbps", "٣M", "", "M", "9223372036854775808", "0.0001k"])
def test_no_rate(text):
    """Nothing, less than nothing, parts of a bit, other units, other digits and too much are refused."""
    with pytest.raises(BadInput):
        units.parse_bps(text)


@given(st.integers(1, 2**63 - 1))
@example(1_500_000_000)
def test_rates_come_back(bps):
    """A rate that was written is read back exactly."""
    assert units.parse_bps(units.format_bps(bps)) == bps


@given(st.integers(1, 2**63 - 1))
@example(5 * 2**30)
@example(100 * 10**9)
def test_octets_come_back(octets):
    """An amount of data that was written is read back exactly."""
    assert units.parse_octets(units.format_octets(octets)) == octets


@pytest.mark.parametrize(
    ("bps", "text"),
    [(10**7, "10M"), (1_500_000_000, "1.5G"), (512_000, "512k"), (999, "999"), (1_234_567, "1234.567k")],
)
def test_rates_are_written_as_people_do(bps, text):
    """The biggest unit with at most three decimals is taken."""
    assert units.format_bps(bps) == text


@given(st.integers(0, 10**15))
def test_money_comes_back(cents):
    """An amount of money that was written is read back exactly."""
    assert units.parse_cents(units.format_cents(cents)) == cents


@pytest.mark.parametrize("text", ["1.234", "-5", "1,50", "R5", ".5", "5."])
def test_no_money(text):
    """Amounts with parts of a cent, signs, commas or currencies are refused."""
    with pytest.raises(BadInput):
        units.parse_cents(text)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("1w", 604800)])
def test_durations(text, seconds):
    """A duration is in seconds, or in the unit that follows it."""
    assert units.parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW.replace(microsecond=0)),
        ("+1s", NOW.replace(microsecond=0) + timedelta(seconds=1)),
        ("+3d", NOW.replace(microsecond=0) + timedelta(days=3)),
        ("2027-02-01T18:00:00+02:00", datetime(2027, 2, 1, 18, tzinfo=timezone(timedelta(hours=2)))),
        ("2027-02-01T18:00Z", datetime(2027, 2, 1, 18, tzinfo=UTC)),
        ("2027-02-01", date(2027, 2, 1)),
    ],
)
def test_times(text, moment):
    """Now, from now on, ISO 8601 with a zone, and a bare date whose zone others know."""
    assert units.parse_time(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["2027-02-01T18:00:00", "2027-02-30", "0001-01-01", "9999-12-31T23:59:59-12:00", "+999999999w", "tomorrow"]
)
def test_no_time(text):
    """Times without a zone, days that are not there, and years that nobody means are refused."""
    with pytest.raises(BadInput):
        units.parse_time(text, NOW)


@pytest.mark.parametrize("text", ["00:00:5E:00:53:01", "00-00-5e-00-53-01", "0000.5e00.5301", "00005e005301"])
def test_macs(text):
    """Every vendor's writing of a MAC is the same MAC."""
    assert units.parse_mac(text) == "00:00:5e:00:53:01"


@pytest.mark.parametrize("text", ["00:00:5e:00:53:01:ssid", "00:00:5e:00:53", "00:00:5e:00:53:0g", ""])
def test_no_mac(text):
    """What is longer, shorter or not hexadecimal is refused."""
    with pytest.raises(BadInput):
        units.parse_mac(text)


@pytest.mark.parametrize("parse", PARSERS)
@given(text=st.text() | st.from_regex(r"[+]?[0-9.:-]{1,30}[a-zA-Z+:]{0,6}", fullmatch=True))
def test_anything_typed_is_read_or_refused(parse, text):
    """Whatever is typed, nothing but a refusal is raised."""
    with suppress(BadInput):
        parse(text)
