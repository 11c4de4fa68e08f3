"""What the operator wants of the command under way, beyond its arguments: a dry run, no question, to act as somebody.

It is set once, where a command begins, and read where its transaction ends (provisioning/database.py). It imports
nothing heavy, so that a command's --help does not wait for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Intent:
    """What is wanted, and in `effect` what a dry run found out (provisioning/dry_run.py)."""

    dry_run: bool = False
    confirmed: bool = False  # --yes: more than ten customers may be concerned
    act_as: str | None = None  # a reseller's name or a customer's account code: see and touch no more than its part
    in_full: bool = False  # of a dry run: every row that would change, not the first few
    ask: Callable[[int], None] | None = None  # is told how many customers it concerns, and raises where it is not meant
    tell: Callable[[int, int], None] | None = None  # is told how much of how much of a dry run is done
    effect: Any = field(default=None)


_current: ContextVar[Intent | None] = ContextVar("intent", default=None)


def current() -> Intent:
    """Return what is wanted now; nothing in particular, unless said."""
    return _current.get() or Intent()


@contextmanager
def wanting(intent: Intent) -> Iterator[Intent]:
    """Want this until the end of the block."""
    token = _current.set(intent)
    try:
        yield intent
    finally:
        _current.reset(token)
