"""What bin/bench is asked for: which parts, how long, how much."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from demo.errors import Refusal

PARTS = ("authorize", "latency", "scale", "cold-start", "propagation", "storm", "accounting")

_EPILOG = """\
parts:
  authorize     Access-Requests a second by PAP, CHAP and MS-CHAPv2, accepted and rejected
  latency       how long they take with 16, 64 and 256 in flight
  scale         Access-Accepts a second with 10,000, 100,000 and 1,000,000 accounts
  cold-start    from start to first answer, from the database and from the snapshot file; memory an account
  propagation   from a committed change to the first answer that obeys it, idle and under load
  storm         all subscribers come back within seconds, while one in a hundred is changed
  accounting    records a second acknowledged, and brought into PostgreSQL

examples:
  bin/bench --quick                          three minutes, for a first look
  bin/bench                                  all of it, half an hour; leave the machine alone meanwhile
  bin/bench --only authorize,latency         two parts
  bin/bench --only accounting --turns 9      more turns, where the spread is wide

Ours, FreeRADIUS's `files` and stock rlm_sql with PostgreSQL run side by side on private servers and free ports, and are
measured in turns. The report is left in var/bench/ (TOLLKEEPER_HOME moves var): report.md, report.json and plots.
"""


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    only: tuple[str, ...] = PARTS
    turns: int = 7
    seconds: float = 2.5  # a turn: short and many, as machines drift
    accounts: int = 100_000  # wherever their number is not the question; all of them come back in the storm
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    changes: int = 400  # whose propagation is measured, a load
    open_sessions: int = 50_000  # that report interims
    cold_starts: int = 2
    peers_storm: bool = True  # a storm on stock rlm_sql too
    plots: bool = True
    quick: bool = False

    @property
    def warm_seconds(self) -> float:
        """How long a turn runs before it counts."""
        return min(0.5, self.seconds / 4)


_QUICK = Options(
    turns=3,
    seconds=0.7,
    sizes=(10_000, 100_000),
    changes=60,
    open_sessions=10_000,
    cold_starts=1,
    peers_storm=False,
    quick=True,
)


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Return what the command line asks for; raise `Refusal` on nonsense."""
    asked = _parser().parse_args(arguments)
    base = _QUICK if asked.quick else Options()
    only = _parts(asked.only) if asked.only else base.only
    given = {name: value for name in ("turns", "seconds", "accounts") if (value := getattr(asked, name)) is not None}
    found = replace(base, only=only, plots=not asked.no_plots, **given)
    found = replace(found, open_sessions=min(found.open_sessions, found.accounts))
    if found.turns < 1 or found.seconds < 0.1 or found.accounts < 10:
        raise Refusal("too little to measure", "Use at least 1 turn, 0.1 seconds, 10 accounts.")
    return found


def _parts(text: str) -> tuple[str, ...]:
    wanted = {word.strip() for word in text.split(",")}
    unknown = sorted(wanted - set(PARTS))
    if unknown:
        raise Refusal(f"no such part: {', '.join(unknown)}", f"Choose from: {', '.join(PARTS)}.")
    return tuple(part for part in PARTS if part in wanted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="How fast Tollkeeper is on this machine, beside FreeRADIUS's own ways, measured in turns.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="three minutes: shorter turns, no million accounts")
    parser.add_argument("--only", metavar="PART,...", help="these parts only")
    parser.add_argument("--turns", type=int, metavar="N", help="turns of each figure; the median counts")
    parser.add_argument("--seconds", type=float, metavar="S", help="length of a turn")
    parser.add_argument("--accounts", type=int, metavar="N", help="accounts where their number is not the question")
    parser.add_argument("--no-plots", action="store_true", help="tables only")
    return parser
