"""What a million accounts cost: seconds to load, octets of memory each, and how long the command line takes.

    bin/up --detach && python -m tests.bench.million 1000000

with the environment that bin/tollkeeper sets (TOLLKEEPER_HOME, PGHOST, PGPORT, PGDATABASE, PGUSER). Fills the database,
if it has fewer accounts, and prints one line a figure. A benchmark, not a test: nothing here passes or fails.
"""

import os
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from demo.settings import REPOSITORY
from radiusd import snapshot
from radiusd.source import Source
from tests.bench import population
from vault.sealed import Seal, read_seal

_COMMANDS = (
    "account show user0000500",
    "account block user0000500",
    "account unblock user0000500",
    "customer show U000000500",
    "customer disable U000000500",
    "customer enable U000000500",
    "explain user0000500",
    "auth-test user0000500",
    "account list --limit 20",
    "customer list --limit 20",
    "status",
    "--help",
)


def main(accounts: int) -> None:
    """Print the figures."""
    home = Path(os.environ["TOLLKEEPER_HOME"])
    seal = read_seal(Path(os.environ.get("TOLLKEEPER_KEY_FILE") or home / "secrets/password.key"))
    with closing(psycopg2.connect("")) as connection, connection.cursor() as cur:
        cur.execute("SELECT count(*) FROM account")
        (there,) = cur.fetchone() or (0,)
    if there < accounts:
        population.fill("", seal, accounts)
    _load(seal, home / "snapshot/bench")
    for command in _COMMANDS:
        print(f"{_seconds(command):6.2f} s  tollkeeper {command}")


def _load(seal: Seal, path: Path) -> None:
    before = _resident_octets()
    begun = time.perf_counter()
    state, position = Source(seal).load()
    print(f"{time.perf_counter() - begun:6.1f} s  to load {len(state.accounts)} accounts from PostgreSQL")
    print(f"{(_resident_octets() - before) / len(state.accounts):6.0f} octets an account with its customer")
    begun = time.perf_counter()
    snapshot.save(path, seal, state, position, time.time())
    print(f"{time.perf_counter() - begun:6.1f} s  to save the snapshot, {path.stat().st_size / 1e6:.0f} MB")
    del state
    begun = time.perf_counter()
    snapshot.load(path, seal)
    print(f"{time.perf_counter() - begun:6.1f} s  to load it")
    path.unlink()


def _resident_octets() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _seconds(command: str) -> float:
    """Return the median of five runs of one command."""
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        arguments = [str(REPOSITORY / "bin/tollkeeper"), *command.split()]
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


if __name__ == "__main__":
    main(int(sys.argv[1]))
