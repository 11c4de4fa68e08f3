"""What counts as reached: the table of figures, from the results of the parts."""

from typing import Any

import pytest

from tests.bench.targets import Verdict, verdicts
from tests.bench.turns import Series


def once(value: float) -> Series:
    """Return a series of one turn."""
    return Series((value,))


def full() -> dict[str, Any]:
    """Return results in which every figure is exactly as wanted."""
    kinds = {"start": (60.0, 40.0), "interim": (90.0, 70.0)}
    return {
        "authorize": {"rates": {"pap accept": {"ours": once(70.0), "files": once(100.0), "rlm_sql": once(10.0)}}},
        "scale": {"rates": {10_000: once(100.0), 100_000: once(200.0), 1_000_000: once(95.0)}},
        "accounting": {
            "rates": {
                kind: {"accepted": once(accepted), "sustained": once(sustained), "rlm_sql": once(20.0)}
                for kind, (accepted, sustained) in kinds.items()
            }
        },
        "latency": {"milliseconds": {64: {"ours": {"99": once(6.0)}, "files": {"99": once(3.0)}}}},
        "cold-start": {
            "seconds": {"database": {1_000_000: once(20.0)}, "snapshot": {1_000_000: once(9.0)}},
            "resident": {10_000: 1, 1_000_000: 2},
            "octets_an_account": 700.0,
        },
        "propagation": {"seconds": {"idle": {"p99": 9.0}, "authorize": {"p99": 0.1}, "both": {"p99": 0.25}}},
    }


def by_figure(results: dict[str, Any]) -> dict[str, Verdict]:
    """Return the verdicts by what was to be reached."""
    return {f"{one.target.figure}, {one.target.against}": one for one in verdicts(results)}


def test_what_is_exactly_as_wanted_is_reached() -> None:
    """At least and at most both include the figure itself."""
    assert [(one.value, one.word()) for one in verdicts(full())] == [
        (0.7, "yes"),
        (7.0, "yes"),
        (0.95, "yes"),
        (3.0, "yes"),
        (2.0, "yes"),
        (2.0, "yes"),
        (700.0, "yes"),
        (20.0, "yes"),
        (250.0, "yes"),
    ]


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    """A part that was left out leaves a dash."""
    assert {(one.value, one.reached, one.word(), one.measured()) for one in verdicts({})} == {
        (None, None, "–", "not measured")
    }


def test_a_quick_run_says_nothing_of_a_million() -> None:
    """Memory, cold start and scale were measured with fewer accounts, which proves nothing."""
    results = full()
    del results["scale"]["rates"][1_000_000]
    del results["cold-start"]["resident"][1_000_000]
    for times in results["cold-start"]["seconds"].values():
        del times[1_000_000]

    assert [one.target.figure for one in verdicts(results) if one.reached is None] == [
        "the same with 1,000,000 accounts",
        "memory an account with its customer, at 1,000,000",
        "cold start with 1,000,000 accounts to first answer",
    ]


@pytest.mark.parametrize(
    ("part", "worse", "figure"),
    [
        ("authorize", {"rates": {"pap accept": {"ours": once(6.9), "files": once(10.0), "rlm_sql": once(0.1)}}}, 0),
        ("latency", {"milliseconds": {64: {"ours": {"99": once(6.1)}, "files": {"99": once(3.0)}}}}, 5),
        ("propagation", {"seconds": {"idle": {"p99": 0.01}, "authorize": {"p99": 0.251}}}, 8),
    ],
)
def test_what_is_a_little_worse_is_missed(part: str, worse: dict[str, Any], figure: int) -> None:
    """Missed in that line, and the others are as they were."""
    found = verdicts({**full(), part: worse})

    assert [number for number, one in enumerate(found) if one.reached is False] == [figure]


def test_the_worse_kind_of_record_counts() -> None:
    """Starts may be as fast as they like."""
    results = full()
    results["accounting"]["rates"]["interim"]["sustained"] = once(30.0)

    assert by_figure(results)["accounting sustained into PostgreSQL/s, stock rlm_sql + PostgreSQL"].value == 1.5
