"""Servers found again by a later run, and never taken for another."""

import dataclasses
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import processes

SLEEP = ["/bin/sleep", "60"]


@pytest.fixture
def pid_file(tmp_path: Path) -> processes.PidFile:
    """Return a pid file that is not there yet."""
    return processes.PidFile(tmp_path / "pid" / "server")


@pytest.fixture
def process(tmp_path: Path, pid_file: processes.PidFile) -> Iterator[processes.Process]:
    """Return a process that was started as a server is."""
    started = processes.start(SLEEP, environ={}, log=tmp_path / "log" / "server.log", pid_file=pid_file)
    yield started
    assert started.stop((signal.SIGKILL, 5.0))


def test_a_server_is_found_again(process: processes.Process, pid_file: processes.PidFile) -> None:
    """What was started is read back from its file, and runs."""
    assert process == pid_file.read()


def test_a_server_is_stopped(process: processes.Process, pid_file: processes.PidFile) -> None:
    """A stopped one does not run; stopping it again is fine."""
    assert process.stop((signal.SIGTERM, 5.0))
    assert process.stop((signal.SIGTERM, 5.0))
    assert pid_file.read() is None


def test_a_server_has_a_session_of_its_own(process: processes.Process) -> None:
    """Ctrl-C on our terminal does not reach it."""
    assert process.pid == os.getsid(process.pid)


def test_a_pid_given_to_another_is_not_ours(process: processes.Process, pid_file: processes.PidFile) -> None:
    """Same pid, other start time: counts as not running, and is not signalled."""
    earlier = dataclasses.replace(process, started=process.started - 1)
    pid_file.write(earlier)

    assert pid_file.read() is None
    assert earlier.stop((signal.SIGKILL, 1.0))
    assert process.alive


def test_a_pid_from_before_the_last_boot_is_not_ours(process: processes.Process) -> None:
    """Start times begin again at every boot."""
    assert not dataclasses.replace(process, boot="another").alive


def test_a_zombie_does_not_run() -> None:
    """A process that has ended, which nobody has waited for, counts as ended."""
    with subprocess.Popen(["/bin/true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        assert processes._find(child.pid) is None


def test_who_is_in_a_folder_is_seen(tmp_path: Path) -> None:
    """As PostgreSQL's processes are in their data folder."""
    assert not processes.anybody_in(tmp_path)
    with subprocess.Popen(SLEEP, cwd=tmp_path) as child:
        assert processes.anybody_in(tmp_path)
        child.kill()


@pytest.mark.parametrize("text", ["", "x", "1 2", "1 2 3 4", "99999999 1 boot", "one 2 3"])
def test_a_spoilt_pid_file_counts_as_none(pid_file: processes.PidFile, text: str) -> None:
    """Cut short or of other make, it stops nothing and nobody."""
    pid_file.path.parent.mkdir()
    pid_file.path.write_text(text)

    assert pid_file.read() is None


def test_no_server_is_left_behind_that_nobody_knows_of(tmp_path: Path) -> None:
    """Where the pid file cannot be written, the process is ended at once."""
    (tmp_path / "pid").write_text("a file where the folder should be")
    mark = f"60.{os.getpid()}"

    with pytest.raises(OSError, match="pid"):
        processes.start(
            ["/bin/sleep", mark],
            environ={},
            log=tmp_path / "log",
            pid_file=processes.PidFile(tmp_path / "pid" / "server"),
        )

    assert not [cmdline for cmdline in _cmdlines() if mark.encode() in cmdline]


def test_the_end_of_a_log(tmp_path: Path) -> None:
    """The last lines are returned; a log that is not there has none."""
    log = tmp_path / "server.log"
    log.write_text("".join(f"line {number}\n" for number in range(2000)))

    assert processes.last_lines(log, 2) == "line 1998\nline 1999"
    assert processes.last_lines(tmp_path / "none") == ""


def _cmdlines() -> Iterator[bytes]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
