"""FreeRADIUS with the hook inside, from freeradius-conf/: checked, started, waited for, stopped.

Two of them make a node: one for authentication, one for accounting, which waits for the disk.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo import control, processes
from demo.cluster import make_folder
from demo.errors import Refusal
from demo.settings import REPOSITORY, Settings

CONFIGURATION = REPOSITORY / "freeradius-conf"
START_SECONDS = 60.0
_CLOSING_SECONDS = 1.0

_ANSWERING = ("serving", "stale")  # stale: from the snapshot file, while there is no database
_STOPPING = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # an ordinary user's often lacks sbin, where freeradius is


@dataclass(frozen=True)
class RadiusServer:
    """The FreeRADIUS for authentication. `database` holds libpq's PG* variables, for the hook's role."""

    settings: Settings
    database: Mapping[str, str] = field(default_factory=dict)

    configuration = "radiusd"
    name = "FreeRADIUS"

    @property
    def log(self) -> Path:
        """What the server says before its own log is open; that one is beside it."""
        return self.settings.log / "freeradius.log"

    @property
    def pid_file(self) -> processes.PidFile:
        """What remembers the server."""
        return processes.PidFile(self.settings.pids / "freeradius")

    @property
    def port(self) -> tuple[str, int]:
        """The UDP port it listens on, and the variable that chooses it."""
        return "TOLLKEEPER_AUTH_PORT", self.settings.auth_port

    @property
    def control_socket(self) -> Path:
        """Where its hook can be asked."""
        return self.settings.control_socket

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.pid_file.read() is not None

    def environ(self) -> dict[str, str]:
        """Return the whole environment of the server: nothing of the caller's can bend it."""
        return {"PATH": _PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", **self.settings.environ(), **self.database}

    def check_port(self) -> None:
        """Raise `Refusal` where somebody else has its port."""
        variable, port = self.port
        check_port(self.settings.listen, port, variable, socket.SOCK_DGRAM)

    def start(self) -> None:
        """Start it and wait until the hook serves; raise `Refusal` with its last words otherwise."""
        self.check_port()
        make_folder(self.settings.log, mode=0o700)
        self._check_configuration()
        process = processes.start(
            [*self._command(), "-f"], environ=self.environ(), log=self.log, pid_file=self.pid_file
        )
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

    def status(self) -> dict[str, object]:
        """Return what the hook says of itself; raise `control.NoAnswer`."""
        return control.ask(self.control_socket, {"command": "status"})

    def _check_configuration(self) -> None:
        result = subprocess.run(
            [*self._command(), "-C", "-l", "stdout"],
            env=self.environ(),
            cwd="/",
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if result.returncode != 0:
            raise Refusal(f"{self.name} refuses its configuration:\n" + "\n".join(result.stdout.splitlines()[-8:]))

    def _await_serving(self, process: processes.Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.alive and time.monotonic() < deadline:
            try:
                if self.status().get("phase") in _ANSWERING and _is_bound(self.port[1]):
                    return
            except control.NoAnswer:
                pass
            time.sleep(0.05)
        why = "does not serve" if process.alive else "has ended"
        raise Refusal(f"{self.name} {why}; the end of {self.log}:\n{processes.last_lines(self.log)}")

    def _command(self) -> list[str]:
        return ["/usr/sbin/freeradius", "-d", str(CONFIGURATION), "-n", self.configuration]


@dataclass(frozen=True)
class AccountingServer(RadiusServer):
    """The FreeRADIUS for accounting. Its hook knows the routers only."""

    configuration = "accounting"
    name = "FreeRADIUS for accounting"

    @property
    def log(self) -> Path:
        """What the server says before its own log is open; that one is beside it."""
        return self.settings.log / "freeradius-accounting.log"

    @property
    def pid_file(self) -> processes.PidFile:
        """What remembers the server."""
        return processes.PidFile(self.settings.pids / "freeradius-accounting")

    @property
    def port(self) -> tuple[str, int]:
        """The UDP port it listens on, and the variable that chooses it."""
        return "TOLLKEEPER_ACCT_PORT", self.settings.acct_port

    @property
    def control_socket(self) -> Path:
        """Where its hook can be asked."""
        return self.settings.accounting_control_socket


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


def _is_bound(port: int) -> bool:
    """Whether anybody has this UDP port. The hook is up before FreeRADIUS opens its own sockets.

    Looked up in /proc rather than tried: a bind of ours could be in the way of the server's.
    """
    wanted = f":{port:04X}"
    tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
    lines = [line for table in tables if table.exists() for line in table.read_text("ascii").splitlines()[1:]]
    return any(line.split()[1].endswith(wanted) for line in lines)
