"""From a committed change to the first answer that obeys it: an account is blocked, then let in again.

Asked over and over until the answer has changed, so the question's own way is in the figure. Loads: none; as many
Access-Requests as are answered, 64 in flight; those and Interim-Updates that open sessions, 32 in flight.
{"seconds": {"idle": {"p50": s, "p99": s, "values": [...]}, "authorize": ..., "authorize and accounting": ...}}
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from demo import schema
from demo.errors import Refusal
from tests.bench.asking import REJECT, Asker
from tests.bench.node import Node
from tests.bench.stand import Stand
from tests.bench.tables import Table
from tests.bench.turns import quantile

LOADS = ("idle", "authorize", "authorize and accounting")

_LONGEST_SECONDS = 30.0
_PAUSE_SECONDS = 0.05  # at most, so that changes come at any point of the feed's own beat
_LOAD_SECONDS = 3600.0  # ended when the changes are through
_WARM_SECONDS = 1.0


def measure(stand: Stand) -> dict[str, Any]:
    """Take every change's time, under each load."""
    node = stand.accounting_node(stand.options.accounts)
    with stand.screen.bar("propagation", len(LOADS) * stand.options.changes) as advance:
        seconds = {load: _under(stand, node, load, advance) for load in LOADS}
    node.await_drained()
    summaries = {
        load: {"p50": quantile(values, 0.5), "p99": quantile(values, 0.99), "values": values}
        for load, values in seconds.items()
    }
    return {"accounts": node.accounts, "seconds": summaries}


def _under(stand: Stand, node: Node, load: str, advance: Callable[[str], None]) -> list[float]:
    values = []
    with (
        _loading(stand, node, load),
        Asker(node.settings.auth_port) as asker,
        closing(node.cluster.connect(role=schema.OWNER, database=node.database)) as connection,
        connection.cursor() as cur,
    ):
        for number in range(stand.options.changes):
            time.sleep(random.uniform(0, _PAUSE_SECONDS))
            values.append(_seconds(cur, asker, number // 2, blocked=number % 2 == 0))
            advance(load)
    return values


@contextmanager
def _loading(stand: Stand, node: Node, load: str) -> Iterator[None]:
    with ExitStack() as stack:
        if load != "idle":
            forever = {"users": node.accounts, "seconds": _LOAD_SECONDS}
            port = node.settings.auth_port
            stack.enter_context(stand.radload.running("pap", port, in_flight=64, **forever))
            if load != "authorize":
                port = node.settings.acct_port
                opened = int(time.time()) - 600
                stack.enter_context(stand.radload.running("interim", port, in_flight=32, opened=opened, **forever))
            time.sleep(_WARM_SECONDS)
        yield


def _seconds(cur: Cursor, asker: Asker, user: int, *, blocked: bool) -> float:
    """Change one account; return the seconds from the commit to the first answer that knows."""
    cur.execute("UPDATE account SET blocked = %s WHERE user_name = %s", (blocked, f"user{user:07d}"))  # autocommit
    committed_at = time.monotonic()
    while time.monotonic() < committed_at + _LONGEST_SECONDS:
        answer = asker.ask(user)
        if answer is not None and (answer == REJECT) == blocked:
            return time.monotonic() - committed_at
    raise Refusal(f"a change was not obeyed within {_LONGEST_SECONDS:.0f} seconds")


def tables(result: dict[str, Any]) -> list[Table]:
    """Return the quantiles."""
    rows = [
        [
            load,
            *(f"{1000 * quantile(of['values'], share):.0f}" for share in (0, 0.5, 0.9, 0.99, 1)),
            str(len(of["values"])),
        ]
        for load, of in result["seconds"].items()
    ]
    title = f"From commit to the first answer that obeys, milliseconds, {result['accounts']:,} accounts"
    return [Table(title, ["load", "least", "p50", "p90", "p99", "most", "changes"], rows)]
