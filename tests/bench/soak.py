"""An hour at half load: memory flat after its warm-up, no growth of spool or lag.

    bin/bench --help                  installs what this needs, once
    python -m tests.bench.soak        ten minutes
    python -m tests.bench.soak --long an hour; or --minutes N

First it takes what the machine does with both loads at once; then logins, and sessions that open, report three times
and close, come at half of that. Sampled: memory of each server of ours, records in the spool, the age of the oldest.
After the first third, which is warm-up, memory may gain 3 % (or 4 MB), the spool a batch (5,000 records), the lag two
seconds.
The report is var/bench/soak.md, soak.json and soak.png.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from demo import errors, settings, signals
from demo.cluster import make_folder
from demo.errors import Refusal
from demo.processes import PidFile
from tests.bench import machine, plots, soak_plot
from tests.bench.flatness import Allowance, Growth, growth
from tests.bench.node import Node, resident_octets
from tests.bench.options import Options
from tests.bench.radload import Load
from tests.bench.screen import Screen
from tests.bench.stand import Stand
from tests.bench.tables import Table

MEMORY = Allowance(0.03, 4e6)  # octets
ALLOWED = {"spool_records": Allowance(0.0, 5_000), "lag_seconds": Allowance(0.0, 2.0)}

_LONG_MINUTES, _SHORT_MINUTES = 60.0, 10.0
_CALIBRATE_SECONDS = 10.0
_SAMPLES = 600

Sampled = dict[str, list[tuple[float, float]]]  # by what was sampled: seconds since the start, value


def main() -> int:
    """Run it; return 1 where something grows."""
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
    parser.add_argument("--long", action="store_const", dest="minutes", const=_LONG_MINUTES, help="an hour")
    parser.add_argument("--minutes", type=float, default=_SHORT_MINUTES, help="(%(default)g)")
    parser.add_argument("--accounts", type=int, default=20_000, help="(%(default)s)")
    return parser.parse_args()


def _run(wanted: argparse.Namespace, screen: Screen) -> int:
    folder = settings.from_environ().home / "bench"
    make_folder(folder, mode=0o755)
    with Stand(folder, Options(accounts=wanted.accounts), screen) as stand:
        node = stand.accounting_node(wanted.accounts)
        with screen.step("finding out what full load is"):
            full = _calibrate(stand, node)
        screen.say("half load: " + ", ".join(f"{rate / 2:,.0f} {mode}/s" for mode, rate in full.items()))
        sampled, loads = _soak(stand, node, {mode: rate / 2 for mode, rate in full.items()}, 60 * wanted.minutes)
    grown = {name: growth(samples, ALLOWED.get(name, MEMORY)) for name, samples in sampled.items()}
    table = table_of(grown)
    screen.show(table)
    said = _said(wanted.minutes, loads)
    screen.say(said)
    told = {"machine": machine.describe(folder), "half_load": full, "said": said, "sampled": sampled}
    (folder / "soak.json").write_text(json.dumps(told) + "\n", "utf-8")
    picture = "![Soak](soak.png)"
    try:
        soak_plot.draw(folder / "soak.png", sampled)
    except plots.Unavailable:
        picture = plots.MISSING
    (folder / "soak.md").write_text(f"# Soak\n\n{said}\n\n{table.markdown()}\n\n{picture}\n", "utf-8")
    return 0 if all(one.is_flat for one in grown.values()) and not any(load.lost for load in loads.values()) else 1


def _calibrate(stand: Stand, node: Node) -> dict[str, float]:
    """Return requests a second with both loads at once; of accounting, what got into PostgreSQL."""
    began = time.monotonic()
    with _loading(stand, node, {"pap": 0.0, "cycle": 0.0}, _CALIBRATE_SECONDS) as wait:
        loads = wait()
    node.await_drained()
    return {"pap": loads["pap"].rate, "cycle": loads["cycle"].responded / (time.monotonic() - began)}


@contextmanager
def _loading(
    stand: Stand, node: Node, rates: Mapping[str, float], seconds: float
) -> Iterator[Callable[[], dict[str, Load]]]:
    """Load with Access-Requests and accounting at once, `rates` a second, 0 as fast as it goes; give what waits."""
    common = {"users": node.accounts, "seconds": seconds}
    with (
        stand.radload.running("pap", node.settings.auth_port, rate=rates["pap"], **common) as logins,
        stand.radload.running("cycle", node.settings.acct_port, rate=rates["cycle"], **common) as records,
    ):
        yield lambda: {"pap": logins.wait(), "cycle": records.wait()}


def _soak(stand: Stand, node: Node, rates: Mapping[str, float], seconds: float) -> tuple[Sampled, dict[str, Load]]:
    sampled: Sampled = {}
    count = int(min(_SAMPLES, seconds))
    began = time.monotonic()
    with _loading(stand, node, rates, seconds) as wait, stand.screen.bar("soak", count) as advance:
        for number in range(count):
            time.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
            for name, value in _sample(node):
                sampled.setdefault(name, []).append((time.monotonic() - began, value))
            advance(f"{sampled['spool_records'][-1][1]:,.0f} records in the spool")
        return sampled, wait()


def _sample(node: Node) -> Iterator[tuple[str, float]]:
    """Yield memory by server, whichever servers this node has, and what waits in the spool."""
    for path in sorted(node.settings.pids.iterdir()):
        yield f"{path.name} octets", resident_octets(PidFile(path).read())
    yield "spool_records", node.metric("spool_records")
    yield "lag_seconds", node.metric("spool_oldest_age_seconds")


def _said(minutes: float, loads: Mapping[str, Load]) -> str:
    each = "; ".join(
        f"{mode}: {load.answered:,} answered, {load.resent} sent again, {load.lost} lost"
        for mode, load in loads.items()
    )
    return f"{minutes:g} minutes at half load. {each}."


def table_of(grown: Mapping[str, Growth]) -> Table:
    """Return what each series did after its warm-up."""
    rows = []
    for name, one in grown.items():
        unit = 1e6 if name.endswith(" octets") else 1.0
        numbers = (one.median, one.slope * 3600, one.gained, one.allowed)
        label = name.replace(" octets", ", MB").replace("_", " ")
        rows.append([label, *(f"{number / unit:,.1f}" for number in numbers), "yes" if one.is_flat else "no"])
    columns: list[Any] = ["", "median", "slope, an hour", "gained", "allowed", "flat"]
    return Table("After the warm-up", columns, rows)


if __name__ == "__main__":
    sys.exit(main())
