"""A table, as the terminal and the report show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Words in rows. The first `left` columns are text, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    left: int = 1

    def markdown(self) -> str:
        """Return it for the report."""
        marks = ["---" if n < self.left else "---:" for n in range(len(self.columns))]
        lines = [f"| {' | '.join(words)} |" for words in (self.columns, marks, *self.rows)]
        note = f"\n\n{self.note}" if self.note else ""
        return f"**{self.title}**\n\n" + "\n".join(lines) + note

    def rich(self) -> RichTable:
        """Return its rows for the terminal; title and note are the caller's to print."""
        shown = RichTable(box=box.SIMPLE, pad_edge=False)
        for number, column in enumerate(self.columns):
            shown.add_column(column, justify="left" if number < self.left else "right", no_wrap=number >= self.left)
        for row in self.rows:
            shown.add_row(*row)
        return shown


def count(number: float) -> str:
    """Return a number of things, for people."""
    return f"{number:,.0f}"
