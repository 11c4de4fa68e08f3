"""Where everything of one demo installation lives, and which ports it takes.

Each setting has an environment variable of the name that FreeRADIUS, the hook and the command line read as well.
Everything that is made at run time is below `home`, so that removing that folder removes all of it.
"""

import os
import socket
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import Refusal

REPOSITORY = Path(__file__).resolve().parent.parent

# sun_path of a unix socket is 108 octets with its closing NUL, unix(7)
SOCKET_PATH_OCTETS = 107


@dataclass(frozen=True)
class Settings:
    """One installation: its folder and its ports. Nothing is touched or checked here but the length of paths."""

    home: Path
    auth_port: int = 1812
    acct_port: int = 1813
    accountingd_port: int = 18813
    listen: str = "127.0.0.1"
    node: str = field(default_factory=socket.gethostname)

    def __post_init__(self) -> None:
        longest = self.run / ".s.PGSQL.54320.lock"
        if len(os.fsencode(longest)) > SOCKET_PATH_OCTETS:
            raise Refusal(
                f"{self.home} is too long for the path of a unix socket below it",
                "Set TOLLKEEPER_HOME to a folder with a shorter path.",
            )

    @property
    def run(self) -> Path:
        """Sockets: PostgreSQL's and the hook's."""
        return self.home / "run"

    @property
    def log(self) -> Path:
        """Log files, one a server."""
        return self.home / "log"

    @property
    def certs(self) -> Path:
        """The test certificates for EAP."""
        return self.home / "certs"

    @property
    def pids(self) -> Path:
        """What runs, a file each; of the user who started it alone, unlike `run`."""
        return self.home / "pid"

    @property
    def key_file(self) -> Path:
        """The key that seals passwords and secrets in the database."""
        return self.home / "secrets" / "password.key"

    @property
    def control_socket(self) -> Path:
        """Where the hook answers `status` and `explain`."""
        return self.run / "hook.sock"

    @property
    def accounting_control_socket(self) -> Path:
        """The same of the hook in the FreeRADIUS for accounting."""
        return self.run / "hook-accounting.sock"

    @property
    def token_file(self) -> Path:
        """What FreeRADIUS and accountingd know each other by."""
        return self.home / "secrets" / "accountingd.conf"

    def environ(self) -> dict[str, str]:
        """What every server and the command line find their way by (TOLLKEEPER_*)."""
        return {
            "TOLLKEEPER_HOME": str(self.home),
            "TOLLKEEPER_CODE": str(REPOSITORY),
            "TOLLKEEPER_CONF": str(REPOSITORY / "freeradius-conf"),
            "TOLLKEEPER_SITE_PACKAGES": sysconfig.get_path("purelib"),
            "TOLLKEEPER_AUTH_PORT": str(self.auth_port),
            "TOLLKEEPER_ACCT_PORT": str(self.acct_port),
            "TOLLKEEPER_ACCOUNTINGD_PORT": str(self.accountingd_port),
            "TOLLKEEPER_LISTEN": self.listen,
            "TOLLKEEPER_NODE": self.node,
            "TOLLKEEPER_KEY_FILE": str(self.key_file),
            "TOLLKEEPER_CERTS": str(self.certs),
        }


def from_environ(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return what the TOLLKEEPER_* variables ask for; raise `Refusal` naming the one that cannot be."""
    home = Path(environ.get("TOLLKEEPER_HOME") or REPOSITORY / "var")
    return Settings(
        home=Path(os.path.abspath(home)),
        auth_port=_port(environ, "TOLLKEEPER_AUTH_PORT", 1812),
        acct_port=_port(environ, "TOLLKEEPER_ACCT_PORT", 1813),
        accountingd_port=_port(environ, "TOLLKEEPER_ACCOUNTINGD_PORT", 18813),
        listen=environ.get("TOLLKEEPER_LISTEN") or "127.0.0.1",
        node=environ.get("TOLLKEEPER_NODE") or socket.gethostname(),
    )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Refusal(f"{name} is {text!r}, which is no port number", f"Set {name} to a number from 1 to 65535.")
    return int(text)
