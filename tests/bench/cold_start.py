"""From the start of FreeRADIUS to the first Access-Accept, and the memory that its accounts take.

The start is `demo.server`'s, which has FreeRADIUS check its configuration first, so half a second of it is that.
Memory is that of the whole process before any load, after the database was read: the difference between the largest and
the smallest number of accounts, by the difference of their numbers.
{"seconds": {"database": {1000000: Series}, "snapshot": ..., "snapshot, no database": ...},
 "resident": {1000000: octets}, "octets_an_account": n}
"""

import shutil
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from demo.errors import Refusal
from demo.server import RadiusServer
from tests.bench.asking import ACCEPT, Asker
from tests.bench.node import Node
from tests.bench.stand import Stand
from tests.bench.tables import Table, count
from tests.bench.turns import Series

WAYS = ("database", "snapshot", "snapshot, no database")

_PATIENCE_SECONDS = 120.0
_ASK_SECONDS = 0.02
_SETTLE_SECONDS = 1.0  # what the thread that saved the snapshot gives back


def measure(stand: Stand) -> dict[str, Any]:
    """Restart each node in each way; the last way leaves it as it was."""
    options = stand.options
    nodes = {size: stand.node(size) for size in options.sizes}
    seconds: dict[str, dict[int, list[float]]] = {way: {size: [] for size in nodes} for way in WAYS}
    resident: dict[int, int] = {}
    with stand.screen.bar("cold start", len(WAYS) * len(nodes) * options.cold_starts) as advance:
        for _ in range(options.cold_starts):
            for size, node in nodes.items():
                for way in WAYS:
                    seconds[way][size].append(_start(node, way))
                    if way == "database":
                        node.await_snapshot()
                        time.sleep(_SETTLE_SECONDS)
                        resident[size] = node.resident_octets()
                    advance(f"{size:,} accounts, {way}")
    for node in nodes.values():
        _start(node, "snapshot")
    few, many = min(nodes), max(nodes)
    return {
        "seconds": {way: {size: Series(tuple(of)) for size, of in sizes.items()} for way, sizes in seconds.items()},
        "resident": resident,
        "octets_an_account": (resident[many] - resident[few]) / (many - few),
    }


def _start(node: Node, way: str) -> float:
    """Restart the node's FreeRADIUS in this way; return the seconds to its first accept."""
    node.auth.stop()
    if way == "database":
        shutil.rmtree(node.settings.home / "snapshot", ignore_errors=True)
    server: RadiusServer = node.auth
    if way == "snapshot, no database":
        server = replace(node.auth, database={**node.auth.database, "PGHOST": str(node.settings.run)})
    with ExitStack() as stack:
        stack.callback(server.stop)
        began = time.monotonic()
        first = _FirstAnswer(node.settings.auth_port)
        server.start()
        answered = first.at()
        stack.pop_all()
    return answered - began


class _FirstAnswer:
    """Asks from a thread until there is an accept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._at: float | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def at(self) -> float:
        """Return when that was."""
        self._thread.join()
        if self._at is None:
            raise Refusal(f"no Access-Accept within {_PATIENCE_SECONDS:.0f} seconds of a start")
        return self._at

    def _run(self) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with Asker(self._port) as asker:
            while time.monotonic() < deadline:
                if asker.ask(0, timeout_seconds=_ASK_SECONDS) == ACCEPT:
                    self._at = time.monotonic()
                    return
                time.sleep(_ASK_SECONDS)


def tables(result: dict[str, Any]) -> list[Table]:
    """Return seconds and memory by number of accounts."""
    rows = [
        [count(size), *(f"{result['seconds'][way][size].median:.1f} s" for way in WAYS), f"{octets / 1e6:.0f} MB"]
        for size, octets in result["resident"].items()
    ]
    columns = ["accounts", *(f"from {way}" for way in WAYS), "memory of FreeRADIUS"]
    note = f"{result['octets_an_account']:.0f} octets an account with its customer."
    return [Table("Cold start to the first Access-Accept, and memory", columns, rows, note)]
