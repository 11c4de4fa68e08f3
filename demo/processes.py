"""Servers that we start: each remembered in a file, found again by a later run, stopped without hitting another.

Rules: a process is known by pid, kernel start time and boot, so that a pid the kernel has given to somebody else is
never signalled; signals go through a pidfd, so it cannot be given away between the look and the signal either. A
process that has ended but was not waited for (a zombie) does not run.
"""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ENDED = ("Z", "X")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """A process that was started by us. `started` is in clock ticks since the boot named by `boot`."""

    pid: int
    started: int
    boot: str

    @property
    def alive(self) -> bool:
        """Whether it still runs, and is no other process with the same pid."""
        return _find(self.pid) == self

    def stop(self, *steps: tuple[signal.Signals, float]) -> bool:
        """Send each signal in turn and wait that many seconds for the end; return whether it has ended."""
        with contextlib.ExitStack() as stack:
            try:
                pidfd = os.pidfd_open(self.pid)
            except ProcessLookupError:
                return True
            stack.callback(os.close, pidfd)
            for number, seconds in steps:
                if not self.alive:
                    return True
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(pidfd, number)
                select.select([pidfd], [], [], seconds)
        self._reap()
        return not self.alive

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


@dataclass(frozen=True)
class PidFile:
    """Remembers one process across runs."""

    path: Path

    def read(self) -> Process | None:
        """Return the process if it still runs. A file that is stale, cut short or of other make counts as none."""
        try:
            pid, started, boot = self.path.read_text(encoding="ascii").split()
            process = Process(int(pid), int(started), boot)
        except (FileNotFoundError, ValueError):
            return None
        return process if process.alive else None

    def write(self, process: Process) -> None:
        """Remember this process instead of the last one."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self.path.with_suffix(".new")
        new.write_text(f"{process.pid} {process.started} {process.boot}\n", encoding="ascii")
        new.replace(self.path)

    def remove(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)


def start(command: Sequence[str], *, environ: Mapping[str, str], log: Path, pid_file: PidFile) -> Process:
    """Start a server in a session of its own, its output appended to `log`, and remember it in `pid_file`.

    A session of its own: Ctrl-C reaches the one who supervises, who then stops the servers in their order.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            env=dict(environ),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process = _find(child.pid) or Process(child.pid, 0, "")  # the latter: it has ended already
        pid_file.write(process)
    except BaseException:
        child.kill()  # never leave a server that nobody knows of
        child.wait()
        raise
    child.returncode = 0  # it may outlive us: keep Popen from complaining when it is collected
    return process


def this() -> Process:
    """Return ourselves."""
    process = _find(os.getpid())
    assert process is not None, "we run"
    return process


def is_zombie(pid: int) -> bool:
    """Whether this process has ended and its parent has not been told yet."""
    return _state_and_start(pid)[0] == "Z"


def anybody_in(folder: Path) -> bool:
    """Whether a process that we may look at has this as its current folder."""
    wanted = str(folder.resolve())
    return any(_current_folder(entry) == wanted for entry in Path("/proc").glob("[0-9]*"))


def _current_folder(entry: Path) -> str | None:
    try:
        return os.readlink(entry / "cwd")
    except OSError:  # it has ended, or is somebody else's
        return None


def _find(pid: int) -> Process | None:
    state, started = _state_and_start(pid)
    return None if state in _ENDED else Process(pid, started, _BOOT_ID.read_text(encoding="ascii").strip())


def _state_and_start(pid: int) -> tuple[str, int]:
    """Return the kernel's letter for the state, X where there is no such process, and the start time."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "X", 0
    fields = stat[stat.rindex(")") + 2 :].split()  # the command's name may hold blanks and parentheses, proc(5)
    return fields[0], int(fields[19])


def last_lines(path: Path, count: int = 8) -> str:
    """Return the last lines of a log file, for whoever has to be told why a server has ended."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-count:])
