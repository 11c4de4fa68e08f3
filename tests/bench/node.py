"""Our side: one AAA node on a database of so many accounts, from freeradius-conf/ as it is installed.

FreeRADIUS for authentication runs once the node is made; accountingd, fold and the FreeRADIUS for accounting when they
are asked for. All on free ports of 127.0.0.1, all stopped by the stack that the node was made with.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from demo import daemon, schema
from demo.cluster import Cluster, make_folder
from demo.daemon import Daemon
from demo.errors import Refusal
from demo.server import AccountingServer, RadiusServer
from demo.settings import Settings
from provisioning.errors import Unreachable
from tests.bench import population, ports
from vault import sealed

NAME = "bench"
_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.02


class Node:
    """See the head of this file. `settings`, `dsn` (libpq string of the owner), and the servers."""

    def __init__(self, cluster: Cluster, home: Path, database: str, accounts: int) -> None:
        self.accounts = accounts
        self.cluster = cluster
        self.database = database
        self.settings = Settings(home, ports.udp(), ports.udp(), ports.tcp(), node=NAME)
        self.dsn = cluster.dsn(role=schema.OWNER, database=database)
        hook = cluster.environ(role=schema.HOOK, database=database)
        self.auth = RadiusServer(self.settings, hook)
        self.accounting = AccountingServer(self.settings, hook)
        self.accountingd = daemon.accountingd(self.settings)
        self.fold: Daemon = daemon.fold(self.settings, cluster.environ(role=schema.FOLD, database=database))

    def make(self, certificates: Path) -> None:
        """Make folders, keys, tables and accounts."""
        for folder in (self.settings.home, self.settings.run, self.settings.log):
            make_folder(folder, mode=0o755)
        sealed.make_key(self.settings.key_file)
        daemon.ensure_token(self.settings)
        shutil.copytree(certificates, self.settings.certs)
        schema.ensure(self.cluster, self.database)
        # no triggers: nobody listens yet, and audit and change log of a million rows take minutes
        dsn = (
            f"{self.cluster.dsn(role='postgres', database=self.database)} options='-c session_replication_role=replica'"
        )
        population.fill(dsn, sealed.read_seal(self.settings.key_file), self.accounts)

    def start(self, stack: ExitStack) -> None:
        """Start FreeRADIUS for authentication."""
        stack.callback(self.auth.stop)
        self.auth.start()

    def start_accounting(self, stack: ExitStack) -> None:
        """Start what takes accounting, and the fold."""
        for server in (self.accountingd, self.fold, self.accounting):
            stack.callback(server.stop)
            server.start()

    def environ(self) -> dict[str, str]:
        """What the command line finds this provider by."""
        database = self.cluster.environ(role=schema.OWNER, database=self.database)
        return {**os.environ, **self.settings.environ(), **database}

    def query(self, statement: str, *arguments: Any) -> Any:
        """Run a statement as the owner; return the first value of its first row, None where it has none."""
        with (
            closing(self.cluster.connect(role=schema.OWNER, database=self.database)) as connection,
            connection.cursor() as cur,
        ):
            cur.execute(statement, arguments or None)
            row = cur.fetchone() if cur.description else None
        return row[0] if row else None

    def resident_octets(self) -> int:
        """Return the memory of the FreeRADIUS for authentication (VmRSS)."""
        return resident_octets(self.auth.pid_file.read())

    def await_snapshot(self) -> None:
        """Wait until the hook has written its snapshot file."""
        _wait("its snapshot was not saved", self._has_snapshot)

    def await_drained(self) -> None:
        """Wait until all that accountingd has acknowledged is in PostgreSQL."""
        last_id = int(self.metric("spool_last_id"))
        with (
            closing(self.cluster.connect(role=schema.OWNER, database=self.database)) as connection,
            connection.cursor() as cur,
        ):

            def drained() -> bool:
                cur.execute("SELECT last_spool_id FROM accounting_node WHERE node = %s", (NAME,))
                row = cur.fetchone()
                return row is not None and row[0] >= last_id

            _wait("the fold has not drained the spool", drained)

    def metric(self, name: str) -> float:
        """Return one of accountingd's metrics that has no labels."""
        _, text = daemon.ask(self.settings, "/metrics")
        for line in text.splitlines():
            found, _, value = line.rpartition(" ")
            if found == f"tollkeeper_{name}":
                return float(value)
        raise AssertionError(f"accountingd has no metric {name}")

    def _has_snapshot(self) -> bool:
        try:
            return self.auth.status()["snapshot_saved_at"] is not None
        except Unreachable:  # busy
            return False


def resident_octets(process: Any) -> int:
    """Return a running process's memory."""
    if process is None:
        raise Refusal("a server has ended")
    text = Path(f"/proc/{process.pid}/statm").read_text("ascii")
    return int(text.split()[1]) * os.sysconf("SC_PAGESIZE")


def _wait(failing: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise Refusal(f"{failing} within {_PATIENCE_SECONDS:.0f} seconds")
        time.sleep(_LOOK_SECONDS)
