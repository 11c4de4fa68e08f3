"""Access-Accepts a second with ten thousand, a hundred thousand and a million accounts: ours, in turns.

{"rates": {10000: Series, 100000: Series, 1000000: Series}}
"""

from functools import partial
from typing import Any

from tests.bench import authorize
from tests.bench.stand import Stand
from tests.bench.tables import Table, count
from tests.bench.turns import Series, in_turns, ratio


def measure(stand: Stand) -> dict[str, Any]:
    """Take the rates, each size beside the others."""
    options = stand.options
    runs = {}
    for size in options.sizes:
        port = stand.node(size).settings.auth_port
        runs[size] = partial(authorize.rate, stand, "pap", "accept", port, users=size)
    taken: dict[int, list[float]] = {size: [] for size in runs}
    with stand.screen.bar("scale", len(runs) * options.turns) as advance:
        for size, value in in_turns(runs, options.turns):
            taken[size].append(value)
            advance(f"{size:,} accounts")
    return {"rates": {size: Series(tuple(values)) for size, values in taken.items()}}


def tables(result: dict[str, Any]) -> list[Table]:
    """Return the rates, and each by the smallest's."""
    rates = result["rates"]
    least = rates[min(rates)]
    rows = [[count(size), count(of.median), str(ratio(of, least)), f"{of.spread:.0%}"] for size, of in rates.items()]
    columns = ["accounts", "Access-Accept/s", f"by that of {min(rates):,}", "spread"]
    return [Table("More accounts, PAP", columns, rows)]
