"""bin/test: every check and every test, and where the time went.

With arguments it is pytest alone, on what they name: one test while working on it, without the checks around.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.progress import Progress
from demo.settings import REPOSITORY

_BIN = Path(sys.executable).parent
_PYTHON = [sys.executable]
_PYTEST = [*_PYTHON, "-m", "pytest"]
_HUNG_SECONDS = 300  # every thread's stack is shown when one test takes longer


@dataclass(frozen=True)
class Check:
    """A command that has to succeed."""

    name: str
    command: Sequence[str]


CHECKS = (
    Check("ruff", [str(_BIN / "ruff"), "check"]),
    Check("mypy", [*_PYTHON, "-m", "mypy"]),
    Check("import-linter", [str(_BIN / "lint-imports")]),
    Check(
        "pytest",
        [
            *_PYTEST,
            "--numprocesses=3",  # they wait for servers more than they compute; each has a PostgreSQL of its own
            "--dist=loadfile",
            "--no-loadscope-reorder",  # in the order of tests/conftest.py, not the files with most tests first
            "--cov",
            "--cov-report=",
            "--durations=15",
            "--durations-min=0.5",
            "-o",
            f"faulthandler_timeout={_HUNG_SECONDS}",
        ],
    ),
    Check("coverage", [*_PYTHON, "-m", "coverage", "report"]),
    Check(
        "every branch of policies/",
        [*_PYTHON, "-m", "coverage", "report", "--include=policies/*", "--fail-under=100"],
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; return the exit code."""
    if arguments:
        return subprocess.run([*_PYTEST, *_from_repository(arguments)], cwd=REPOSITORY, check=False).returncode
    return _run_all(Progress())


def _run_all(progress: Progress) -> int:
    seconds: dict[str, float] = {}
    failed: list[str] = []
    for check in CHECKS:
        progress.say(f"[bold]{check.name}[/]")
        began = time.monotonic()
        if subprocess.run(check.command, cwd=REPOSITORY, check=False).returncode != 0:
            failed.append(check.name)
        seconds[check.name] = time.monotonic() - began
    progress.say("")
    for name, taken in seconds.items():
        progress.say(f"{taken:7.1f} s  {name}{'  [red]failed[/]' if name in failed else ''}")
    progress.say(f"{sum(seconds.values()):7.1f} s  " + ("[red]failed[/]" if failed else "[green]all passed[/]"))
    return 1 if failed else 0


def _from_repository(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with paths made absolute: pytest runs in the repository, wherever it is asked from."""
    return [_absolute(argument) for argument in arguments]


def _absolute(argument: str) -> str:
    path, colons, test = argument.partition("::")
    return (
        os.path.abspath(path) + colons + test
        if path and not path.startswith("-") and os.path.exists(path)
        else argument
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
