"""The figures to reach, and whether they were. A figure that was not measured is neither reached nor missed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.turns import Series, ratio

Results = Mapping[str, Any]  # by part, as the part's `measure` returned it

MILLION = 1_000_000


@dataclass(frozen=True)
class Target:
    """One line of the table. `measured` raises LookupError where the results do not hold the figure."""

    figure: str
    against: str
    limit: float
    unit: str
    measured: Callable[[Results], float]
    at_most: bool = False
    digits: int = 2

    def wanted(self) -> str:
        """Return what is to be reached, for people."""
        return f"{self.limit:g} {self.unit} or {'less' if self.at_most else 'more'}"


@dataclass(frozen=True)
class Verdict:
    """A target and what came of it; `value` and `reached` are None where it was not measured."""

    target: Target
    value: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the figure is as wanted."""
        if self.value is None:
            return None
        return self.value <= self.target.limit if self.target.at_most else self.value >= self.target.limit

    def measured(self) -> str:
        """Return the figure, for people."""
        return "not measured" if self.value is None else f"{self.value:.{self.target.digits}f} {self.target.unit}"

    def word(self) -> str:
        """Return yes, no or a dash."""
        return {True: "yes", False: "no", None: "–"}[self.reached]

    def plain(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return {
            "figure": self.target.figure,
            "against": self.target.against,
            "wanted": self.target.wanted(),
            "measured": self.value,
            "unit": self.target.unit,
            "reached": self.reached,
        }


def verdicts(results: Results) -> list[Verdict]:
    """Look up every target's figure."""
    return [Verdict(target, _value(target, results)) for target in TARGETS]


def _value(target: Target, results: Results) -> float | None:
    try:
        return target.measured(results)
    except LookupError:
        return None


def _of_medians(ours: Series, theirs: Series) -> float:
    return ratio(ours, theirs).value


def _authorize(peer: str) -> Callable[[Results], float]:
    def measured(results: Results) -> float:
        rates = results["authorize"]["rates"]["pap accept"]
        return _of_medians(rates["ours"], rates[peer])

    return measured


def _scale(results: Results) -> float:
    rates = results["scale"]["rates"]
    return _of_medians(rates[MILLION], rates[10_000])


def _accounting(figure: str) -> Callable[[Results], float]:
    """Starts and interims: the one that does worse counts."""

    def measured(results: Results) -> float:
        rates: Mapping[str, Mapping[str, Series]] = results["accounting"]["rates"]
        return min(_of_medians(of[figure], of["rlm_sql"]) for of in rates.values())

    return measured


def _latency(results: Results) -> float:
    waits = results["latency"]["milliseconds"][64]
    return _of_medians(waits["ours"]["99"], waits["files"]["99"])


def _memory(results: Results) -> float:
    if MILLION not in results["cold-start"]["resident"]:
        raise LookupError("memory was not measured at a million")
    return float(results["cold-start"]["octets_an_account"])


def _cold_start(results: Results) -> float:
    """From the database or from the snapshot: the slower counts."""
    return max(float(times[MILLION].median) for times in results["cold-start"]["seconds"].values())


def _propagation(results: Results) -> float:
    """Under whichever load it took longest."""
    loaded = [of["p99"] for load, of in results["propagation"]["seconds"].items() if load != "idle"]
    if not loaded:
        raise LookupError("propagation was not measured under load")
    return 1000 * float(max(loaded))


TARGETS = (
    Target(
        "Access-Accept/s, PAP, full policy with a session limit", "FreeRADIUS `files`", 0.70, "x", _authorize("files")
    ),
    Target("the same", "stock rlm_sql + PostgreSQL", 7.0, "x", _authorize("rlm_sql")),
    Target("the same with 1,000,000 accounts", "ours with 10,000", 0.95, "x", _scale),
    Target("accounting accepted (synced)/s", "stock rlm_sql + PostgreSQL", 3.0, "x", _accounting("accepted")),
    Target("accounting sustained into PostgreSQL/s", "stock rlm_sql + PostgreSQL", 2.0, "x", _accounting("sustained")),
    Target("p99 of Access at 64 in flight", "`files`", 2.0, "x", _latency, at_most=True),
    Target("memory an account with its customer, at 1,000,000", "", 700, "octets", _memory, at_most=True, digits=0),
    Target("cold start with 1,000,000 accounts to first answer", "", 20, "s", _cold_start, at_most=True, digits=1),
    Target("change committed to obeyed, p99, under load", "", 250, "ms", _propagation, at_most=True, digits=0),
)
