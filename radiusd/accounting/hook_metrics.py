"""The hook's numbers for Prometheus: asked over its control socket, since nothing may listen inside FreeRADIUS."""

import socket
from pathlib import Path
from typing import Any

import orjson

from radiusd.accounting.metrics import Page

_PATIENCE_SECONDS = 1.0
_ROWS = ("accounts", "customers", "groups", "packages", "nas", "devices", "sessions")


def status(path: Path) -> dict[str, Any] | None:
    """Return what the hook says of itself (radiusd/questions.py); None: it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(str(path))
            connection.sendall(b'{"command": "status"}\n')
            with connection.makefile("rb") as told:
                answer: dict[str, Any] = orjson.loads(told.readline())
    except (OSError, orjson.JSONDecodeError):
        return None
    return answer if "answers" in answer else None


def write(page: Page, told: dict[str, Any] | None) -> None:
    """Write the hook's families; only `hook_up` where it does not answer."""
    page.gauge("hook_up", "1 while the hook answers on its control socket.", int(told is not None))
    if told is None:
        return
    answers = told["answers"]
    accepted = {outcome: answers[outcome] for outcome in ("accept", "garden", "throttle")}
    page.counter("hook_accepted_total", "Access-Requests let in, by how.", accepted, "outcome")
    page.counter("hook_rejected_total", "Access-Requests refused, by reason.", answers["reject"], "reason")
    page.counter("hook_silent_total", "Access-Requests not answered.", answers["silent"])
    page.gauge("hook_serving", "1 while the hook has a state to answer from.", int(told["phase"] != "loading"))
    page.gauge("hook_feed_connected", "1 while it follows the database.", int(told["feed"]["connected"]))
    if told["age_seconds"] is not None:
        page.gauge("hook_state_age_seconds", "Since state and database were seen to be equal.", told["age_seconds"])
    page.gauge("hook_rows", "Rows in memory, by kind.", {kind: told[kind] for kind in _ROWS}, "kind")
    page.gauge("hook_reservations", "Sessions accepted and not yet reported as started.", told["reservations"])
