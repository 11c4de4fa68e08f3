"""A FreeRADIUS without us, from a template in lab/: what the two peers have in common."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path

from demo import processes
from demo.cluster import make_folder
from demo.errors import Refusal
from tests.bench import ports
from tests.bench.asking import ACCEPT, Asker

LAB = Path(__file__).parent / "lab"
RADDB = Path("/etc/freeradius/3.0")  # Debian's
# what both answer: the attributes of our own accept, save the Class, which they have none of
REPLY = {"Mikrotik-Rate-Limit": '"2000000/10000000"', "Session-Timeout": "86400", "Acct-Interim-Interval": "300"}

_START_SECONDS = 120.0
_STOPPING = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
_ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Stock:
    """One peer in a folder of its own. `accounts` are user0000000 and so on."""

    def __init__(self, template: str, folder: Path, values: Mapping[str, object]) -> None:
        self.auth_port, self.acct_port = ports.udp(), ports.udp()
        self._folder = folder
        self._log = folder / "output.log"
        self._pid_file = processes.PidFile(folder / "pid")
        make_folder(folder / "log", mode=0o755)
        text = (LAB / template).read_text("utf-8")
        all_values = {
            "DIR": folder, "RADDB": RADDB, "AUTH_PORT": self.auth_port, "ACCT_PORT": self.acct_port, **values
        }  # fmt: skip
        for name, value in all_values.items():
            text = text.replace(f"@{name}@", str(value))
        (folder / "radiusd.conf").write_text(text, "utf-8")

    def start(self) -> None:
        """Start it and wait until it answers the first user; raise `Refusal` with its last words otherwise."""
        command = ["/usr/sbin/freeradius", "-f", "-d", str(self._folder), "-n", "radiusd"]
        process = processes.start(command, environ=_ENVIRON, log=self._log, pid_file=self._pid_file)
        deadline = time.monotonic() + _START_SECONDS
        with Asker(self.auth_port) as asker:
            while process.alive and time.monotonic() < deadline:
                if asker.ask(0) == ACCEPT:
                    return
                time.sleep(0.05)
        said = processes.last_lines(self._log) or processes.last_lines(self._folder / "log" / "radius.log")
        raise Refusal(f"stock FreeRADIUS in {self._folder} does not answer:\n{said}")

    def stop(self) -> None:
        """Stop it, if it runs."""
        process = self._pid_file.read()
        if process is not None:
            process.stop(*_STOPPING)
