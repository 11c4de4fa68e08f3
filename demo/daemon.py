"""The daemons of ours that run beside FreeRADIUS, each a Python module: accountingd, fold, scheduler."""

import base64
import os
import re
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from demo.serving import Server, check_port
from demo.settings import Settings

_PATH = "/usr/bin:/bin"
_REPORT_SECONDS = 3.0  # the fold and the scheduler say every second how they are


@dataclass(frozen=True)
class Daemon(Server):
    """`python -m MODULE`. It serves when `answers` says so."""

    name: str
    module: str
    settings: Settings
    answers: Callable[[Settings], bool]
    database: Mapping[str, str] = field(default_factory=dict)  # libpq's PG* variables, where it has a role
    tcp_port: tuple[str, int] | None = None  # the variable that chooses it, and the port

    def check_port(self) -> None:
        """Raise `Refusal` where somebody else has its port."""
        if self.tcp_port is not None:
            variable, port = self.tcp_port
            check_port("127.0.0.1", port, variable, socket.SOCK_STREAM)

    def command(self) -> list[str]:
        """Return what starts it."""
        return [sys.executable, "-P", "-m", self.module]

    def environ(self) -> dict[str, str]:
        """Return its whole environment: nothing of the caller's can bend it."""
        ours = self.settings.environ()
        return {"PATH": _PATH, "PYTHONPATH": ours["TOLLKEEPER_CODE"], "TZ": "UTC", **ours, **self.database}

    def serves(self) -> bool:
        """Ask it."""
        return self.answers(self.settings)


def accountingd(settings: Settings) -> Daemon:
    """Return the daemon that takes accounting records from FreeRADIUS."""
    port = ("TOLLKEEPER_ACCOUNTINGD_PORT", settings.accountingd_port)
    return Daemon("accountingd", "radiusd.accounting.accountingd", settings, _is_healthy, tcp_port=port)


def fold(settings: Settings, database: Mapping[str, str]) -> Daemon:
    """Return the daemon that brings them into PostgreSQL. `database` holds libpq's PG* variables, for its role."""
    return Daemon("fold", "radiusd.accounting.fold", settings, _has_reported("fold.json"), database)


def scheduler(settings: Settings, database: Mapping[str, str]) -> Daemon:
    """Return the daemon that does what time brings. `database` holds libpq's PG* variables, for the schema's owner."""
    return Daemon("scheduler", "provisioning.scheduling", settings, _has_reported("scheduler.json"), database)


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


def _has_reported(file_name: str) -> Callable[[Settings], bool]:
    def has_reported(settings: Settings) -> bool:
        try:
            return time.time() - (settings.run / file_name).stat().st_mtime < _REPORT_SECONDS
        except FileNotFoundError:
            return False

    return has_reported


def _is_healthy(settings: Settings) -> bool:
    try:
        return ask(settings, "/health")[0] == 200
    except OSError:
        return False
