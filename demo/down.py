"""bin/down: stops what bin/up started, and says what that was."""

import signal
import sys

from demo import components, errors, settings
from demo.errors import Refusal
from demo.progress import Progress

_SUPERVISOR_SECONDS = 120.0


def main() -> int:
    """Stop everything that runs; return the exit code. Fine to run when nothing does."""
    progress = Progress()
    try:
        _stop(settings.from_environ(), progress)
    except Refusal as refusal:
        progress.refuse(refusal)
        return 1
    except OSError as exc:
        progress.refuse(errors.of_system(exc))
        return 1
    return 0


def _stop(chosen: settings.Settings, progress: Progress) -> None:
    stopped = _stop_supervisor(chosen, progress)
    for name, component in reversed(components.of(chosen).items()):
        if component.running:
            with progress.step(f"stopping {name}"):
                component.stop()
            stopped = True
    if not stopped:
        progress.say("nothing runs")


def _stop_supervisor(chosen: settings.Settings, progress: Progress) -> bool:
    """A bin/up in the foreground stops its own servers, and would call their end a failure."""
    pid_file = components.supervisor(chosen)
    process = pid_file.read()
    if process is None:
        return False
    with progress.step("stopping bin/up"):
        process.stop((signal.SIGTERM, _SUPERVISOR_SECONDS))
    return True


if __name__ == "__main__":
    sys.exit(main())
