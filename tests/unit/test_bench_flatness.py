"""Whether a series of samples grows, as the soak asks it; whether a long past makes anything slower."""

from datetime import date

import pytest

from tests.bench import history, past
from tests.bench.flatness import Allowance, growth
from tests.bench.turns import Series

THREE_PERCENT = Allowance(0.03, 0.0)


def test_what_stays_is_flat() -> None:
    """Noise around a level gains nothing."""
    found = growth([(float(n), 100.0 + n % 3) for n in range(900)], THREE_PERCENT)

    assert found.is_flat
    assert found.gained == pytest.approx(0.0, abs=0.01)


def test_a_leak_is_found_below_the_noise() -> None:
    """Six percent over the time that is looked at, under noise of ten."""
    found = growth([(float(n), 100.0 + n * 0.01 + n * 7 % 10) for n in range(900)], THREE_PERCENT)

    assert not found.is_flat
    assert found.gained == pytest.approx(6.0, rel=0.1)


def test_the_warm_up_does_not_count() -> None:
    """The first third may grow as it likes."""
    assert growth([(float(n), min(n, 250)) for n in range(900)], THREE_PERCENT).gained == 0.0


def test_an_outlier_does_not_count() -> None:
    """One burst at the end is no growth."""
    samples = [(float(n), 100.0) for n in range(300)]
    samples[-3:] = [(float(n), 10_000.0) for n in range(297, 300)]

    assert growth(samples, THREE_PERCENT).is_flat


def test_becoming_less_is_flat() -> None:
    """A spool that drains is no fault."""
    assert growth([(float(n), 1000.0 - n) for n in range(900)], THREE_PERCENT).is_flat


def test_what_is_small_may_grow_by_so_much() -> None:
    """Three percent of next to nothing is nothing."""
    samples = [(float(n), n * 0.01) for n in range(900)]

    assert growth(samples, Allowance(0.03, 7.0)).is_flat
    assert not growth(samples, Allowance(0.03, 5.0)).is_flat


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_samples_say_nothing(count: int) -> None:
    """Neither flat nor not."""
    with pytest.raises(ValueError, match="too few"):
        growth([(float(n), 1.0) for n in range(count)], THREE_PERCENT)


@pytest.mark.parametrize(
    ("figure", "without", "with_it", "expected"),
    [
        ("session list --limit 20", (1.0, 1.0, 1.2), (1.1, 1.1, 1.0), "yes"),
        ("session list --limit 20", (1.0, 1.0, 1.2), (1.2, 1.2, 1.3), "no"),
        ("session list --limit 20", (1.0, 1.0, 1.2), (1.0, 1.2, 1.3), "unclear"),
        ("Access-Accept/s", (100.0, 90.0), (95.0, 90.0), "yes"),
        ("Access-Accept/s", (100.0, 100.0), (80.0, 80.0), "no"),
    ],
)
def test_a_past_may_make_a_tenth_slower(
    figure: str, without: tuple[float, ...], with_it: tuple[float, ...], expected: str
) -> None:
    """Seconds may become more and rates less by that much; where medians and best turns differ, noise hides it."""
    assert history.flatness(figure, {"without": Series(without), "with": Series(with_it)}) == expected


def test_a_past_has_whole_months() -> None:
    """The last is that of the day, also over the end of a year."""
    assert [month.name for month in past.months(date(2027, 1, 31), 3)] == [
        "session_history_2026_11",
        "session_history_2026_12",
        "session_history_2027_01",
    ]
