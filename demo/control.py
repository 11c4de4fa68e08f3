"""Asking the hook inside FreeRADIUS: one line of JSON there, one line back, over its unix socket."""

import json
import socket
from pathlib import Path
from typing import Any

_ANSWER_OCTETS = 1 << 20


class NoAnswer(Exception):
    """the hook does not answer on its control socket"""


def ask(path: Path, request: dict[str, Any], *, timeout_seconds: float = 5.0) -> dict[str, Any]:
    """Return the hook's answer; raise `NoAnswer` where nobody answers, or something that is no JSON object."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_seconds)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline(_ANSWER_OCTETS))
    except (OSError, ValueError) as exc:
        raise NoAnswer(f"no answer on {path}: {exc}") from exc
    if not isinstance(answer, dict):
        raise NoAnswer(f"no JSON object on {path}")
    return answer
