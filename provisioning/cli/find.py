"""tollkeeper find: what something is, whose it is, and where to look."""

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

import click

from provisioning.cli import measured, output
from provisioning.cli.command import Command

_KEYS = (
    "kind (customer|contact|address|external id|device|account|nas|session|closed session|invoice|payment|package|group"
    "|reseller), name, customer (account code, null: nobody's), customer_name, customer_state, detail, see (a command,"
    " as a list of words)"
)


def _command(words: Sequence[str]) -> str:
    return shlex.join(words)


_COLUMNS = [
    measured.Column("kind", "what"),
    measured.Column("name", "name"),
    measured.Column("customer", "customer"),
    measured.Column("customer_name", "customer name"),
    measured.Column("detail", "detail"),
    measured.Column("see", "see", _command),
]
_DRAWN = [
    measured.Column("kind", "what"),
    measured.Column("name", "name"),
    measured.Column("whose", "whose", rank=1),
    measured.Column("detail", "", rank=2),
    measured.Column("see", "see: tollkeeper ..."),
]


@click.command(
    "find", cls=Command, example="tollkeeper find 0000.5e00.5301", keys=f"a list of ({_KEYS})", changes=False
)
@click.argument("anything", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0, 1000), default=0, help="Leave out the first so many.")
def find(anything: Sequence[str], limit: int, offset: int) -> output.Result:
    """Find whatever it is, best first: a code, name, phone number, address, e-mail, user name, MAC, IP, session id,
    invoice number, external id, portal login, router. Numbers and MACs in any writing."""
    from provisioning import reading, search

    with reading.look() as look:
        look.check_may_view("customer")
        found = search.find(look, " ".join(anything), limit=limit, offset=offset)

    def draw() -> Iterable[Any]:
        if not found:
            yield f"nothing is known of {output.escape(repr(' '.join(anything)))}"
            return
        yield measured.drawing(map(_drawn, found), _DRAWN)
        if len(found) == limit:
            yield f"[dim]perhaps more: --offset {offset + limit}[/]"

    def lines() -> Iterable[str]:
        return measured.lines([{**row, "see": _command(row["see"])} for row in found], _COLUMNS)

    return output.Result(found, lines, draw, exit_status=0 if found else 1)


def _drawn(row: output.View) -> output.View:
    """Return a row as it is drawn: a customer by its name, everything else with whose it is."""
    whose = row["customer"]
    if row["kind"] != "customer" and whose is not None:
        whose = f"{whose} {row['customer_name']}"
    return {
        **row,
        "name": row["customer_name"] if row["kind"] == "customer" else row["name"],
        "whose": whose,
        "see": _command(row["see"][1:]),
        "style": "dim" if row["customer_state"] in ("deleted", "disabled") else None,
    }
