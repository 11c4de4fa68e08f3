"""The machine that was measured: what makes a difference to the figures, and nothing that names it."""

import os
import platform
import re
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

_SYNCS = 100


def describe(folder: Path) -> dict[str, Any]:
    """Return processor, memory, kernel, versions, and how fast the disk of `folder` syncs."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE") / 2**30, 1),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
        "kernel": platform.release(),
        "file_system": _output("df", "--output=fstype", str(folder)).split()[-1],
        "sync_milliseconds": round(_sync_seconds(folder) * 1000, 3),
        "python": platform.python_version(),
        "freeradius": _version("/usr/sbin/freeradius", "-v"),
        "postgresql": _version(str(max(Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres"))), "--version"),
        "load_before": round(os.getloadavg()[0], 2),
    }


class Interference:
    """How much of the processors others took since this was made: other virtual machines (steal)."""

    def __init__(self) -> None:
        self._before = _ticks()

    def stolen_share(self) -> float:
        """Return the share of all processor time that the hypervisor gave to somebody else."""
        total, stolen = (after - before for after, before in zip(_ticks(), self._before, strict=True))
        return stolen / total if total else 0.0


def _ticks() -> tuple[int, int]:
    values = [int(word) for word in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]]
    return sum(values[:8]), values[7]  # guest time is in user time, proc(5)


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8", errors="replace"))
    return found[1].strip() if found else platform.machine()


def _sync_seconds(folder: Path) -> float:
    """Return the median of appending 4 KiB and syncing it, which bounds what can be promised to be on disk."""
    path = folder / "sync"
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(taken)


def _version(*command: str) -> str:
    found = re.search(r"\d+\.\d+(?:\.\d+)?", _output(*command))
    return found[0] if found else "unknown"


def _output(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True, errors="replace").stdout.strip()
