"""A server of ours: started, waited for until it answers, stopped. FreeRADIUS (server.py), daemons (daemon.py)."""

import signal
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from demo import processes
from demo.cluster import make_folder
from demo.errors import Refusal
from demo.settings import Settings

START_SECONDS = 60.0
_CLOSING_SECONDS = 1.0
_STOPPING = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))


class Server(ABC):
    """A process of which it is known how to start it, and when it serves."""

    settings: Settings
    name: str  # for people

    @property
    def file_name(self) -> str:
        """What its log and its pid file are called."""
        return self.name

    @property
    def log(self) -> Path:
        """Its log file; of FreeRADIUS, what it says before its own log is open, which is beside it."""
        return self.settings.log / f"{self.file_name}.log"

    @property
    def pid_file(self) -> processes.PidFile:
        """What remembers its process."""
        return processes.PidFile(self.settings.pids / self.file_name)

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.pid_file.read() is not None

    @abstractmethod
    def check_port(self) -> None:
        """Raise `Refusal` where somebody else has its port."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what starts it."""

    @abstractmethod
    def environ(self) -> dict[str, str]:
        """Return its whole environment: nothing of the caller's can bend it."""

    @abstractmethod
    def serves(self) -> bool:
        """Ask it whether it serves."""

    def start(self) -> None:
        """Start it and wait until it serves; raise `Refusal` with its last words otherwise."""
        self.check_port()
        make_folder(self.settings.log, mode=0o700)
        process = processes.start(self.command(), environ=self.environ(), log=self.log, pid_file=self.pid_file)
        try:
            self._await_serving(process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Stop it; return whether it was running."""
        process = self.pid_file.read()
        if process is not None and not process.stop(*_STOPPING):
            raise Refusal(f"{self.name}, pid {process.pid}, does not stop")
        self.pid_file.remove()
        return process is not None

    def _await_serving(self, process: processes.Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.alive and time.monotonic() < deadline:
            if self.serves():
                return
            time.sleep(0.05)
        why = "does not serve" if process.alive else "has ended"
        raise Refusal(f"{self.name} {why}; the end of {self.log}:\n{processes.last_lines(self.log)}")


def check_port(listen: str, port: int, variable: str, kind: socket.SocketKind) -> None:
    """Raise `Refusal` where this port cannot be had, not even a moment later: one killed just now still closes it."""
    deadline = time.monotonic() + _CLOSING_SECONDS
    while (error := _error_of_bind(listen, port, kind)) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    if error is not None:
        protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        raise Refusal(f"{protocol} port {port} on {listen} cannot be used: {error}", f"Set {variable} to a free port.")


def _error_of_bind(listen: str, port: int, kind: socket.SocketKind) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a server that has ended
        try:
            probe.bind((listen, port))
        except OSError as exc:
            return (exc.strerror or str(exc)).lower()
    return None
