"""The control socket: what operators ask the hook, answered from the very memory that it decides from.

A unix stream socket; one JSON object on a line in, one out. `{"command": "status"}`, or `{"command": "explain",
"user_name": ..., "nas": name or address or null, "mac": ..., "at": seconds since 1970 or null}`. No answer carries a
password or a secret. Only who may open the socket may ask (mode 0660).
"""

import socket
import socketserver
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import orjson
import structlog

Answer = dict[str, Any]
Commands = dict[str, Callable[[Answer], Answer]]

_LONGEST_LINE = 64 * 1024
_PATIENCE_SECONDS = 2.0

log = structlog.get_logger()


class BadQuestion(Exception):
    """the question cannot be answered"""


class Control:
    """Serves the commands on the socket at `path`, in threads of its own."""

    def __init__(self, path: Path, commands: Commands) -> None:
        self._path = path
        self._commands = commands
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Close the socket."""
        self._stopping.set()
        self._thread.join(timeout=3.0)

    def _run(self) -> None:
        """A socket that somebody still answers on is left to them: `freeradius -C` runs beside the running server."""
        while not self._stopping.is_set():
            if not _answers(self._path):
                self._serve()
            self._stopping.wait(1.0)

    def _serve(self) -> None:
        commands = self._commands

        class Handler(socketserver.StreamRequestHandler):
            timeout = _PATIENCE_SECONDS

            def handle(self) -> None:
                self.wfile.write(orjson.dumps(answer(commands, self.rfile.readline(_LONGEST_LINE))) + b"\n")

        try:
            self._path.unlink(missing_ok=True)
            server = _Server(str(self._path), Handler)
            self._path.chmod(0o660)
        except OSError as exc:
            log.error("control_socket_failed", path=str(self._path), error=str(exc))
            return
        with server:
            while not self._stopping.is_set():  # serve_forever() could be told to end only once it runs
                server.handle_request()
        self._path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    timeout = 0.1  # of handle_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One who hangs up or says nothing is no event."""


def answer(commands: Commands, line: bytes) -> Answer:
    """Return the answer to one line, or the error that it is."""
    try:
        question = orjson.loads(line)
        command = commands[question["command"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {"error": "not a question that the hook knows", "hint": f"Ask one of: {', '.join(commands)}."}
    try:
        return command(question)
    except BadQuestion as exc:
        return {"error": str(exc), "hint": "See the head of radiusd/control.py."}


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PATIENCE_SECONDS)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
