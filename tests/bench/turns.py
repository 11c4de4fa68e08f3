"""Figures taken in turns: ours, theirs, ours, theirs. The median counts, and the spread says how much to believe it.

Machines are shared and drift, so a ratio is that of the medians of turns that alternated, and its bounds are the lowest
and highest ratio of any one turn.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True)
class Series:
    """The same figure in several turns, in the order of the turns; at least one."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Highest less lowest, as a share of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def plain(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return {"median": self.median, "spread": round(self.spread, 4), "turns": list(self.values)}


@dataclass(frozen=True)
class Ratio:
    """Ours by theirs."""

    value: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.value:.2f} x ({self.lowest:.2f} to {self.highest:.2f})"


def ratio(ours: Series, theirs: Series) -> Ratio:
    """Return the ratio of the medians, and the bounds of the turns' own ratios."""
    each = [a / b for a, b in zip(ours.values, theirs.values, strict=True)]
    return Ratio(ours.median / theirs.median, min(each), max(each))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed; the nearest rank, nothing in between is made up."""
    ordered = sorted(values)
    rank = math.ceil(share * len(ordered) - 1e-9)  # 0.99 * 100 is a little more than 99
    return ordered[max(rank, 1) - 1]


def in_turns(runs: Mapping[_K, Callable[[], _V]], turns: int) -> Iterator[tuple[_K, _V]]:
    """Run each once a turn and yield its name and what it returned."""
    for _ in range(turns):
        for name, run in runs.items():
            yield name, run()
