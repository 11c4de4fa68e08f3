"""Accounting-Requests a second: Starts, each of a new session, and Interim-Updates of sessions that are open.

accepted    ours, acknowledged, hence synced to disk; the fold stands, and drains after the turn
sustained   ours, acknowledged and brought into PostgreSQL while they come: all records, until the last one is there
rlm_sql     stock, committed to PostgreSQL
{"rates": {"start": {"accepted": Series, "sustained": Series, "rlm_sql": Series}, "interim": ...}, "open_sessions": n}
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.bench.node import Node
from tests.bench.radload import Load
from tests.bench.stand import Stand
from tests.bench.stock import Stock
from tests.bench.tables import Table, count
from tests.bench.turns import Series, in_turns, ratio

KINDS = ("start", "interim")
FIGURES = ("accepted", "rlm_sql", "sustained")  # in this order a turn
IN_FLIGHT = 64


def measure(stand: Stand) -> dict[str, Any]:
    """Take all figures; sessions are opened first, on both sides."""
    options = stand.options
    node, peer = stand.accounting_node(options.accounts), stand.sql()
    opened = int(time.time())
    for name, port in (("ours", node.settings.acct_port), ("rlm_sql", peer.acct_port)):
        with stand.screen.step(f"opening {options.open_sessions:,} sessions, {name}"):
            stand.radload.run("open", port, expect="responded", users=options.open_sessions, seconds=600)
            node.await_drained()
    runs: dict[tuple[str, str], Callable[[], float]] = {}
    for kind in KINDS:
        send = partial(_send, stand, kind, opened)
        runs[kind, "accepted"] = partial(_accepted, stand, node, send)
        runs[kind, "rlm_sql"] = partial(_stock, stand, peer, send)
        runs[kind, "sustained"] = partial(_sustained, stand, node, send)
    taken: dict[str, dict[str, list[float]]] = {kind: {figure: [] for figure in FIGURES} for kind in KINDS}
    with stand.screen.bar("accounting", len(runs) * options.turns) as advance:
        for (kind, figure), value in in_turns(runs, options.turns):
            taken[kind][figure].append(value)
            advance(f"{kind}, {figure}")
    rates = {kind: {figure: Series(tuple(values)) for figure, values in of.items()} for kind, of in taken.items()}
    return {"open_sessions": options.open_sessions, "in_flight": IN_FLIGHT, "rates": rates}


def _send(stand: Stand, kind: str, opened: int, port: int, *, warm: bool) -> Load:
    options = stand.options
    warm_seconds = options.warm_seconds if warm else 0.0
    return stand.radload.run(
        kind,
        port,
        expect="responded",
        users=options.open_sessions,
        in_flight=IN_FLIGHT,
        seconds=options.seconds + warm_seconds,
        warm=warm_seconds,
        opened=opened,
    )


def _stock(stand: Stand, peer: Stock, send: Callable[..., Load]) -> float:
    stand.checkpoint()
    return send(peer.acct_port, warm=True).rate


def _accepted(stand: Stand, node: Node, send: Callable[..., Load]) -> float:
    node.fold.stop()
    stand.checkpoint()
    load = send(node.settings.acct_port, warm=True)
    node.fold.start()
    node.await_drained()
    return load.rate


def _sustained(stand: Stand, node: Node, send: Callable[..., Load]) -> float:
    stand.checkpoint()
    began = time.monotonic()
    load = send(node.settings.acct_port, warm=False)
    node.await_drained()
    return load.responded / (time.monotonic() - began)


def tables(result: dict[str, Any]) -> list[Table]:
    """Return records a second, and ours by stock's."""
    rows = [
        [
            kind,
            *(count(of[figure].median) for figure in ("accepted", "sustained", "rlm_sql")),
            str(ratio(of["accepted"], of["rlm_sql"])),
            str(ratio(of["sustained"], of["rlm_sql"])),
            f"{of['sustained'].spread:.0%}",
        ]
        for kind, of in result["rates"].items()
    ]
    columns = [
        "",
        "accepted",
        "sustained",
        "rlm_sql",
        "accepted / rlm_sql",
        "sustained / rlm_sql",
        "spread of sustained",
    ]
    title = f"Accounting-Requests a second, {result['open_sessions']:,} open sessions, {result['in_flight']} in flight"
    note = (
        "Accepted: acknowledged and on disk. Sustained: in PostgreSQL, on the same processors, until all are drained."
        " rlm_sql: committed to PostgreSQL."
    )
    return [Table(title, columns, rows, note)]
