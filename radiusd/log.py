"""Logging from inside FreeRADIUS: structlog events, one JSON line each, end in FreeRADIUS's own log.

stdout and stderr lead nowhere after the server's start (FREERADIUS.md 15), so radlog is the only way out. No processor
adds request attributes: no secret can get into a line that nobody put it in.
"""

import sys
from collections.abc import Callable, MutableMapping
from typing import Any, NamedTuple

import structlog


class Levels(NamedTuple):
    """FreeRADIUS's L_* numbers, handed in by the bootstrap."""

    info: int
    warning: int
    error: int


class _RadLogger:
    def __init__(self, radlog: Callable[[int, str], object], levels: Levels) -> None:
        self._radlog = radlog
        self._levels = levels

    def info(self, line: str) -> None:
        self._radlog(self._levels.info, line)

    def warning(self, line: str) -> None:
        self._radlog(self._levels.warning, line)

    def error(self, line: str) -> None:
        self._radlog(self._levels.error, line)

    critical = error
    debug = info


def configure(radlog: Callable[[int, str], object], levels: Levels) -> None:
    """Send every structlog event of this process to FreeRADIUS's log."""
    structlog.configure(
        processors=[_without_line_breaks, structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: _RadLogger(radlog, levels),
        cache_logger_on_first_use=False,
    )


def _without_line_breaks(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An error text of several lines (libpq's) becomes one."""
    return {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in event.items()}


def configure_process() -> None:
    """Send every structlog event of this process, one of its own beside FreeRADIUS, to its standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_line_breaks,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
