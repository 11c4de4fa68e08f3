"""FreeRADIUS with the hook inside, from freeradius-conf/: checked, then started, waited for and stopped as any server.

Two of them make a node: one for authentication, one for accounting, which waits for the disk.
"""

import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.cluster import make_folder
from demo.errors import Refusal
from demo.serving import Server, check_port
from demo.settings import REPOSITORY, Settings
from provisioning import node
from provisioning.errors import Unreachable

CONFIGURATION = REPOSITORY / "freeradius-conf"

_ANSWERING = ("serving", "stale")  # stale: from the snapshot file, while there is no database
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # an ordinary user's often lacks sbin, where freeradius is


@dataclass(frozen=True)
class RadiusServer(Server):
    """The FreeRADIUS for authentication. `database` holds libpq's PG* variables, for the hook's role."""

    settings: Settings
    database: Mapping[str, str] = field(default_factory=dict)

    configuration = "radiusd"
    name = "FreeRADIUS"
    file_name = "freeradius"

    @property
    def port(self) -> tuple[str, int]:
        """The UDP port it listens on, and the variable that chooses it."""
        return "TOLLKEEPER_AUTH_PORT", self.settings.auth_port

    @property
    def control_socket(self) -> Path:
        """Where its hook can be asked."""
        return self.settings.control_socket

    def environ(self) -> dict[str, str]:
        """Return its whole environment: nothing of the caller's can bend it."""
        return {"PATH": _PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", **self.settings.environ(), **self.database}

    def check_port(self) -> None:
        """Raise `Refusal` where somebody else has its port."""
        variable, port = self.port
        check_port(self.settings.listen, port, variable, socket.SOCK_DGRAM)

    def start(self) -> None:
        """Start it and wait until the hook serves; raise `Refusal` with its last words otherwise."""
        make_folder(self.settings.log, mode=0o700)
        self._check_configuration()
        super().start()

    def command(self) -> list[str]:
        """Return what starts it, in the foreground."""
        return [*self._program(), "-f"]

    def serves(self) -> bool:
        """Ask its hook, and look whether anybody has its port: the hook is up before FreeRADIUS opens its sockets."""
        try:
            return self.status().get("phase") in _ANSWERING and _is_bound(self.port[1])
        except Unreachable:
            return False

    def status(self) -> dict[str, object]:
        """Return what the hook says of itself; raise `provisioning.errors.Unreachable`."""
        return node.ask(self.control_socket, {"command": "status"})

    def _check_configuration(self) -> None:
        result = subprocess.run(
            [*self._program(), "-C", "-l", "stdout"],
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

    def _program(self) -> list[str]:
        return ["/usr/sbin/freeradius", "-d", str(CONFIGURATION), "-n", self.configuration]


@dataclass(frozen=True)
class AccountingServer(RadiusServer):
    """The FreeRADIUS for accounting. Its hook knows the routers only."""

    configuration = "accounting"
    name = "FreeRADIUS for accounting"
    file_name = "freeradius-accounting"

    @property
    def port(self) -> tuple[str, int]:
        """The UDP port it listens on, and the variable that chooses it."""
        return "TOLLKEEPER_ACCT_PORT", self.settings.acct_port

    @property
    def control_socket(self) -> Path:
        """Where its hook can be asked."""
        return self.settings.accounting_control_socket


def _is_bound(port: int) -> bool:
    """Whether anybody has this UDP port.

    Looked up in /proc rather than tried: a bind of ours could be in the way of the server's.
    """
    wanted = f":{port:04X}"
    tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
    lines = [line for table in tables if table.exists() for line in table.read_text("ascii").splitlines()[1:]]
    return any(line.split()[1].endswith(wanted) for line in lines)
