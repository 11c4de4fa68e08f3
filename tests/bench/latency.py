"""How long an Access-Accept takes with so many in flight: ours and `files`, in turns.

{"milliseconds": {64: {"ours": {"50": Series, "99": Series, "99.9": Series, ...}, "files": {...}}}}
"""

from functools import partial
from typing import Any

from tests.bench.radload import Load
from tests.bench.stand import Stand
from tests.bench.tables import Table
from tests.bench.turns import Series, in_turns, ratio

IN_FLIGHT = (16, 64, 256)
SHOWN = ("50", "99", "99.9")


def measure(stand: Stand) -> dict[str, Any]:
    """Take the quantiles."""
    options = stand.options
    ports = {"ours": stand.node(options.accounts).settings.auth_port, "files": stand.files().auth_port}
    runs = {
        (in_flight, peer): partial(_one, stand, port, in_flight)
        for in_flight in IN_FLIGHT
        for peer, port in ports.items()
    }
    loads: dict[tuple[int, str], list[Load]] = {key: [] for key in runs}
    with stand.screen.bar("latency", len(runs) * options.turns) as advance:
        for key, load in in_turns(runs, options.turns):
            loads[key].append(load)
            advance(f"{key[0]} in flight, {key[1]}")
    milliseconds: dict[int, dict[str, dict[str, Series]]] = {in_flight: {} for in_flight in IN_FLIGHT}
    for (in_flight, peer), taken in loads.items():
        milliseconds[in_flight][peer] = {
            share: Series(tuple(load.milliseconds[share] for load in taken)) for share in taken[0].milliseconds
        }
    return {"accounts": options.accounts, "milliseconds": milliseconds}


def _one(stand: Stand, port: int, in_flight: int) -> Load:
    options = stand.options
    return stand.radload.run(
        "pap",
        port,
        expect="accepted",
        users=options.accounts,
        in_flight=in_flight,
        seconds=options.seconds + options.warm_seconds,
        warm=options.warm_seconds,
    )


def tables(result: dict[str, Any]) -> list[Table]:
    """Return the quantiles and the ratios."""
    rows = []
    for in_flight, peers in result["milliseconds"].items():
        for share in SHOWN:
            ours, files = peers["ours"][share], peers["files"][share]
            rows.append(
                [
                    f"{in_flight}",
                    f"p{share}",
                    f"{ours.median:.2f}",
                    f"{files.median:.2f}",
                    str(ratio(ours, files)),
                    f"{ours.spread:.0%}",
                ]
            )
    columns = ["in flight", "", "ours, ms", "files, ms", "ours / files", "spread of ours"]
    return [Table("Time to an Access-Accept, PAP, as fast as they go", columns, rows, left=2)]
