"""Whether a long past makes the present slower: 100 million closed sessions and 3 years of usage beside none.

    bin/bench --help                      installs what this needs, once
    python -m tests.bench.history [--sessions 100000000] [--accounts 100000] [--years 3] [--turns 7] [--seconds 3]

Fills the second node's database (an hour and 90 GB at full size), then measures both in turns: Access-Accepts,
accounting sustained into PostgreSQL (sessions that open, report and close), `customer show`, `session list`. Flat is at
most 10 % slower. The report is var/bench/history.md and history.json; what was made is removed at the end.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from demo import errors, settings, signals
from demo.cluster import make_folder
from demo.errors import Refusal
from demo.settings import REPOSITORY
from tests.bench import authorize, machine, past
from tests.bench.node import Node
from tests.bench.options import Options
from tests.bench.report import plain
from tests.bench.screen import Screen
from tests.bench.stand import Stand
from tests.bench.tables import Table, count
from tests.bench.turns import Series, in_turns

COMMANDS = ("customer show U000000005", "session list --limit 20", "session list --account user0000005")
RATES = ("Access-Accept/s", "accounting sustained/s")
ALLOWED = 1.10
WITHOUT, WITH = "without", "with"

_OPEN_SESSIONS = 5_000


def main() -> int:
    """Fill, measure, tell; return 1 where a figure is not flat."""
    wanted = _wanted()
    screen = Screen()
    try:
        with signals.as_exceptions():
            return _run(wanted, screen)
    except Refusal as refusal:
        screen.refuse(refusal)
    except OSError as exc:
        screen.refuse(errors.of_system(exc))
    except signals.Stopped:
        screen.say("stopped")
    return 2


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sessions", type=int, default=100_000_000, help="closed ones (%(default)s)")
    parser.add_argument("--accounts", type=int, default=100_000, help="each with a row of usage a day (%(default)s)")
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn")
    return parser.parse_args()


def _run(wanted: argparse.Namespace, screen: Screen) -> int:
    folder = settings.from_environ().home / "bench"
    make_folder(folder, mode=0o755)
    _check_space(folder, wanted)
    options = Options(turns=wanted.turns, seconds=wanted.seconds, accounts=wanted.accounts)
    with Stand(folder, options, screen) as stand:
        nodes = {name: stand.accounting_node(wanted.accounts, name[0:5]) for name in (WITHOUT, WITH)}
        filled = _fill(nodes[WITH], wanted, screen)
        taken = _measure(stand, nodes)
    result = {"machine": machine.describe(folder), "filled": filled, "figures": taken}
    table = table_of(taken)
    screen.show(table)
    (folder / "history.json").write_text(json.dumps(plain(result), indent=1) + "\n", "utf-8")
    (folder / "history.md").write_text(f"# A long past\n\n{filled}\n\n{table.markdown()}\n", "utf-8")
    return 1 if any(flatness(figure, of) == "no" for figure, of in taken.items()) else 0


def _check_space(folder: Path, wanted: argparse.Namespace) -> None:
    days = 366 * wanted.years * wanted.accounts
    needed = wanted.sessions * past.OCTETS_A_SESSION + days * past.OCTETS_A_DAY + (4 << 30)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise Refusal(
            f"this takes {needed / 1e9:.0f} GB, and {free / 1e9:.0f} GB are free",
            "Set TOLLKEEPER_HOME to a larger disk, or ask for fewer --sessions or --accounts.",
        )


def _fill(node: Node, wanted: argparse.Namespace, screen: Screen) -> str:
    count_of_months = 12 * wanted.years
    began = time.monotonic()
    with screen.bar("filling", past.steps(count_of_months)) as advance:
        for made in past.fill(node, wanted.sessions, count_of_months):
            advance(made)
    seconds = time.monotonic() - began
    sessions = node.query("SELECT count(*) FROM session_history")
    days = node.query("SELECT count(*) FROM usage_day")
    gigabytes = node.query("SELECT pg_database_size(current_database())") / 1e9
    said = f"{sessions:,} closed sessions, {days:,} rows of daily usage: {gigabytes:.1f} GB, made in {seconds:.0f} s."
    screen.say(said)
    return said


def _measure(stand: Stand, nodes: dict[str, Node]) -> dict[str, dict[str, Series]]:
    for name, node in nodes.items():
        with stand.screen.step(f"opening {_OPEN_SESSIONS:,} sessions {name} a past"):
            users = min(_OPEN_SESSIONS, node.accounts)
            stand.radload.run("open", node.settings.acct_port, expect="responded", users=users, seconds=600)
            node.await_drained()
    runs: dict[tuple[str, str], Callable[[], float]] = {}
    for name, node in nodes.items():
        runs[RATES[0], name] = partial(authorize.rate, stand, "pap", "accept", node.settings.auth_port)
        runs[RATES[1], name] = partial(_sustained, stand, node)
        for command in COMMANDS:
            runs[command, name] = partial(_seconds, node, command)
    runs = dict(sorted(runs.items()))  # with beside without
    taken: dict[str, dict[str, list[float]]] = {what: {} for what, _ in runs}
    with stand.screen.bar("measuring", len(runs) * stand.options.turns) as advance:
        for (what, name), value in in_turns(runs, stand.options.turns):
            taken[what].setdefault(name, []).append(value)
            advance(f"{what}, {name}")
    return {what: {name: Series(tuple(values)) for name, values in of.items()} for what, of in taken.items()}


def _sustained(stand: Stand, node: Node) -> float:
    """Return records a second of sessions that open, report three times and close, until all are in PostgreSQL."""
    stand.checkpoint()
    users = min(2_000, node.accounts)  # so that most of them come round within a turn
    began = time.monotonic()
    load = stand.radload.run(
        "cycle", node.settings.acct_port, expect="responded", users=users, seconds=stand.options.seconds
    )
    node.await_drained()
    return load.responded / (time.monotonic() - began)


def _seconds(node: Node, command: str) -> float:
    began = time.monotonic()
    subprocess.run(
        [str(REPOSITORY / "bin/tollkeeper"), *command.split()],
        check=True,
        stdout=subprocess.DEVNULL,
        env=node.environ(),
    )
    return time.monotonic() - began


def slowdowns(figure: str, of: dict[str, Series]) -> tuple[float, float]:
    """Return how many times as long it takes with a past, by the medians and by the best turns."""
    best = max if figure in RATES else min
    medians = of[WITH].median / of[WITHOUT].median
    bests = best(of[WITH].values) / best(of[WITHOUT].values)
    return (1 / medians, 1 / bests) if figure in RATES else (medians, bests)


def flatness(figure: str, of: dict[str, Series]) -> str:
    """Return yes or no where medians and best turns agree, else that it cannot be told for noise."""
    found = {slowdown <= ALLOWED for slowdown in slowdowns(figure, of)}
    return "unclear" if len(found) > 1 else "yes" if True in found else "no"


def table_of(taken: dict[str, dict[str, Series]]) -> Table:
    """Return the figures, with and without."""
    rows: list[list[str]] = []
    for figure, of in taken.items():
        show: Callable[[float], str] = count if figure in RATES else lambda seconds: f"{seconds:.2f} s"
        rows.append(
            [
                figure,
                show(of[WITHOUT].median),
                show(of[WITH].median),
                *(f"{slowdown - 1:+.1%}" for slowdown in slowdowns(figure, of)),
                f"{max(of[WITHOUT].spread, of[WITH].spread):.0%}",
                flatness(figure, of),
            ]
        )
    columns: Any = ["", "without a past", "with it", "slower by", "best turns", "spread", "flat"]
    return Table(
        "Flat: at most 10 % slower",
        columns,
        rows,
        "Medians of turns that alternated.",
    )


if __name__ == "__main__":
    sys.exit(main())
