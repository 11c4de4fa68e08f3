"""One AAA node: the one place where the hook's parts are put together, started and stopped."""

import sys
from pathlib import Path
from typing import NamedTuple

import structlog

from policies import dictionary
from radiusd.control import Control
from radiusd.feed import Feed
from radiusd.hook import Hook, ReturnCodes
from radiusd.questions import Questions
from radiusd.rejections import Rejections

# While the feed reads a batch, a request waits at most this long for the interpreter; 5 ms is the default
_SWITCH_SECONDS = 0.0005

log = structlog.get_logger()


class Settings(NamedTuple):
    """Where a node keeps its things, FreeRADIUS's dictionary, and how old a state may be answered from."""

    key: Path
    snapshot: Path
    socket: Path
    dictionary: Path
    stale_limit_seconds: float
    relations: tuple[str, ...] | None = None  # which rows the hook is to know, as source.py calls them; None: all


class Node:
    """The hook with its feed, its control socket and its teller of rejections."""

    def __init__(self, codes: ReturnCodes, settings: Settings) -> None:
        self._rejections = Rejections()
        self.hook = Hook(codes, self._rejections, _installed(settings.dictionary))
        self._feed = Feed(
            self.hook.take,
            settings.key,
            settings.snapshot,
            stale_limit_seconds=settings.stale_limit_seconds,
            confirm=self.hook.slots.confirm,
            relations=settings.relations,
        )
        questions = Questions(self.hook, self._feed, self._rejections)
        self._control = Control(settings.socket, {"status": questions.status, "explain": questions.explain})

    def start(self) -> None:
        """Start every thread; returns at once, so `freeradius -C` is quick and needs no database."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        for part in (self._rejections, self._feed, self._control):
            part.start()

    def stop(self) -> None:
        """Stop every thread: who asks first, then who reads, then who tells."""
        for part in (self._control, self._feed, self._rejections):
            part.stop()


def _installed(root: Path) -> dictionary.Dictionary | None:
    """Read FreeRADIUS's own dictionaries (0.1 s); without them replies go out unchecked."""
    try:
        return dictionary.parse(str(root), lambda path: Path(path).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError) as exc:
        log.error("dictionary_unreadable", path=str(root), error=str(exc))
        return None
