"""A bar on the terminal while something long is done; rich is imported only there."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Thing = TypeVar("Thing")

_AFTER_SECONDS = 2.0  # what is over sooner needs no bar


def shown(things: Iterable[Thing], what: str, count: int, *, wanted: bool = True) -> Iterator[Thing]:
    """Yield the things, with a bar on stderr where that is a terminal."""
    if not wanted or not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(things, what, count, console=Console(stderr=True), transient=True)


@contextmanager
def told(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what is told how much of how much is done, and draws a bar on a terminal once that takes long."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    began, bar = time.monotonic(), Progress(transient=True, console=Console(stderr=True))
    task = bar.add_task(what, total=None)

    def tell(done: int, of: int) -> None:
        if time.monotonic() - began > _AFTER_SECONDS:
            bar.start()
        bar.update(task, completed=done, total=of)

    try:
        yield tell
    finally:
        bar.stop()
