"""What a large file costs: seconds and memory of import, of the same file again, of list, find, export, undo.

    bin/up --detach && python -m tests.bench.importing 100000

with the environment that bin/tollkeeper sets (TOLLKEEPER_HOME, PGHOST, PGPORT, PGDATABASE, PGUSER), into a database in
which nobody is called Bench. Each row is a customer with an address, phone, e-mail, label, external id, an account with
a password. Prints a line a figure: seconds by the clock, CPU seconds of the command and its largest memory, CPU seconds
of PostgreSQL for it. A benchmark, not a test: nothing here passes or fails.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from demo.settings import REPOSITORY

_COLUMNS = (
    *("code", "first_name", "last_name", "phone", "country", "email", "labels", "address_street", "address_city"),
    *("user_name", "password", "external.bench"),
)
_TICKS = os.sysconf("SC_CLK_TCK")


def main(customers: int) -> None:
    """Print the figures."""
    _run("package", "add", "Bench", "--download", "50M", "--upload", "10M")
    _run("group", "add", "Bench", "--default-package", "Bench")
    with tempfile.TemporaryDirectory() as folder:
        file, exported = f"{folder}/customers.csv", f"{folder}/exported.csv"
        _write(Path(file), customers)
        said = _timed("import apply", "import", "apply", file, "--group", "Bench", "--yes")
        _timed("import apply, again", "import", "apply", file, "--group", "Bench", "--yes")
        _timed("customer list", "customer", "list", "--limit", "100")
        _timed("find, user name", "find", f"bench{customers // 2:07}")
        _timed("export", "export", "--group", "Bench", "-o", exported)
        _timed("import plan of it", "import", "plan", exported)
        _timed("import undo", "import", "undo", said.split("import undo ")[1].split(")")[0], "--yes")


def _write(path: Path, customers: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for number in range(customers):
            writer.writerow(
                [
                    *(f"BENCH{number:07}", f"Bench{number}", f"Visser{number}", f"+2721{number:07}", "ZA"),
                    *(f"bench{number}@example.net", "fibre", f"{number} Long Street", "Cape Town"),
                    *(f"bench{number:07}", f"pw{number:07}", f"B{number}"),
                ]
            )


def _timed(what: str, *arguments: str) -> str:
    """Run a command; print what it cost."""
    postgres = _postgres_seconds()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    output, largest_kb = _run(*arguments)
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    theirs = _postgres_seconds() - postgres
    print(f"{seconds:7.1f} s  CPU {own:5.1f} s, {theirs:5.1f} s of PostgreSQL  {largest_kb // 1024:4} MB  {what}")
    return output


def _run(*arguments: str) -> tuple[str, int]:
    """Run a command; return what it says, and the kB that it needed at most."""
    measured = (
        "import json, os, resource, subprocess, sys;"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True);"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
        "print(json.dumps([done.returncode, done.stdout, done.stderr, peak]))"
    )
    command = [sys.executable, "-S", "-c", measured, str(REPOSITORY / "bin/tollkeeper"), *arguments]
    status, output, errors, largest_kb = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    if status:
        sys.exit(f"{' '.join(arguments)}: {errors or output}")
    return output, largest_kb


def _postgres_seconds() -> float:
    """Return the CPU seconds of this PostgreSQL so far: its postmaster, all below it, and those that have ended."""
    with closing(psycopg2.connect("")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone() or (0,)
    postmaster = _stat(backend)[1]
    below = [fields for path in Path("/proc").glob("[0-9]*") if (fields := _stat(int(path.name)))[1] == postmaster]
    # utime and stime of each; of the postmaster cutime and cstime too, of the children that have ended
    ticks = sum(sum(fields[11:13]) for fields in below) + sum(_stat(postmaster)[11:15])
    return ticks / _TICKS


def _stat(pid: int) -> list[int]:
    """Return the numbers of /proc/PID/stat behind its state, that at [1] the parent; nothing of who has just ended."""
    try:
        return [0, *map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1:])]
    except OSError:
        return [0] * 50


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
