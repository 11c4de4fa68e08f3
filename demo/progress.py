"""Showing what is going on: a spinner on a terminal, plain lines elsewhere. Nothing else prints while a step runs."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from demo.errors import Refusal

_QUICK_SECONDS = 0.1
_PIPED_COLUMNS = 140


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Say nothing more: `bin/up --detach | head` has started what it was asked to, whoever stopped reading."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Progress:
    """Writes to standard output; refusals to standard error."""

    def __init__(self) -> None:
        self.console = _Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = _PIPED_COLUMNS  # nobody's window to fit into
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Show that this is being done, and when it is done how long it took. Say nothing more when it fails."""
        began = time.monotonic()
        with self.console.status(escape(doing)) if self.console.is_terminal else contextlib.nullcontext():
            yield
        seconds = time.monotonic() - began
        self.say(f"[green]ok[/] {escape(doing)}" + (f" ({seconds:.1f} s)" if seconds >= _QUICK_SECONDS else ""))

    def say(self, markup: str) -> None:
        """Write one line, in rich's markup."""
        self.console.print(markup, soft_wrap=True)

    def refuse(self, refusal: Refusal) -> None:
        """Write cause and hint to standard error."""
        self._errors.print(escape(str(refusal)))
