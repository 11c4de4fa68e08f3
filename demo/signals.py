"""SIGINT, SIGTERM and SIGHUP as an exception, so that whatever was started is stopped on the way out."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """the person at the keyboard, or bin/down, wants an end"""


@contextlib.contextmanager
def as_exceptions() -> Iterator[None]:
    """Raise `Stopped` in the main thread at the first of these signals; the next ones wait for the clean-up."""
    before = {number: signal.signal(number, _stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped
