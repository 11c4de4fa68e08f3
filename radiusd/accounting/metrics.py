"""Numbers in Prometheus' text format 0.0.4, which any collector reads; a library for it would be larger than this."""

from bisect import bisect_left
from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]


class Histogram:
    """How many observations were at most each bound, and their sum. One thread observes."""

    def __init__(self, *bounds: float) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Take one in."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Page:
    """One answer to a scrape, written a family after the other. Names begin with tollkeeper_ by themselves."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def counter(self, name: str, description: str, values: Mapping[str, float] | float, label: str = "") -> None:
        """Write a number that only grows; with `label`, one for each of its values."""
        self._simple("counter", name, description, values, label)

    def gauge(self, name: str, description: str, values: Mapping[str, float] | float, label: str = "") -> None:
        """Write a number that goes up and down."""
        self._simple("gauge", name, description, values, label)

    def histogram(self, name: str, description: str, observed: Histogram) -> None:
        """Write a histogram."""
        self._head("histogram", name, description)
        total = 0
        for bound, count in zip((*observed.bounds, "+Inf"), list(observed.counts), strict=True):
            total += count
            self._lines.append(f'tollkeeper_{name}_bucket{{le="{bound}"}} {total}')
        self._lines += [f"tollkeeper_{name}_sum {observed.sum!r}", f"tollkeeper_{name}_count {total}"]

    def encode(self) -> bytes:
        """Return the whole page."""
        return "\n".join([*self._lines, ""]).encode()

    def _simple(self, kind: str, name: str, description: str, values: Mapping[str, float] | float, label: str) -> None:
        self._head(kind, name, description)
        if isinstance(values, Mapping):
            self._lines += (f'tollkeeper_{name}{{{label}="{key}"}} {value!r}' for key, value in values.items())
        else:
            self._lines.append(f"tollkeeper_{name} {values!r}")

    def _head(self, kind: str, name: str, description: str) -> None:
        self._lines += [f"# HELP tollkeeper_{name} {description}", f"# TYPE tollkeeper_{name} {kind}"]
