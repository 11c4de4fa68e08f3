"""bin/bench: how fast Tollkeeper is on this machine, beside FreeRADIUS's own ways.

One run at a time in an installation; all that it starts is stopped at its end, at Ctrl-C too.
"""

import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from demo import errors, settings, signals
from demo.cluster import make_folder
from demo.errors import Refusal
from tests.bench import (
    accounting,
    authorize,
    cold_start,
    latency,
    machine,
    options,
    plots,
    propagation,
    report,
    scale,
    storm,
)
from tests.bench.options import Options
from tests.bench.screen import Screen
from tests.bench.stand import Stand
from tests.bench.targets import verdicts

PARTS = {
    "authorize": authorize,
    "latency": latency,
    "scale": scale,
    "cold-start": cold_start,
    "propagation": propagation,
    "storm": storm,
    "accounting": accounting,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return the exit code."""
    screen = Screen()
    try:
        wanted = options.parse(arguments)
        with signals.as_exceptions():
            return _run(wanted, screen)
    except Refusal as refusal:
        screen.refuse(refusal)
        return 1
    except OSError as exc:
        screen.refuse(errors.of_system(exc))
        return 1
    except signals.Stopped:
        screen.say("stopped")
        return 130


def _run(wanted: Options, screen: Screen) -> int:
    """Measure part by part; one that cannot be measured is left out of the report and does not stop the others."""
    folder = settings.from_environ().home / "bench"
    make_folder(folder, mode=0o755)
    found = machine.describe(folder)
    if found["load_before"] > found["cores"] / 2:
        screen.say(f"[yellow]the machine is busy (load {found['load_before']}): ratios will hold better than rates[/]")
    interference = machine.Interference()
    results: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    with Stand(folder, wanted, screen) as stand:
        for part in wanted.only:
            try:
                seconds[part] = _take(part, stand, results)
            except Refusal as refusal:
                screen.refuse(Refusal(f"{part} was not measured: {refusal.cause}", refusal.hint))
        found["load_generator_busy"] = f"{stand.radload.busiest:.0%} of one core at most; near 100 % it was the limit"
    found["stolen_by_others"] = f"{interference.stolen_share():.1%}"
    _tell(wanted, screen, folder, report.Report(found, dataclasses.asdict(wanted), results, _tables(results), seconds))
    return 0 if set(results) == set(wanted.only) else 1


def _take(part: str, stand: Stand, results: dict[str, Any]) -> float:
    began = time.monotonic()
    results[part] = PARTS[part].measure(stand)
    for table in PARTS[part].tables(results[part]):
        stand.screen.show(table)
    return time.monotonic() - began


def _tables(results: dict[str, Any]) -> dict[str, Any]:
    return {part: PARTS[part].tables(result) for part, result in results.items()}


def _tell(wanted: Options, screen: Screen, folder: Path, said: report.Report) -> None:
    try:
        drawn = plots.draw(folder, said.results) if wanted.plots else []
        said = dataclasses.replace(said, plots=drawn, why_no_plots="" if wanted.plots else "No plots: --no-plots.")
    except plots.Unavailable:
        said = dataclasses.replace(said, why_no_plots=plots.MISSING)
    path = said.write(folder)
    screen.show(report.verdict_table(verdicts(said.results)))
    screen.say(f"took {sum(said.seconds.values()):.0f} s; the report is {escape(os.path.relpath(path))}")


if __name__ == "__main__":
    sys.exit(main())
