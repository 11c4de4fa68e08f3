"""What the scheduler of this node says of itself: run/scheduler.json (report.py)."""

import json
import time
from pathlib import Path
from typing import Any

from provisioning import spool
from provisioning.errors import Unreachable

_SILENT_SECONDS = 10.0  # it writes its file every second, idle or not
_HINT = "Start it with bin/up, or set TOLLKEEPER_HOME to where it runs."


def path() -> Path:
    """Return where it says so."""
    return spool.home() / "run" / "scheduler.json"


def is_expected() -> bool:
    """Return whether this node has a scheduler at all: it has said something once."""
    return path().exists()


def read() -> dict[str, Any]:
    """Return what it wrote last, with `age_seconds`; raise `Unreachable` where that is too old to be of use."""
    try:
        age = max(0.0, time.time() - path().stat().st_mtime)
        said = json.loads(path().read_bytes())
    except (OSError, ValueError) as exc:
        raise Unreachable(f"what the scheduler wrote cannot be read: {path()}: {exc}", _HINT) from exc
    if not isinstance(said, dict):
        raise Unreachable(f"what the scheduler wrote is no JSON object: {path()}", _HINT)
    if age > _SILENT_SECONDS:
        raise Unreachable(f"scheduler has said nothing for {age:.0f} s", _HINT)
    return said | {"age_seconds": round(age, 3)}
