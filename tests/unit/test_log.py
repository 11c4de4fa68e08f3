"""Every event ends in FreeRADIUS's log, a line each."""

import json
from collections.abc import Iterator

import pytest
import structlog

from radiusd import log
from radiusd.log import Levels

Lines = list[tuple[int, str]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What FreeRADIUS's radlog is called with."""
    called: Lines = []
    log.configure(lambda level, line: called.append((level, line)), Levels(info=3, warning=5, error=4))
    yield called
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("method", "level"), [("info", 3), ("warning", 5), ("error", 4), ("critical", 4), ("debug", 3)]
)
def test_each_level_is_freeradiuss(lines: Lines, method: str, level: int) -> None:
    """What FreeRADIUS has no name for goes to the nearest."""
    getattr(structlog.get_logger(), method)("state_loaded", accounts=7)
    ((found, line),) = lines
    assert found == level
    assert json.loads(line) == {"event": "state_loaded", "accounts": 7}


def test_an_event_is_one_line(lines: Lines) -> None:
    """Whatever is in it: libpq's errors have several, and a user name could be made to look like another event."""
    structlog.get_logger().error("feed_failed", error="connection failed:\n\tno such\r\nserver", user_name='x"}\n{"')
    ((_, line),) = lines
    assert len(line.splitlines()) == 1
    assert json.loads(line)["error"] == "connection failed: no such server"
    assert json.loads(line)["user_name"] == 'x"} {"'


def test_a_logger_made_before_is_configured_too(lines: Lines) -> None:
    """Modules ask for theirs when they are imported, before FreeRADIUS's functions are known."""
    structlog.reset_defaults()
    early = structlog.get_logger()
    log.configure(lambda level, line: lines.append((level, line)), Levels(1, 2, 3))
    early.info("feed_connected")
    assert len(lines) == 1
