"""What is seen while it runs: steps, a bar for each part, tables as soon as they are known."""

import contextlib
from collections.abc import Callable, Iterator

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from demo.progress import Progress
from tests.bench.tables import Table


class Screen(Progress):
    """Standard output."""

    @contextlib.contextmanager
    def bar(self, title: str, total: float) -> Iterator[Callable[[str], None]]:
        """Give a function that says what was done last and moves the bar on by one."""
        columns = (
            TextColumn("{task.description:<40}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=self.console) as bars:
            task = bars.add_task(title, total=total)

            def advance(doing: str) -> None:
                bars.update(task, advance=1, description=f"{title}: {doing}")

            yield advance
            bars.update(task, description=title)

    def show(self, table: Table) -> None:
        """Print a table."""
        self.say(f"\n[bold]{escape(table.title)}[/]")
        self.console.print(table.rich())
        if table.note:
            self.say(f"{escape(table.note)}\n")
