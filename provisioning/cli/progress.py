"""A bar on the terminal while something long is done; rich is imported only there."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Thing = TypeVar("Thing")


def shown(things: Iterable[Thing], what: str, count: int, *, wanted: bool = True) -> Iterator[Thing]:
    """Yield the things, with a bar on stderr where that is a terminal."""
    if not wanted or not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(things, what, count, console=Console(stderr=True), transient=True)
