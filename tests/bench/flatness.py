"""Whether something grows: the slope through samples after a warm-up, robust against the odd one."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

Samples = Sequence[tuple[float, float]]  # seconds, value

WARM_SHARE = 1 / 3
_POINTS = 200  # a slope is the median of all pairs' slopes, so their number is kept small


@dataclass(frozen=True)
class Allowance:
    """What may be gained from the end of the warm-up to the end: a share of the median, or so much, if that is more."""

    share: float
    absolute: float


@dataclass(frozen=True)
class Growth:
    """What one series did after its warm-up."""

    median: float
    slope: float  # by the second
    gained: float  # by that slope, over the time that was looked at
    allowed: float

    @property
    def is_flat(self) -> bool:
        """Whether it gained no more than it may. To become less is no fault."""
        return self.gained <= self.allowed


def growth(samples: Samples, allowance: Allowance) -> Growth:
    """Return what the samples did after the first third; raise ValueError where fewer than three are left."""
    warm_until = samples[0][0] + WARM_SHARE * (samples[-1][0] - samples[0][0]) if samples else 0.0
    kept = [sample for sample in samples if sample[0] >= warm_until]
    if len(kept) < 3:
        raise ValueError("too few samples")
    median = statistics.median(value for _, value in kept)
    slope = _slope(_thinned(kept))
    gained = slope * (kept[-1][0] - kept[0][0])
    return Growth(median, slope, gained, max(allowance.share * median, allowance.absolute))


def _thinned(samples: Samples) -> Samples:
    """Return at most that many, each the median of its neighbours."""
    size = -(-len(samples) // _POINTS)
    groups = [samples[first : first + size] for first in range(0, len(samples), size)]
    if size == 1:
        return samples
    return [
        (statistics.median(at for at, _ in group), statistics.median(value for _, value in group)) for group in groups
    ]


def _slope(samples: Samples) -> float:
    """Theil and Sen: the median of the slopes of all pairs, which a third of outliers does not move."""
    return statistics.median((b - a) / (t - s) for (s, a), (t, b) in combinations(samples, 2) if t > s)
