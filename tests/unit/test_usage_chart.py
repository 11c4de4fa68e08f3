"""The bars of `usage show --plot`, and where its table begins: pure, in any width."""

import re
from datetime import date

import pytest

from provisioning import usage
from provisioning.cli import chart


@pytest.mark.parametrize("columns", [20, 40, 80, 133, 200])
@pytest.mark.parametrize("most", [0, 8, 1_000, 1_000_000, 123_456_789_012, 2**63 - 1])
def test_bars_are_on_the_scale(columns, most):
    """The longest bar ends before the last tick, half of it is half as long, and the ticks are round and aligned."""
    lines = [
        "".join(span.text for span in line)
        for line in chart.draw(
            [chart.Bar("2026-11-01", most, most // 2), chart.Bar("2026-11-02", 0, 1)], columns=columns
        )
    ]
    if columns >= 40:
        assert max(map(len, lines)) <= columns
    full, half = (len(re.sub(r"[^█▏▎▍▌▋▊▉]", "", line.split("│", 1)[1])) for line in lines[1:3])
    axis, figures = lines[-2:]
    width = len(axis) - axis.index("└") - 1
    assert full <= width
    assert abs(full - 2 * half) <= 2
    assert axis[-1] == "┴"
    if columns >= 80:
        assert len(figures) == len(axis)


def test_scale_is_the_least_that_holds_it():
    """A scale's quarters are 1, 2 or 5 of a decimal unit."""
    assert [chart.scale(most) for most in (0, 4, 5, 8, 9, 20, 21, 999, 10**9)] == [
        4,
        4,
        8,
        8,
        20,
        20,
        40,
        2000,
        2 * 10**9,
    ]


@pytest.mark.parametrize(
    ("day", "by", "billing_day", "expected"),
    [
        ("2026-11-22", "day", 1, "2026-10-23"),
        ("2026-11-22", "month", 1, "2025-12-01"),
        ("2026-11-22", "year", 1, "2017-01-01"),
        ("2027-02-28", "period", 31, "2026-03-31"),
        ("2028-02-28", "period", 30, "2027-02-28"),
    ],
)
def test_where_a_table_begins(day, by, billing_day, expected):
    """Whole months, periods and years are shown, short months included."""
    parsed = date.fromisoformat(day)
    assert usage.first_day(parsed, by, billing_day).isoformat() == expected
