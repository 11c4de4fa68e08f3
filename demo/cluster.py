"""A private PostgreSQL: made, started, loaded with schema.sql, stopped. Never the system's cluster, never port 5432.

It listens on a unix socket only (the port does no more than name that socket) and knows its clients by the user the
kernel says they run as (`peer`), so there is no password to keep. When root starts it, it runs as user postgres.
"""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  (a class, whatever its name says)

from demo import cluster_config, privileges, processes
from demo.errors import Refusal
from demo.settings import Settings

SYSTEM_USER = "postgres"
PORT = 54320
START_SECONDS = 120.0  # recovery after a crash reads the log again
_ORPHAN_SECONDS = 10.0

_PROGRAMS = Path("/usr/lib/postgresql")  # Debian: a folder a major version
# fast: no new clients, the others are cut; immediate: as after a crash, recovered at the next start
_STOPPING = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 20.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class Cluster:
    """The cluster of one installation. `durable` False is for tests: it may lose data when the machine stops."""

    settings: Settings
    durable: bool = True

    @property
    def data(self) -> Path:
        """The data folder, PGDATA."""
        return self.settings.home / "postgresql"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.settings.log / "postgresql.log"

    @property
    def pid_file(self) -> processes.PidFile:
        """What remembers the server."""
        return processes.PidFile(self.settings.pids / "postgresql")

    def dsn(self, *, role: str, database: str) -> str:
        """Return the libpq connection string."""
        return f"host={self.settings.run} port={PORT} dbname={database} user={role}"

    def environ(self, *, role: str, database: str) -> dict[str, str]:
        """Return the same as libpq's environment variables."""
        return {"PGHOST": str(self.settings.run), "PGPORT": str(PORT), "PGDATABASE": database, "PGUSER": role}

    def connect(self, *, role: str = "postgres", database: str = "postgres") -> Connection:
        """Connect in autocommit mode; raise `Refusal` where that is not possible."""
        try:
            return self._connect(role, database)
        except psycopg2.OperationalError as exc:
            raise Refusal(f"PostgreSQL does not answer: {exc}".strip()) from exc

    def _connect(self, role: str, database: str) -> Connection:
        connection = psycopg2.connect(self.dsn(role=role, database=database), connect_timeout=5)
        connection.autocommit = True
        return connection

    @property
    def running(self) -> bool:
        """Whether its server runs."""
        return self.pid_file.read() is not None

    def create(self) -> bool:
        """Make the data folder if there is none; return whether there was none. Cut short, it starts afresh."""
        if self.data.exists():
            return False
        self._make_folders()
        new = self.data.with_name("postgresql.new")
        subprocess.run(["rm", "-rf", "--", new], check=True)
        new.mkdir(mode=0o700)
        privileges.give(new, SYSTEM_USER)
        result = subprocess.run(
            [*self._prefix(), _newest_programs() / "initdb", *_INITDB_OPTIONS, f"--pgdata={new}"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=_BARE_ENVIRON,
        )
        if result.returncode != 0:
            raise Refusal(f"initdb failed:\n{result.stderr.strip()}")
        new.rename(self.data)
        return True

    def start(self) -> None:
        """Start the server and wait until it answers; raise `Refusal` with its last words if it ends instead."""
        self._make_folders()
        self._forget_killed()
        configuration = cluster_config.write(
            self.settings.home / "config",
            socket_folder=self.settings.run,
            port=PORT,
            owner=privileges.user_running(SYSTEM_USER),
            durable=self.durable,
        )
        server = self._programs() / "postgres"
        process = processes.start(
            [*self._prefix(), str(server), "-D", str(self.data), "-c", f"config_file={configuration}"],
            environ=_BARE_ENVIRON,
            log=self.log,
            pid_file=self.pid_file,
        )
        self._await_ready(process)

    def stop(self) -> bool:
        """Stop the server; return whether it was running."""
        process = self.pid_file.read()
        if process is not None and not process.stop(*_STOPPING):
            raise Refusal(f"PostgreSQL, pid {process.pid}, does not stop")
        self.pid_file.remove()
        return process is not None

    def _forget_killed(self) -> None:
        """After a kill -9, forget a server that init has not reaped yet: PostgreSQL takes a zombie for a running one.

        Its own safeguard goes with the file it keeps in the data folder, so first all its children have to be gone:
        each has the data folder as its current one.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while processes.anybody_in(self.data) and time.monotonic() < deadline:
            time.sleep(0.05)
        if processes.is_zombie(pid) and not processes.anybody_in(self.data):
            lock.unlink()
            (self.settings.run / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _await_ready(self, process: processes.Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.alive and time.monotonic() < deadline:
            try:
                self._connect("postgres", "postgres").close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise Refusal(f"PostgreSQL does not start; the end of {self.log}:\n{processes.last_lines(self.log)}")

    def _make_folders(self) -> None:
        make_folder(self.settings.home, mode=0o755)
        make_folder(self.settings.log, mode=0o700)
        make_folder(self.settings.run, mode=0o755)
        privileges.give(self.settings.run, SYSTEM_USER)

    def _prefix(self) -> list[str]:
        return privileges.prefix_for(SYSTEM_USER, reaching=self.settings.home)

    def _programs(self) -> Path:
        """Return the folder of the programs of the version that made the data."""
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        programs = _PROGRAMS / version / "bin"
        if not (programs / "postgres").exists():
            raise Refusal(
                f"the data in {self.data} is of PostgreSQL {version}, which is not installed",
                f"Install it, or move {self.settings.home} away to begin anew.",
            )
        return programs


_INITDB_OPTIONS = ("--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums")
_BARE_ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _newest_programs() -> Path:
    versions = sorted((int(p.parent.parent.name), p.parent) for p in _PROGRAMS.glob("[0-9]*/bin/postgres"))
    if not versions:
        raise Refusal("no PostgreSQL server is installed", "Run: apt-get install postgresql")
    return versions[-1][1]


def make_folder(path: Path, *, mode: int) -> None:
    """Make a folder, and those above it, with exactly this mode whatever the umask; an existing one is left alone."""
    if path.is_dir():
        return
    try:
        path.mkdir(parents=True)
        path.chmod(mode)
    except OSError as exc:
        raise Refusal(
            f"folder {path} cannot be made: {(exc.strerror or str(exc)).lower()}",
            "Set TOLLKEEPER_HOME to a folder that you may write to.",
        ) from exc
