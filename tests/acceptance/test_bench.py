"""bin/bench itself, at a size that shows that it works and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import processes
from demo.settings import REPOSITORY
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

_COMMAND = [sys.executable, "-P", "-m", "tests.bench"]
_TOY = ["--only", "authorize", "--accounts", "50", "--turns", "1", "--seconds", "0.1"]


@pytest.fixture
def home(short_folder: Path) -> Iterator[Path]:
    """Return an empty TOLLKEEPER_HOME."""
    folder = short_folder / "b"
    yield folder
    shutil.rmtree(folder)


def environ(home: Path) -> dict[str, str]:
    """Return what bin/bench would give its Python."""
    return {**os.environ, "TOLLKEEPER_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}


def test_it_measures_and_reports(home: Path) -> None:
    """Each of the three peers has answered by each method; nothing but the report is left behind."""
    done = subprocess.run([*_COMMAND, *_TOY], check=False, env=environ(home), capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((home / "bench/report.json").read_text())
    rates = told["results"]["authorize"]["rates"]
    assert len(rates) == 6
    assert all(peers[name]["median"] > 0 for peers in rates.values() for name in ("ours", "files", "rlm_sql"))
    assert told["targets"][0]["measured"] == pytest.approx(
        rates["pap accept"]["ours"]["median"] / rates["pap accept"]["files"]["median"]
    )
    assert "What is to be reached" in (home / "bench/report.md").read_text()
    assert [path.name for path in (home / "bench").iterdir() if path.is_dir()] == []


def test_ctrl_c_leaves_nothing_behind(home: Path, eventually: Eventually) -> None:
    """The servers that ran have ended and their folder is gone."""
    started: list[processes.Process] = []

    def starts() -> None:
        found = [processes.PidFile(path).read() for path in home.glob("bench/w*/pg/pid/postgresql")]
        assert found
        assert found[0] is not None
        started.append(found[0])

    with subprocess.Popen([*_COMMAND, *_TOY], env=environ(home), stdout=subprocess.PIPE, text=True) as running:
        eventually(starts, within_seconds=60.0)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=120)

    assert running.returncode == 130, said
    assert said.endswith("stopped\n")
    assert not started[0].alive
    assert list(home.glob("bench/w*")) == []
