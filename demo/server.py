"""FreeRADIUS with the hook inside, from freeradius-conf/: checked, started, waited for, stopped."""

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

_ANSWERING = ("serving", "stale")  # stale: from the snapshot file, while there is no database
_STOPPING = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # an ordinary user's often lacks sbin, where freeradius is


@dataclass(frozen=True)
class RadiusServer:
    """One FreeRADIUS. `database` holds libpq's PG* variables, for the hook's role."""

    settings: Settings
    database: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the server says before its own log is open; that one is beside it."""
        return self.settings.log / "freeradius.log"

    @property
    def pid_file(self) -> processes.PidFile:
        """What remembers the server."""
        return processes.PidFile(self.settings.pids / "freeradius")

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.pid_file.read() is not None

    def environ(self) -> dict[str, str]:
        """Return the whole environment of the server: nothing of the caller's can bend it."""
        return {"PATH": _PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", **self.settings.environ(), **self.database}

    def check_ports(self) -> None:
        """Raise `Refusal` naming the first port that somebody else has."""
        for variable, port in (
            ("TOLLKEEPER_AUTH_PORT", self.settings.auth_port),
            ("TOLLKEEPER_ACCT_PORT", self.settings.acct_port),
        ):
            _check_port(self.settings.listen, port, variable)

    def start(self) -> None:
        """Start it and wait until the hook serves; raise `Refusal` with its last words otherwise."""
        self.check_ports()
        make_folder(self.settings.log, mode=0o700)
        self._check_configuration()
        process = processes.start([*_COMMAND, "-f"], environ=self.environ(), log=self.log, pid_file=self.pid_file)
        try:
            self._await_serving(process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Stop it; return whether it was running."""
        process = self.pid_file.read()
        if process is not None and not process.stop(*_STOPPING):
            raise Refusal(f"FreeRADIUS, pid {process.pid}, does not stop")
        self.pid_file.remove()
        return process is not None

    def status(self) -> dict[str, object]:
        """Return what the hook says of itself; raise `control.NoAnswer`."""
        return control.ask(self.settings.control_socket, {"command": "status"})

    def _check_configuration(self) -> None:
        result = subprocess.run(
            [*_COMMAND, "-C", "-l", "stdout"],
            env=self.environ(),
            cwd="/",
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if result.returncode != 0:
            raise Refusal("FreeRADIUS refuses its configuration:\n" + "\n".join(result.stdout.splitlines()[-8:]))

    def _await_serving(self, process: processes.Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.alive and time.monotonic() < deadline:
            try:
                if self.status().get("phase") in _ANSWERING and _is_bound(self.settings.auth_port):
                    return
            except control.NoAnswer:
                pass
            time.sleep(0.05)
        why = "does not serve" if process.alive else "has ended"
        raise Refusal(f"FreeRADIUS {why}; the end of {self.log}:\n{processes.last_lines(self.log)}")


_COMMAND = ["/usr/sbin/freeradius", "-d", str(CONFIGURATION), "-n", "radiusd"]


def _check_port(listen: str, port: int, variable: str) -> None:
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((listen, port))
        except OSError as exc:
            raise Refusal(
                f"UDP port {port} on {listen} cannot be used: {(exc.strerror or str(exc)).lower()}",
                f"Set {variable} to a free port.",
            ) from exc


def _is_bound(port: int) -> bool:
    """Whether anybody has this UDP port. The hook is up before FreeRADIUS opens its own sockets.

    Looked up in /proc rather than tried: a bind of ours could be in the way of the server's.
    """
    wanted = f":{port:04X}"
    tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
    lines = [line for table in tables if table.exists() for line in table.read_text("ascii").splitlines()[1:]]
    return any(line.split()[1].endswith(wanted) for line in lines)
