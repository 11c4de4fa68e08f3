"""What the hook of this node says of itself, asked over its control socket.

One JSON line there, one JSON line back, then the socket closes. The hook decides; here nothing is decided again.
"""

import json
import os
import socket
from pathlib import Path
from typing import Any

from provisioning.errors import BadInput, Unreachable

_TIMEOUT_SECONDS = 2.0
_HINT = "Start it with bin/up, or set TOLLKEEPER_HOOK_SOCKET to where it runs."


def hook_socket() -> Path:
    """Return TOLLKEEPER_HOOK_SOCKET, by default `run/hook.sock` in TOLLKEEPER_HOME."""
    home = Path(os.environ.get("TOLLKEEPER_HOME") or Path(__file__).resolve().parents[1] / "var")
    return Path(os.environ.get("TOLLKEEPER_HOOK_SOCKET") or home / "run" / "hook.sock")


def status() -> dict[str, Any]:
    """Return how the hook is: phase, age of its state, rows, feed, answers."""
    return ask(hook_socket(), {"command": "status"})


def explain(user_name: str, *, nas: str | None, mac: str | None, at: float | None) -> dict[str, Any]:
    """Return how the hook would answer, rule by rule; `at` is seconds since 1970, None for now."""
    return ask(hook_socket(), {"command": "explain", "user_name": user_name, "nas": nas, "mac": mac, "at": at})


def ask(path: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Ask the hook at this socket; raise `Unreachable` where it says nothing of use, `BadInput` its error."""
    try:
        answer = json.loads(_exchange(path, json.dumps(question).encode() + b"\n"))
    except (OSError, ValueError) as exc:
        cause = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc) or "no answer in time"
        raise Unreachable(f"hook does not answer at {path}: {cause}", _HINT) from exc
    if not isinstance(answer, dict):
        raise Unreachable(f"hook does not answer at {path}: it says no JSON object", _HINT)
    if "error" in answer:
        raise BadInput(str(answer["error"]), str(answer.get("hint", "")))
    return answer


def _exchange(path: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_SECONDS)
        connection.connect(str(path))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return answer.readline()
