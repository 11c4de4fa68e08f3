"""What commands print: tables on a terminal, tab-separated text in a pipe, JSON where asked for.

rich is imported only when a table is drawn on a terminal; it obeys NO_COLOR by itself.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from provisioning import units

if TYPE_CHECKING:
    from rich.table import Table

View = Mapping[str, Any]  # one row as printed: key -> plain value

_FORMATS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("_bps", units.format_bps),
    ("_octets", units.format_octets),
    ("_cents", units.format_cents),
)
_OFF = (("state", "active"), ("enabled", True), ("authorised", True))  # what is not so is drawn grey


@dataclass(frozen=True)
class Result:
    """What a command has to say: `data` as JSON, `lines` as text; a terminal gets `draw` where there is one."""

    data: Any
    lines: Callable[[], Iterable[str]]
    draw: Callable[[], Iterable[Any]] | None = None
    exit_status: int = 0

    def print(self, *, as_json: bool) -> None:
        """Print in the form that suits the reader."""
        if as_json:
            print_json(self.data)
        elif self.draw is not None and sys.stdout.isatty():
            _draw(self.draw())
        else:
            for line in self.lines():
                click.echo(line)


@dataclass(frozen=True)
class Listing:
    """Rows of one noun, of which a list shows some columns."""

    views: Sequence[View]
    columns: Sequence[str]
    title: str = field(default="")

    def result(self) -> Result:
        """Return the rows to print."""
        return Result(self.views, self._lines, self._draw)

    def _lines(self) -> Iterable[str]:
        yield "\t".join(heading(column) for column in self.columns)
        for view in self.views:
            yield "\t".join(human(column, view[column], none="") for column in self.columns)

    def _draw(self) -> Iterable[Any]:
        drawn = table(*(heading(column) for column in self.columns))
        for view in self.views:
            off = any(view.get(key, usual) != usual for key, usual in _OFF)
            values = [human(column, view[column]) for column in self.columns]
            drawn.add_row(*map(escape, values), style="dim" if off else None)
        yield drawn


def shown(view: View, *, words: Mapping[str, str] | None = None) -> Result:
    """Return one row with all it has, a line a key; `words`: what is written in place of some values."""

    def lines(none: str) -> Iterable[tuple[str, str]]:
        for key, value in view.items():
            yield heading(key), human(key, (words or {}).get(key, value), none)

    def draw() -> Iterable[Any]:
        drawn = table("", "", header=False)
        for key, value in lines("-"):
            drawn.add_row(f"[bold]{key}[/]", escape(value))
        yield drawn

    return Result(view, lambda: map("\t".join, lines("")), draw)


def changed(noun: str, name: str, view: View, changes: Mapping[str, tuple[Any, Any]], **shown_once: str) -> Result:
    """Return what changed of a row, a line a column, with secrets that are shown this once."""

    def lines() -> Iterable[str]:
        if not changes:
            yield f"{noun} {name}: nothing to change"
        for key, (before, after) in changes.items():
            yield f"{noun} {name}: {heading(key)} {human(key, before)} -> {human(key, after)}"
        yield from (f"{key}\t{secret}" for key, secret in shown_once.items())

    pairs = {key: list(pair) for key, pair in changes.items()}
    return Result({noun: view, "changed": pairs, **shown_once}, lines)


def added(noun: str, name: str, view: View, **shown_once: str) -> Result:
    """Return that a row was added, with secrets that are shown this once."""

    def lines() -> Iterable[str]:
        yield f"{noun} {name} added"
        yield from (f"{key}\t{secret}" for key, secret in shown_once.items())

    return Result({noun: view, **shown_once}, lines)


def removed(noun: str, name: str) -> Result:
    """Return that a row was removed."""
    return Result({"removed": name}, lambda: [f"{noun} {name} removed"])


def print_json(data: Any) -> None:
    """Print one line of JSON; times in ISO 8601."""
    click.echo(json.dumps(data, default=_plain, ensure_ascii=False))


def heading(key: str) -> str:
    """Return a key as people read it; the unit is in the value."""
    for ending, _ in _FORMATS:
        key = key.removesuffix(ending)
    return key.replace("_", " ")


def human(key: str, value: Any, none: str = "-") -> str:
    """Return a value as people write it."""
    if value is None or value in ([], {}):
        return none
    if isinstance(value, bool):
        return "yes" if value else "no"
    for ending, form in _FORMATS:
        if key.endswith(ending) and isinstance(value, int):
            return form(value)
    if isinstance(value, list):
        return ", ".join(human("", item) for item in value)
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def table(*headings: str, header: bool = True) -> "Table":
    """Return an empty table in the house's look."""
    from rich import box
    from rich.table import Table

    return Table(*headings, box=box.SIMPLE_HEAD, show_header=header, pad_edge=False, header_style="bold")


def escape(text: str) -> str:
    """Return text in which rich sees no markup."""
    return text.replace("[", r"\[")


def _draw(drawings: Iterable[Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for drawing in drawings:
        console.print(drawing)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
