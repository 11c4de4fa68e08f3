"""Access-Requests a second, accepted and rejected, by PAP, CHAP and MS-CHAPv2: ours, `files`, stock rlm_sql, in turns.

All policy applies (customer, group, package, expiry, a limit of four sessions); the password of a reject is wrong, so
the whole way is gone first.
{"accounts": n, "rates": {"pap accept": {"ours": Series, "files": Series, "rlm_sql": Series}}}
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.bench.radload import METHODS
from tests.bench.stand import Stand
from tests.bench.tables import Table, count
from tests.bench.turns import Series, in_turns, ratio

OUTCOMES = ("accept", "reject")
PEERS = ("ours", "files", "rlm_sql")
IN_FLIGHT = 64


def measure(stand: Stand) -> dict[str, Any]:
    """Take all figures, each peer beside the others."""
    options = stand.options
    ports = ports_of(stand)
    runs: dict[tuple[str, str], Callable[[], float]] = {
        (f"{method} {outcome}", peer): partial(rate, stand, method, outcome, port)
        for method in METHODS
        for outcome in OUTCOMES
        for peer, port in ports.items()
    }
    taken: dict[str, dict[str, list[float]]] = {what: {peer: [] for peer in ports} for what, _ in runs}
    with stand.screen.bar("authorize", len(runs) * options.turns) as advance:
        for (what, peer), value in in_turns(runs, options.turns):
            taken[what][peer].append(value)
            advance(f"{what}, {peer}")
    rates = {what: {peer: Series(tuple(values)) for peer, values in of.items()} for what, of in taken.items()}
    return {"accounts": options.accounts, "in_flight": IN_FLIGHT, "rates": rates}


def ports_of(stand: Stand) -> dict[str, int]:
    """Return where each peer listens; they are started where they do not run."""
    return {
        "ours": stand.node(stand.options.accounts).settings.auth_port,
        "files": stand.files().auth_port,
        "rlm_sql": stand.sql().auth_port,
    }


def rate(stand: Stand, method: str, outcome: str, port: int, *, users: int | None = None) -> float:
    """Return the answers a second of one turn."""
    options = stand.options
    wrong = {"password": "wrong"} if outcome == "reject" else {}
    load = stand.radload.run(
        method,
        port,
        expect=f"{outcome}ed",
        users=users or options.accounts,
        in_flight=IN_FLIGHT,
        seconds=options.seconds + options.warm_seconds,
        warm=options.warm_seconds,
        **wrong,
    )
    return load.rate


def tables(result: dict[str, Any]) -> list[Table]:
    """Return answers a second, and ours by theirs."""
    rows = [
        [
            what,
            *(count(of[peer].median) for peer in PEERS),
            str(ratio(of["ours"], of["files"])),
            str(ratio(of["ours"], of["rlm_sql"])),
            f"{of['ours'].spread:.0%}",
        ]
        for what, of in result["rates"].items()
    ]
    title = f"Access-Requests answered a second, {result['accounts']:,} accounts, {result['in_flight']} in flight"
    columns = ["", "ours", "files", "rlm_sql", "ours / files", "ours / rlm_sql", "spread of ours"]
    return [Table(title, columns, rows, "Medians; in parentheses the lowest and highest ratio of a turn.")]
