"""The daemons of ours that run beside FreeRADIUS, each a Python module: accountingd, fold."""

import base64
import os
import re
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo import processes
from demo.cluster import make_folder
from demo.errors import Refusal
from demo.server import check_port
from demo.settings import Settings

START_SECONDS = 30.0
_STOPPING = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
_REPORT_SECONDS = 3.0  # the fold says every second how it is


@dataclass(frozen=True)
class Daemon:
    """`python -m radiusd.accounting.NAME`. It serves when `answers` says so."""

    name: str
    settings: Settings
    answers: Callable[[Settings], bool]
    environ: Mapping[str, str] = field(default_factory=dict)  # beside TOLLKEEPER_*
    tcp_port: tuple[str, int] | None = None  # the variable that chooses it, and the port

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.settings.log / f"{self.name}.log"

    @property
    def pid_file(self) -> processes.PidFile:
        """What remembers its process."""
        return processes.PidFile(self.settings.pids / self.name)

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.pid_file.read() is not None

    def check_port(self) -> None:
        """Raise `Refusal` where somebody else has its port."""
        if self.tcp_port is not None:
            variable, port = self.tcp_port
            check_port("127.0.0.1", port, variable, socket.SOCK_STREAM)

    def start(self) -> None:
        """Start it and wait until it serves; raise `Refusal` with its last words otherwise."""
        self.check_port()
        make_folder(self.settings.log, mode=0o700)
        ours = self.settings.environ()
        process = processes.start(
            [sys.executable, "-P", "-m", f"radiusd.accounting.{self.name}"],
            environ={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": ours["TOLLKEEPER_CODE"],
                "TZ": "UTC",
                **ours,
                **self.environ,
            },
            log=self.log,
            pid_file=self.pid_file,
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

    def _await_serving(self, process: processes.Process) -> None:
        began = time.monotonic()
        while process.alive and time.monotonic() < began + START_SECONDS:
            if self.answers(self.settings):
                return
            time.sleep(0.05)
        why = "does not serve" if process.alive else "has ended"
        raise Refusal(f"{self.name} {why}; the end of {self.log}:\n{processes.last_lines(self.log)}")


def accountingd(settings: Settings) -> Daemon:
    """Return the daemon that takes accounting records from FreeRADIUS."""
    port = ("TOLLKEEPER_ACCOUNTINGD_PORT", settings.accountingd_port)
    return Daemon("accountingd", settings, _is_healthy, tcp_port=port)


def fold(settings: Settings, database: Mapping[str, str]) -> Daemon:
    """Return the daemon that brings them into PostgreSQL. `database` holds libpq's PG* variables, for its role."""
    return Daemon("fold", settings, _has_reported, database)


def ensure_token(settings: Settings) -> None:
    """Make the token by which FreeRADIUS and accountingd know each other, unless there is one."""
    path = settings.token_file
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f'accountingd_token = "{secrets.token_hex(32)}"\n')


def ask(settings: Settings, path: str) -> tuple[int, str]:
    """Ask accountingd for `/health` or `/metrics`; return status and text. Raises OSError where nobody answers."""
    found = re.search(r'"(\w+)"', settings.token_file.read_text(encoding="ascii"))
    assert found is not None, "ensure_token() wrote it"
    basic = base64.b64encode(f"freeradius:{found[1]}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.accountingd_port}{path}", headers={"Authorization": f"Basic {basic}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5.0) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


def _has_reported(settings: Settings) -> bool:
    try:
        return time.time() - (settings.run / "fold.json").stat().st_mtime < _REPORT_SECONDS
    except FileNotFoundError:
        return False


def _is_healthy(settings: Settings) -> bool:
    try:
        return ask(settings, "/health")[0] == 200
    except OSError:
        return False
