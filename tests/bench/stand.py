"""The test stand: private servers in a folder of their own, made when first asked for, all gone at the end.

Below TOLLKEEPER_HOME, hence on the reader's disk: on a /tmp in memory a sync would cost nothing. The port that names
PostgreSQL's socket is the demo's, the folder is not, so the two do not meet.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from demo import certificates, subscribers
from demo.cluster import Cluster, make_folder
from demo.errors import Refusal
from demo.settings import Settings
from tests.bench import stock_files, stock_sql
from tests.bench.node import Node
from tests.bench.options import Options
from tests.bench.radload import Radload
from tests.bench.screen import Screen
from tests.bench.stock import Stock


class Stand:
    """Gives nodes of ours and their peers; use it as a context manager."""

    def __init__(self, folder: Path, options: Options, screen: Screen) -> None:
        self.options = options
        self.screen = screen
        self._below = folder
        self._stack = ExitStack()
        self._nodes: dict[str, Node] = {}
        self._accounting: set[str] = set()
        self._peers: dict[str, Stock] = {}

    def __enter__(self) -> "Stand":
        try:
            make_folder(self._below, mode=0o755)
            self._stack.enter_context(_only_one(self._below))
            self.home = Path(tempfile.mkdtemp(prefix="w", dir=self._below))
            self._stack.callback(shutil.rmtree, self.home)
            self.home.chmod(0o755)
            self.cluster = Cluster(Settings(self.home / "pg"))
            self.radload = Radload(self.home)
            with self.screen.step("making a private PostgreSQL"):
                self.cluster.create()
                self._stack.callback(self.cluster.stop)
                self.cluster.start()
            certificates.ensure(self.home / "certs", client_name=subscribers.CERTIFICATE_USER)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self.screen.step("stopping all servers"):
            self._stack.close()

    def node(self, accounts: int, name: str = "n") -> Node:
        """Return our node with so many accounts, FreeRADIUS for authentication running."""
        key = f"{name}{accounts}"
        if key not in self._nodes:
            made = Node(self.cluster, self.home / key, key, accounts)
            with self.screen.step(f"entering {accounts:,} accounts"):
                made.make(self.home / "certs")
            with self.screen.step(f"starting FreeRADIUS with the hook, {accounts:,} accounts"):
                made.start(self._stack)
                made.await_snapshot()
            self._nodes[key] = made
        return self._nodes[key]

    def accounting_node(self, accounts: int, name: str = "n") -> Node:
        """Return the same with accounting running."""
        node = self.node(accounts, name)
        key = f"{name}{accounts}"
        if key not in self._accounting:
            with self.screen.step("starting accountingd, fold and FreeRADIUS for accounting"):
                node.start_accounting(self._stack)
            self._accounting.add(key)
        return node

    def files(self) -> Stock:
        """Return FreeRADIUS `files`, running."""
        if "files" not in self._peers:
            with self.screen.step("starting FreeRADIUS `files`"):
                self._start("files", stock_files.make(self.home / "files", self.options.accounts))
        return self._peers["files"]

    def sql(self) -> Stock:
        """Return stock rlm_sql, running."""
        if "rlm_sql" not in self._peers:
            with self.screen.step("starting stock rlm_sql"):
                self._start("rlm_sql", stock_sql.make(self.home / "sql", self.cluster, self.options.accounts))
        return self._peers["rlm_sql"]

    def checkpoint(self) -> None:
        """Have PostgreSQL write what it owes, so that no turn pays for the last one."""
        with closing(self.cluster.connect()) as connection, connection.cursor() as cur:
            cur.execute("CHECKPOINT")

    def _start(self, name: str, peer: Stock) -> None:
        self._stack.callback(peer.stop)
        peer.start()
        self._peers[name] = peer


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Keep a second run out: the two would measure each other."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise Refusal("another bin/bench runs", "Wait for its end: the two would measure each other.") from exc
        yield
