"""bin/up and bin/down themselves: what they start, what they leave alone, what they say when they cannot."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from demo import components, probe, processes, schema
from demo.radclient import Client
from demo.settings import REPOSITORY, Settings
from tests.fix_waiting import Eventually, free_tcp_port

pytestmark = pytest.mark.acceptance

_PATIENCE_SECONDS = 120
SERVERS = ["PostgreSQL", "FreeRADIUS", "accountingd", "fold", "FreeRADIUS for accounting", "scheduler"]


@dataclass(frozen=True)
class Finished:
    """How a command ended; `lines` of standard error and output."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Installation:
    """A TOLLKEEPER_HOME of the test's own, with ports of its own."""

    settings: Settings

    @property
    def environ(self) -> dict[str, str]:
        """What bin/up is told by."""
        return {
            "PATH": os.environ["PATH"],
            "TOLLKEEPER_HOME": str(self.settings.home),
            "TOLLKEEPER_AUTH_PORT": str(self.settings.auth_port),
            "TOLLKEEPER_ACCT_PORT": str(self.settings.acct_port),
            "TOLLKEEPER_ACCOUNTINGD_PORT": str(self.settings.accountingd_port),
        }

    def run(self, command: str, *arguments: str, **environ: str) -> Finished:
        """Run bin/<command> from a folder that is not the repository, without a home."""
        done = subprocess.run(
            [REPOSITORY / "bin" / command, *arguments],
            env=self.environ | environ,
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def popen(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start bin/up, in the foreground unless told otherwise."""
        return subprocess.Popen(
            [REPOSITORY / "bin" / "up", *arguments],
            env=self.environ,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def running(self) -> list[str]:
        """Return the names of the servers that run."""
        return [name for name, component in components.of(self.settings).items() if component.running]


@pytest.fixture
def installation(udp_ports: Callable[[int], list[int]]) -> Iterator[Installation]:
    """Return an installation that is not there yet; it is stopped at the end whatever happened."""
    auth_port, acct_port = udp_ports(2)
    folder = Path(tempfile.mkdtemp(prefix="tk", dir="/tmp"))  # mode 0700: other users cannot reach what is below
    made = Installation(Settings(folder / "home", auth_port, acct_port, free_tcp_port()))
    yield made
    stopped = made.run("down")
    assert stopped.code == 0, stopped.errors
    assert made.running() == []
    shutil.rmtree(folder)


def _rows(output: str) -> dict[str, tuple[str, str]]:
    """Return account -> (answer, reason) of the table that bin/up prints."""
    found = re.findall(r"^ (\w+) .*? (Access-\w+|silence|not asked) +(\w+)", output, re.MULTILINE)
    return {account: (answer, reason) for account, answer, reason in found}


def _first_password(output: str) -> str | None:
    """Return the first operator's password, where it was printed."""
    found = re.search(r"the first operator is admin, its password, shown this once: (\w{16})", " ".join(output.split()))
    return found[1] if found else None


def _files_with(folder: Path, text: str) -> list[Path]:
    """Return the files in which a text is kept."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_provider_comes_up_and_goes_down(installation: Installation) -> None:
    """Everything runs after --detach, is answered for, and is gone after bin/down, which works twice."""
    up = installation.run("up", "--detach")

    assert (up.code, up.errors) == (0, "")
    rows = _rows(up.output)
    assert rows["active"] == ("Access-Accept", "accepted")
    assert rows["blocked"] == ("Access-Reject", "account_blocked")
    assert rows["garden"] == ("Access-Accept", "expired")
    assert "silence" not in {answer for answer, _ in rows.values()}
    assert installation.running() == SERVERS
    password = _first_password(up.output)
    assert password is not None
    who = installation.run("tollkeeper", "operator", "whoami", "--json", PGUSER="admin", PGPASSWORD=password)
    assert json.loads(who.output)["role"] == "administrator"
    assert _files_with(installation.settings.home, password) == []

    again = installation.run("up", "--detach")
    assert again.code == 0
    assert "running already" in again.output
    assert _first_password(again.output) is None
    assert set(_rows(again.output)) == set(rows)

    assert installation.run("down").code == 0
    assert installation.running() == []
    assert installation.run("down").output == "nothing runs\n"


def test_a_second_run_loses_nothing(installation: Installation) -> None:
    """What an operator changed stays changed, what he removed stays removed."""
    installation.run("up", "--detach")
    dsn = components.cluster_of(installation.settings).dsn(role=schema.OWNER, database=schema.DATABASE)
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE account SET blocked = true WHERE user_name = 'active'")
        cursor.execute("DELETE FROM account WHERE user_name = 'nemo'")
    connection.close()
    installation.run("down")

    rows = _rows(installation.run("up", "--detach").output)

    assert rows["active"] == ("Access-Reject", "account_blocked")
    assert "nemo" not in rows


def test_what_is_secret_is_its_owners_alone(installation: Installation) -> None:
    """Key, secret and certificates cannot be read by others, wherever the installation is."""
    installation.run("up", "--detach")

    open_to_others = [
        str(path)
        for path in installation.settings.home.rglob("*")
        if path.is_file() and ("secrets" in path.parts or path.suffix == ".key") and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []


def test_ctrl_c_stops_everything(installation: Installation, eventually: Eventually) -> None:
    """The foreground runs until it is told to end, then stops what it started."""
    with installation.popen() as up:
        _await_line(up, "it runs until Ctrl-C")
        assert installation.running() == SERVERS

        up.send_signal(signal.SIGINT)
        assert up.wait(_PATIENCE_SECONDS) == 0
    assert installation.running() == []


def test_bin_down_ends_the_foreground(installation: Installation) -> None:
    """And that is no failure of the foreground's."""
    with installation.popen() as up:
        _await_line(up, "it runs until Ctrl-C")

        assert installation.run("down").code == 0
        assert up.wait(_PATIENCE_SECONDS) == 0
    assert installation.running() == []


def test_a_killed_foreground_leaves_servers_that_bin_down_stops(installation: Installation) -> None:
    """Nobody is there any more to stop them, but they are known."""
    with installation.popen() as up:
        _await_line(up, "it runs until Ctrl-C")
        up.kill()
    assert installation.running() == SERVERS

    assert installation.run("down").code == 0
    assert installation.running() == []


def test_two_at_once_set_up_one(installation: Installation) -> None:
    """The second waits for the first, then finds everything running."""
    with installation.popen("--detach") as first, installation.popen("--detach") as second:
        outputs = [first.communicate()[0], second.communicate()[0]]

    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert sum("running already" in output for output in outputs) == 1


@pytest.mark.parametrize("name", SERVERS)
def test_a_dead_server_stops_the_others(installation: Installation, name: str) -> None:
    """The foreground names it, and ends with another code than zero."""
    with installation.popen() as up:
        _await_line(up, "it runs until Ctrl-C")
        process = components.of(installation.settings)[name].pid_file.read()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)

        output = up.stdout.read() if up.stdout else ""
        assert up.wait(_PATIENCE_SECONDS) == 1
    assert f"{name} has ended" in output
    assert installation.running() == []


def test_it_recovers_from_a_crash_of_all(installation: Installation) -> None:
    """Killed without a word, as by a power cut, it comes up again with its data."""
    installation.run("up", "--detach")
    for component in components.of(installation.settings).values():
        process = component.pid_file.read()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)

    up = installation.run("up", "--detach")

    assert up.code == 0, up.errors
    assert _rows(up.output)["active"] == ("Access-Accept", "accepted")


def test_accounting_reaches_the_database(installation: Installation, eventually: Eventually) -> None:
    """A record is acknowledged, and a moment later it is a session."""
    installation.run("up", "--detach")
    router = Client("127.0.0.1", installation.settings.acct_port, probe.secret_file(installation.settings))
    pairs = [("Acct-Status-Type", "Start"), ("User-Name", "active"), ("Acct-Session-Id", "first")]

    assert router.send("acct", pairs).code == "Accounting-Response"

    dsn = components.cluster_of(installation.settings).dsn(role=schema.OWNER, database=schema.DATABASE)

    def is_a_session() -> None:
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT user_name FROM session WHERE acct_session_id = 'first'")
            assert cursor.fetchall() == [("active",)]

    eventually(is_a_session)


@pytest.mark.parametrize("variable", ["TOLLKEEPER_AUTH_PORT", "TOLLKEEPER_ACCT_PORT"])
def test_a_busy_port_is_named(installation: Installation, variable: str) -> None:
    """One line says which, one what to do; nothing is left half-started."""
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", int(installation.environ[variable])))
        up = installation.run("up", "--detach")

    port = installation.environ[variable]
    assert up.code == 1
    assert up.errors == (
        f"UDP port {port} on 127.0.0.1 cannot be used: address already in use\nHINT: Set {variable} to a free port.\n"
    )
    assert installation.running() == []


def test_a_busy_tcp_port_is_named(installation: Installation) -> None:
    """The port between FreeRADIUS and accountingd is looked at before anything starts, too."""
    with socket.create_server(("127.0.0.1", installation.settings.accountingd_port)):
        up = installation.run("up", "--detach")

    assert up.code == 1
    assert up.errors.startswith(f"TCP port {installation.settings.accountingd_port} on 127.0.0.1 cannot be used: ")
    assert "HINT: Set TOLLKEEPER_ACCOUNTINGD_PORT to a free port." in up.errors
    assert installation.running() == []


def test_another_version_of_the_schema_is_refused(installation: Installation) -> None:
    """And what was started for the look is stopped again."""
    installation.run("up", "--detach")
    dsn = components.cluster_of(installation.settings).dsn(role=schema.OWNER, database=schema.DATABASE)
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE installation SET schema_version = 999")
    connection.close()
    installation.run("down")

    up = installation.run("up", "--detach")

    assert up.code == 1
    assert up.errors.startswith("the database has schema version 999, these programs need ")
    assert installation.running() == []


def test_a_process_of_somebody_else_is_left_alone(installation: Installation) -> None:
    """A pid file whose pid has been given to another process stops nobody."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        installation.settings.pids.mkdir(parents=True)
        stale = processes.Process(other.pid, 1, "a boot of long ago")
        components.of(installation.settings)["PostgreSQL"].pid_file.write(stale)

        assert installation.run("down").output == "nothing runs\n"
        assert other.poll() is None


def test_a_path_too_long_for_sockets_is_refused(installation: Installation) -> None:
    """Before anything is made."""
    up = installation.run("up", "--detach", TOLLKEEPER_HOME="/tmp/" + "x" * 90)

    assert up.code == 1
    assert "HINT: Set TOLLKEEPER_HOME to a folder with a shorter path." in up.errors
    assert not Path("/tmp/" + "x" * 90).exists()


def test_a_folder_that_cannot_be_made_is_named(installation: Installation) -> None:
    """One clear line, no traceback."""
    up = installation.run("up", "--detach", TOLLKEEPER_HOME="/proc/nowhere")

    assert up.code == 1
    assert up.errors.startswith("folder /proc/nowhere cannot be made: ")


def _await_line(process: "subprocess.Popen[str]", wanted: str) -> None:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if wanted in line:
            return
    raise AssertionError("".join(seen))
