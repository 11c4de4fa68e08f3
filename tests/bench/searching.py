"""What looking costs with many customers: each filter of customer list, find, customer show, the commands themselves.

    python -m tests.bench.searching 100000

makes a private PostgreSQL in a folder of its own, fills it (tests/bench/subscribers.sql, some minutes), asks as the
schema's owner, as an operator of the provider and as one of a reseller (row-level security), and takes all away again.
Each figure is the median of five: milliseconds by the clock, and of processor time of the server's process, which other
work on the machine does not blur. A benchmark, not a test: nothing here passes or fails.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo import schema
from demo.cluster import Cluster
from demo.settings import REPOSITORY, Settings
from provisioning import customer_list, profile, search
from provisioning.customer_list import Wanted
from provisioning.errors import NotFound
from provisioning.reading import Look
from tests.bench import subscribers

_DATABASE = "searching"
_WHO = {"owner": schema.OWNER, "provider's": "bench_support", "reseller's": "bench_reseller"}
_OPERATORS = f"""
INSERT INTO operator (name, role, reseller_id) VALUES ('bench_support', 'support', NULL),
    ('bench_reseller', 'reseller', (SELECT id FROM reseller WHERE name = '{subscribers.RESELLER}'));
CREATE ROLE bench_support LOGIN IN ROLE tollkeeper_operator;
CREATE ROLE bench_reseller LOGIN IN ROLE tollkeeper_operator;
"""
_FILTERS: dict[str, dict[str, Any]] = {
    "(none)": {},
    "--code PRE0012": {"code": "PRE0012"},
    "--name visser1a": {"name": "visser1a"},
    "--name 'frikkie visser'": {"name": "frikkie visser"},
    "--name pieter (1 in 18)": {"name": "pieter"},
    "--name e (nearly all)": {"name": "e"},
    "--address 'kerk street 777'": {"address": "kerk street 777"},
    "--address karoo (all)": {"address": "karoo"},
    "--phone '082 555'": {"phone": "082 555"},
    "--email visser1a": {"email": "visser1a"},
    "--email gmail (1 in 3)": {"email": "gmail"},
    "--user-name pieter77": {"user_name": "pieter77"},
    "--user-name pieter (1 in 18)": {"user_name": "pieter"},
    "--search 'visser carnarvon'": {"search": "visser carnarvon"},
    "--search example (nearly all)": {"search": "example"},
    "--mac": {"mac": "02:00:00:00:1f:40"},
    "--ip, of a session": {"ip": "10.0.31.64"},
    "--ip, routed": {"ip": "172.16.0.20"},
    "--ip, IPv6": {"ip": "2001:db8:1:1400::1"},
    "--group": {"group": "Group 3"},
    "--reseller": {"reseller": subscribers.RESELLER},
    "--payment-method": {"payment_method": "eft"},
    "--owes-more-than 900": {"owes_more_than": 90_000},
    "--balance-below 0.01": {"balance_below": 1},
    "--label wireless": {"labels": ("wireless",)},
    "--label area50": {"labels": ("area50",)},
    "--category VIP": {"category": "VIP"},
    "--billing-group": {"billing_group": "BG2"},
    "--state suspended": {"states": ("suspended",)},
    "--state expired": {"states": ("expired",)},
    "--deleted": {"states": ("deleted",)},
    "--type company": {"type": "company"},
    "--kind residential": {"kind": "residential"},
    "--parent": {"parent": "{parent}"},
    "--online": {"online": True},
    "--offline": {"online": False},
    "--package": {"package": "Home 50"},
    "--created-since": {"created_since": datetime.now(UTC) - timedelta(days=5)},
}
_SORTS = ("name", "created", "expires", "balance")
_FOUND = (
    *("visser1a", "visser", "AND0000008", "+27 83 548 6158", "andile.botha88@mweb.example", "02-00-00-00-1F-40"),
    *(
        "10.0.31.64",
        "172.16.0.20",
        "2001:db8:1:1400::1",
        "inv8",
        "B-10",
        "7919",
        "1eef",
        "12 kerk",
        "edge1",
        "portal77",
    ),
    "nobody",
)
_COMMANDS = ("--help", "customer list --limit 20", "find visser1a", "customer show {code}", "customer list --count")


def main(customers: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="tk", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Settings(Path(folder) / "pg"), durable=False)
        cluster.create()
        cluster.start()
        try:
            _measure(cluster, customers)
        finally:
            cluster.stop()


def _measure(cluster: Cluster, customers: int) -> None:
    begun = time.perf_counter()
    schema.ensure(cluster, _DATABASE)
    with closing(cluster.connect(role=schema.OWNER, database=_DATABASE)) as connection:
        subscribers.fill(connection, customers)
    with closing(cluster.connect(database=_DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(_OPERATORS)
        cursor.execute(
            "SELECT parent.code FROM customer JOIN customer AS parent ON parent.id = customer.parent_id LIMIT 1"
        )
        (parent,) = cursor.fetchone() or ("",)
    print(f"{customers} customers made in {time.perf_counter() - begun:.0f} s")
    _heading("customer list, a page of 100")
    for name, asked in _FILTERS.items():
        wanted = Wanted(**{key: parent if value == "{parent}" else value for key, value in asked.items()})
        _row(cluster, name, lambda look, wanted=wanted: customer_list.page(look, wanted))
    for sort in _SORTS:
        _row(cluster, f"--sort {sort}", lambda look, sort=sort: customer_list.page(look, Wanted(), sort=sort))
    _row(cluster, "--count", lambda look: customer_list.count(look, Wanted()))
    _heading("find, the first 20")
    for typed in _FOUND:
        _row(cluster, typed, lambda look, typed=typed: search.find(look, typed))
    _heading("customer show")
    with _looking(cluster, "bench_reseller") as (look, _):
        code = customer_list.page(look, Wanted(online=True), limit=1)[0]["code"]
    _row(cluster, code, lambda look: profile.gather(look, code))
    _heading("bin/tollkeeper as a process, milliseconds by the clock: the median of five")
    environ = {**os.environ, **cluster.environ(role=schema.OWNER, database=_DATABASE)}
    for command in _COMMANDS:
        print(f"{command.format(code=code):42}{_process(command.format(code=code).split(), environ):7.0f}")


def _heading(text: str) -> None:
    who = "".join(f"{name:>16}" for name in _WHO)
    print(f"\n{text:32}{who}   (clock, processor: ms)" if "process," not in text else f"\n{text}")


def _row(cluster: Cluster, name: str, ask: Callable[[Look], Any]) -> None:
    figures = [_cost(cluster, role, ask) for role in _WHO.values()]
    print(f"{name:32}" + "".join(f"{clock:9.1f} {busy:6.1f}" for clock, busy in figures))


def _cost(cluster: Cluster, role: str, ask: Callable[[Look], Any]) -> tuple[float, float]:
    """Return milliseconds by the clock, and of the server's process."""
    turns = []
    with _looking(cluster, role) as (look, busy_ms):
        for _ in range(5):
            clock, busy = time.perf_counter(), busy_ms()
            try:
                ask(look)
            except NotFound:  # nobody of that reseller's
                return float("nan"), float("nan")
            turns.append(((time.perf_counter() - clock) * 1000, busy_ms() - busy))
    return statistics.median(turn[0] for turn in turns), statistics.median(turn[1] for turn in turns)


@contextmanager
def _looking(cluster: Cluster, role: str) -> Iterator[tuple[Look, Callable[[], float]]]:
    """Give a look as an operator, and how long its server process has been on a processor."""
    with closing(cluster.connect(database=_DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET SESSION AUTHORIZATION {role}")
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
        spent = Path(f"/proc/{connection.get_backend_pid()}/schedstat")
        look = Look(cursor)
        assert look.areas
        yield look, lambda: int(spent.read_text().split()[0]) / 1e6


def _process(arguments: list[str], environ: dict[str, str]) -> float:
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        command = [str(REPOSITORY / "bin/tollkeeper"), *arguments]
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
