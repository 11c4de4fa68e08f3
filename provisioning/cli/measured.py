"""Measured amounts as people read them: rounded on a terminal, exact in a pipe, and tables of them.

What an operator typed is written back exactly (provisioning/units.py); what was counted is rounded to three figures.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from provisioning import units
from provisioning.cli import output

_PADDING = 3  # between two columns of a table


def octets(number: int | None) -> str:
    """Return `14.3 GB` (decimal)."""
    return _rounded(number, "B")


def rate(bps: int | None) -> str:
    """Return `8.12 Mbit/s`."""
    return _rounded(bps, "bit/s")


def count(number: int | None) -> str:
    """Return `1,234,567`."""
    return "-" if number is None else f"{number:,}"


def duration(seconds: float | None) -> str:
    """Return `04:05:06`, or from a day on `3d 04:05`."""
    if seconds is None:
        return "-"
    days, rest = divmod(int(seconds), 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}"
    return f"{days}d {clock}" if days else f"{clock}:{rest % 60:02}"


def minute(moment: datetime | None) -> str:
    """Return `2026-12-31 23:59`, where the database's clock is."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def text(value: Any) -> str:
    """Return words as they are; `-` for none."""
    return output.human("", value)


def _rounded(number: int | None, unit: str) -> str:
    return "-" if number is None else units.rounded(number, unit)


@dataclass(frozen=True)
class Column:
    """One column: the key of its value, its heading in a table, how a terminal shows it, whether it is a number.

    Where a terminal is too narrow, columns with a `rank` are left out, the highest first.
    """

    key: str
    heading: str
    form: Callable[[Any], str] = text
    number: bool = False
    rank: int = 0


def number(key: str, heading: str, form: Callable[[Any], str], *, rank: int = 0) -> Column:
    """Return a column of amounts, set to the right."""
    return Column(key, heading, form, number=True, rank=rank)


def lines(rows: Iterable[output.View], columns: Sequence[Column]) -> Iterable[str]:
    """Yield a table for a pipe: keys, then exact values in the units of the keys, separated by tabs."""
    yield "\t".join(column.key.replace("_", " ") for column in columns)
    for row in rows:
        yield "\t".join(_exact(row[column.key]) for column in columns)


def drawing(rows: Iterable[output.View], columns: Sequence[Column], *, total: output.View | None = None) -> Any:
    """Return a table for a terminal, with a last row of sums where there is one."""
    from rich.console import Console

    rows = list(rows)
    shown = fitting(rows, columns, Console().width)
    drawn = output.table()
    for column in shown:
        drawn.add_column(
            column.heading, justify="right" if column.number else "left", no_wrap=True, overflow="ellipsis"
        )
    for row in rows:
        drawn.add_row(*_cells(row, shown), style=row.get("style"))
    if total is not None:
        drawn.add_section()
        drawn.add_row(*_cells(total, shown), style="bold")
    return drawn


def fitting(rows: Sequence[output.View], columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns for which there is room."""
    needed = {
        column: max([len(column.heading), *(len(column.form(row[column.key])) for row in rows)]) + _PADDING
        for column in columns
    }
    shown = list(columns)
    while sum(needed[column] for column in shown) > width and any(column.rank for column in shown):
        shown.remove(max(shown, key=lambda column: column.rank))
    return shown


def _cells(row: output.View, columns: Sequence[Column]) -> list[str]:
    return [output.escape("" if column.key not in row else column.form(row[column.key])) for column in columns]


def _exact(value: Any) -> str:
    return (
        value.isoformat()
        if isinstance(value, date) and not isinstance(value, datetime)
        else output.human("", value, "")
    )
