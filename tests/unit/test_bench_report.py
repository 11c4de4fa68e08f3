"""The report of bin/bench: Markdown, JSON, plots."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.errors import Refusal
from tests.bench import authorize, cold_start, latency, options, plots, propagation, storm
from tests.bench.report import Report
from tests.bench.tables import Table
from tests.bench.turns import Series

THREE = Series((10.0, 30.0, 20.0))
QUANTILES = {"50": THREE, "99": THREE, "99.9": THREE}


def results() -> dict[str, Any]:
    """Return what the parts return, as small as it gets."""
    return {
        "authorize": {
            "accounts": 1_000,
            "in_flight": 64,
            "rates": {"pap accept": dict.fromkeys(authorize.PEERS, THREE)},
        },
        "latency": {"milliseconds": {n: {"ours": QUANTILES, "files": QUANTILES} for n in latency.IN_FLIGHT}},
        "cold-start": {
            "seconds": {way: {10_000: THREE} for way in cold_start.WAYS},
            "resident": {10_000: 50_000_000},
            "octets_an_account": 612.4,
        },
        "propagation": {
            "accounts": 1_000,
            "seconds": {load: {"p50": 0.02, "p99": 0.1, "values": [0.02, 0.1]} for load in propagation.LOADS},
        },
    }


def written(**changes: Any) -> Report:
    """Return a report."""
    values: dict[str, Any] = {
        "machine": {"cores": 2, "load_before": 0.1},
        "options": {"turns": 3},
        "results": results(),
        "tables": {"authorize": authorize.tables(results()["authorize"])},
        "seconds": {"authorize": 12.3},
        **changes,
    }
    return Report(**values)


def test_the_figures_to_reach_come_first() -> None:
    """Then the machine, then the parts."""
    text = written().markdown()

    headings = ["What is to be reached", "The machine", "## authorize", "## Plots"]
    assert sorted(headings, key=text.index) == headings
    assert (
        "| Access-Accept/s, PAP, full policy with a session limit | FreeRADIUS `files` | 0.7 x or more | 1.00 x | yes |"
        in text
    )
    assert "| pap accept | 20 | 20 | 20 | 1.00 x (1.00 to 1.00) | 1.00 x (1.00 to 1.00) | 100% |" in text
    assert text.endswith("Took: authorize 12 s; 12 s in all.\n")


def test_json_holds_every_turn() -> None:
    """And the median, so that nobody has to compute it again."""
    told = json.loads(written().json())

    assert told["results"]["authorize"]["rates"]["pap accept"]["ours"] == {
        "median": 20.0,
        "spread": 1.0,
        "turns": [10.0, 30.0, 20.0],
    }
    assert told["results"]["cold-start"]["resident"] == {"10000": 50_000_000}
    assert told["targets"][0]["reached"] is True
    assert told["targets"][2]["reached"] is None


def test_files_are_written(tmp_path: Path) -> None:
    """Both, and the plots are shown by name, or why there are none."""
    assert written(plots=[("Speed", "speed.png")]).write(tmp_path).name == "report.md"
    assert "![Speed](speed.png)" in (tmp_path / "report.md").read_text()
    assert json.loads((tmp_path / "report.json").read_text())["machine"] == {"cores": 2, "load_before": 0.1}
    assert plots.MISSING in written(why_no_plots=plots.MISSING).markdown()


def test_a_table_in_markdown() -> None:
    """Text to the left, numbers to the right, the note below."""
    table = Table("Title", ["", "n"], [["a", "1"]], "Note.")

    assert table.markdown() == "**Title**\n\n|  | n |\n| --- | ---: |\n| a | 1 |\n\nNote."


def test_plots_are_drawn(tmp_path: Path) -> None:
    """One picture for each part that was measured."""
    pytest.importorskip("matplotlib", reason="bin/bench's extra is not installed")

    drawn = plots.draw(tmp_path, results())

    assert [name for _, name in drawn] == ["throughput.png", "latency.png", "cold-start.png", "propagation.png"]
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for _, name in drawn)


def test_without_matplotlib_plots_are_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the virtual environment of bin/up and bin/test."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)

    with pytest.raises(plots.Unavailable):
        plots.draw(tmp_path, results())


def test_a_storm_is_held_against_what_was_changed() -> None:
    """Who was blocked in time has to be refused, and nobody else may be."""
    subscriber = storm.Subscriber
    came = [
        subscriber(0, 2, 10.0, 10.1),  # let in, never blocked
        subscriber(1, 3, 10.0, 0.0),  # refused, blocked in time
        subscriber(2, 2, 10.0, 10.1),  # let in, though blocked in time
        subscriber(3, 2, 10.0, 10.1),  # let in, blocked a moment before
        subscriber(4, 3, 10.0, 0.0),  # refused, never blocked
    ]

    assert storm.held_against(came, {1: 9.0, 2: 9.0, 3: 9.9}) == {
        "changed": 3,
        "changed_before": 2,
        "disobeyed": 1,
        "refused_unchanged": 1,
    }


def test_options_name_parts_in_their_order() -> None:
    """However they are asked for."""
    assert options.parse(["--only", "accounting,authorize", "--turns", "2"]).only == ("authorize", "accounting")
    assert options.parse(["--quick"]).sizes == (10_000, 100_000)
    assert options.parse(["--accounts", "500"]).open_sessions == 500


@pytest.mark.parametrize("words", [["--only", "speed"], ["--turns", "0"], ["--seconds", "0"], ["--accounts", "1"]])
def test_options_that_cannot_be(words: list[str]) -> None:
    """One line says so."""
    with pytest.raises(Refusal):
        options.parse(words)
