"""bin/bench's arithmetic: medians, spread, ratios, quantiles, turns."""

import pytest

from tests.bench.turns import Series, in_turns, quantile, ratio


def test_a_series_is_quoted_by_its_median() -> None:
    """One turn that somebody else disturbed does not move it; the spread tells of it."""
    series = Series((100.0, 10.0, 102.0))

    assert series.median == 100.0
    assert series.spread == 0.92
    assert series.plain() == {"median": 100.0, "spread": 0.92, "turns": [100.0, 10.0, 102.0]}


def test_a_series_of_nothing_has_no_spread() -> None:
    """Zero divides nothing."""
    assert Series((0.0, 0.0)).spread == 0.0


def test_a_ratio_is_that_of_the_medians_with_the_bounds_of_the_turns() -> None:
    """Each turn's own ratio is within the bounds, not that of the extremes of different turns."""
    found = ratio(Series((50.0, 80.0, 60.0)), Series((100.0, 100.0, 120.0)))

    assert (found.value, found.lowest, found.highest) == (0.6, 0.5, 0.8)
    assert str(found) == "0.60 x (0.50 to 0.80)"


def test_series_of_different_lengths_are_not_compared() -> None:
    """They were not taken in turns."""
    with pytest.raises(ValueError, match="zip"):
        ratio(Series((1.0,)), Series((1.0, 2.0)))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.01, 1.0), (0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0)]
)
def test_a_quantile_is_a_value_that_was_seen(share: float, expected: float) -> None:
    """The nearest rank of a hundred values."""
    assert quantile([float(n) for n in range(100, 0, -1)], share) == expected


def test_turns_alternate() -> None:
    """Ours, theirs, ours, theirs."""
    counter = iter(range(4))
    runs = {"ours": lambda: next(counter), "theirs": lambda: next(counter)}

    assert list(in_turns(runs, 2)) == [("ours", 0), ("theirs", 1), ("ours", 2), ("theirs", 3)]
