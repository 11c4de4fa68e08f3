"""The report: report.md for people, report.json for programs, plots beside them.

`results` holds what each part's `measure` returned, by the part's name. Nothing in it names the machine or a
folder of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.tables import Table
from tests.bench.targets import Verdict, verdicts
from tests.bench.turns import Series

_INTRODUCTION = """\
Ours, FreeRADIUS's `files` and stock rlm_sql with PostgreSQL ran side by side on this machine, the load generator
too, and were measured in turns: figures are medians, a ratio is that of medians, and the spread is highest less lowest
by the median. `bin/bench --help` says how to make this again."""


@dataclass(frozen=True)
class Report:
    """Everything there is to say. `plots` are (title, file name); None where they could not be drawn, `why_none`."""

    machine: Mapping[str, Any]
    options: Mapping[str, Any]
    results: Mapping[str, Any]
    tables: Mapping[str, Sequence[Table]]  # by part
    seconds: Mapping[str, float]  # each part took
    plots: Sequence[tuple[str, str]] = ()
    why_no_plots: str = ""

    def markdown(self) -> str:
        """Return report.md."""
        blocks = ["# How fast", _INTRODUCTION, verdict_table(verdicts(self.results)).markdown()]
        blocks.append(_machine_table(self.machine).markdown())
        for part, tables in self.tables.items():
            blocks.append(f"## {part}")
            blocks += [table.markdown() for table in tables]
        blocks.append("## Plots")
        blocks += [f"![{title}]({name})" for title, name in self.plots]
        if self.why_no_plots:
            blocks.append(self.why_no_plots)
        taken = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in self.seconds.items())
        blocks.append(f"Took: {taken}; {sum(self.seconds.values()):.0f} s in all.")
        return "\n\n".join(blocks) + "\n"

    def json(self) -> str:
        """Return report.json."""
        whole = {
            "targets": [verdict.plain() for verdict in verdicts(self.results)],
            "machine": self.machine,
            "options": self.options,
            "results": self.results,
            "seconds": self.seconds,
        }
        return json.dumps(plain(whole), indent=1) + "\n"

    def write(self, folder: Path) -> Path:
        """Write both; return the path of report.md."""
        (folder / "report.json").write_text(self.json(), "utf-8")
        path = folder / "report.md"
        path.write_text(self.markdown(), "utf-8")
        return path


def verdict_table(found: Sequence[Verdict]) -> Table:
    """Return the targets with what was measured and whether they were reached."""
    rows = [
        [verdict.target.figure, verdict.target.against, verdict.target.wanted(), verdict.measured(), verdict.word()]
        for verdict in found
    ]
    return Table("What is to be reached", ["figure", "against", "wanted", "measured", "reached"], rows, left=2)


def _machine_table(machine: Mapping[str, Any]) -> Table:
    rows = [[name.replace("_", " "), str(value)] for name, value in machine.items()]
    return Table("The machine, everything on it", ["", ""], rows, left=2)


def plain(value: Any) -> Any:
    """Return what JSON can say: mappings with text as keys, series with their median."""
    if isinstance(value, Series):
        return value.plain()
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
