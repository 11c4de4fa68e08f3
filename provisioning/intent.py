"""What the operator wants of the command under way, beyond its arguments: a dry run, no question, to act as somebody.

It is set once, where a command begins, and read where its transaction ends (provisioning/database.py). It imports
nothing heavy, so that a command's --help does not wait for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Intent:
    """What is wanted, and in `effect` what a dry run found out."""

    dry_run: bool = False
    confirmed: bool = False  # --yes: more than ten customers may be concerned
    act_as: str | None = None  # a reseller's name or a customer's account code: see and touch no more than its part
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
