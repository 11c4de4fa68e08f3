"""The load generator, lab/radload.c: compiled into the stand's folder, run, and its line of JSON read."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.errors import Refusal
from tests.bench.population import SECRET

SOURCES = Path(__file__).parent / "lab"
METHODS = ("pap", "chap", "mschap")

_WRONG_SHARE = 0.001  # a request now and then may be lost by the machine; more, and it is not this that was measured


@dataclass(frozen=True)
class Load:
    """What one run saw. `rate` is answers a second; `milliseconds` are quantiles by percentage ("50", "99", "99.9")."""

    mode: str
    rate: float
    seconds: float
    accepted: int
    rejected: int
    responded: int  # Accounting-Responses
    lost: int
    resent: int
    busy: float  # share of one processor that the generator took: near 1 it measures itself
    milliseconds: dict[str, float]

    @property
    def answered(self) -> int:
        """All that was answered."""
        return self.accepted + self.rejected + self.responded


class Radload:
    """The compiled program. `busiest` is the largest share of a processor that it took in any run."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "radload"
        self.busiest = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        sources = [str(SOURCES / name) for name in ("radload.c", "packets.c")]
        try:
            subprocess.run(
                ["cc", "-O2", "-o", str(self._program), *sources, "-lcrypto"],
                check=True,
                capture_output=True,
                text=True,
            )
        except FileNotFoundError as exc:
            raise Refusal("there is no C compiler", "Run bin/bench, which installs gcc.") from exc
        except subprocess.CalledProcessError as exc:
            raise Refusal(f"the load generator does not compile:\n{exc.stderr}", "Install libssl-dev.") from exc

    def run(self, mode: str, port: int, *, expect: str | None = None, **wanted: object) -> Load:
        """Run to the end. `expect`: accepted, rejected or responded; any other answer raises `Refusal`."""
        with self.running(mode, port, **wanted) as running:
            load = running.wait()
        self.busiest = max(self.busiest, load.busy)
        if expect is not None:
            _check(load, expect)
        return load

    @contextlib.contextmanager
    def running(self, mode: str, port: int, **wanted: object) -> Iterator["Running"]:
        """Start it, and stop it at the end if it still runs."""
        words = [f"{name}={value}" for name, value in {"secret": SECRET, **wanted}.items()]
        child = subprocess.Popen(
            [str(self._program), mode, f"port={port}", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Running(child)
        finally:
            if child.poll() is None:
                child.kill()
            child.communicate()


class Running:
    """A generator that runs."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self.began_at = time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether it has said what it saw."""
        return self._child.poll() is not None

    def wait(self) -> Load:
        """Wait for its end and return what it saw."""
        out, err = self._child.communicate()
        if self._child.returncode != 0:
            raise Refusal(f"the load generator failed: {err.strip()}")
        return Load(**json.loads(out))


def _check(load: Load, expect: str) -> None:
    right = getattr(load, expect)
    wrong = load.answered - right + load.lost
    if right == 0 or wrong > _WRONG_SHARE * right:
        raise Refusal(
            f"{load.mode}: {right} {expect}, {wrong} of another kind or lost, {load.resent} sent again",
            "Failures would be measured, not speed: run it again while the machine is left alone.",
        )
