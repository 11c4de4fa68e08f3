"""One AAA node: the one place where the hook's parts are put together, started and stopped."""

import sys
from pathlib import Path
from typing import NamedTuple

from radiusd.control import Control
from radiusd.feed import Feed
from radiusd.hook import Hook, ReturnCodes
from radiusd.questions import Questions
from radiusd.rejections import Rejections

# While the feed reads a batch, a request waits at most this long for the interpreter; 5 ms is the default
_SWITCH_SECONDS = 0.0005


class Paths(NamedTuple):
    """Where a node keeps its things."""

    key: Path
    snapshot: Path
    socket: Path


class Node:
    """The hook with its feed, its control socket and its teller of rejections."""

    def __init__(self, codes: ReturnCodes, paths: Paths) -> None:
        self._rejections = Rejections()
        self.hook = Hook(codes, self._rejections)
        self._feed = Feed(self.hook.take, paths.key, paths.snapshot)
        questions = Questions(self.hook, self._feed, self._rejections)
        self._control = Control(paths.socket, {"status": questions.status, "explain": questions.explain})

    def start(self) -> None:
        """Start every thread; returns at once, so `freeradius -C` is quick and needs no database."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        for part in (self._rejections, self._feed, self._control):
            part.start()

    def stop(self) -> None:
        """Stop every thread: who asks first, then who reads, then who tells."""
        for part in (self._control, self._feed, self._rejections):
            part.stop()
