"""bin/up: a provider in a box, and what FreeRADIUS answers for each of its subscribers.

Rules: whatever this run started is stopped again when anything fails, and when the foreground ends; what ran before
is left alone. One bin/up at a time sets up an installation.
"""

import argparse
import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator

from rich.markup import escape

from demo import (
    certificates,
    components,
    daemon,
    errors,
    probe,
    processes,
    provider,
    schema,
    settings,
    signals,
    subscribers,
)
from demo.cluster import make_folder
from demo.errors import Refusal
from demo.progress import Progress
from provisioning.errors import OperatorError
from vault import sealed

_LOOK_SECONDS = 0.3


def main(arguments: list[str] | None = None) -> int:
    """Set up, start, show; return the exit code."""
    options = _options(arguments)
    progress = Progress()
    try:
        with signals.as_exceptions():
            _run(settings.from_environ(), progress, detach=options.detach)
    except Refusal as refusal:
        progress.refuse(refusal)
        return 1
    except OperatorError as exc:
        progress.refuse(Refusal(exc.message, exc.hint))
        return 1
    except sealed.UnusableKey as exc:
        progress.refuse(Refusal(str(exc)))
        return 1
    except OSError as exc:
        progress.refuse(errors.of_system(exc))
        return 1
    except signals.Stopped:
        progress.say("stopped")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/up", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--detach", action="store_true", help="leave everything running; bin/down stops it")
    return parser.parse_args(arguments)


def _run(chosen: settings.Settings, progress: Progress, *, detach: bool) -> None:
    with contextlib.ExitStack() as started:
        with _setting_up(chosen, progress):
            ran_before = _start(chosen, progress, started)
            _show(chosen, progress)
        if ran_before:
            progress.say("it was running already; [bold]bin/down[/] stops it")
        elif detach:
            components.supervisor(chosen).remove()
            progress.say("it runs; [bold]bin/down[/] stops it")
        else:
            _supervise(chosen, progress)
        started.pop_all()


def _supervise(chosen: settings.Settings, progress: Progress) -> None:
    """Watch until a signal raises `Stopped`; raise `Refusal` when a server ends by itself."""
    progress.say("it runs until Ctrl-C")
    watched = components.of(chosen)
    while True:
        for name, component in watched.items():
            if not component.running:
                raise Refusal(f"{name} has ended; the end of {component.log}:\n{processes.last_lines(component.log)}")
        time.sleep(_LOOK_SECONDS)


@contextlib.contextmanager
def _setting_up(chosen: settings.Settings, progress: Progress) -> Iterator[None]:
    """Keep another bin/up out of this installation meanwhile."""
    make_folder(chosen.home, mode=0o755)
    make_folder(chosen.pids, mode=0o700)
    try:
        descriptor = os.open(chosen.pids / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise Refusal(
            f"{chosen.home} belongs to somebody else", "Set TOLLKEEPER_HOME to a folder of your own."
        ) from exc
    with os.fdopen(descriptor, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("waiting for another bin/up to finish its set-up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(chosen: settings.Settings, progress: Progress, started: contextlib.ExitStack) -> bool:
    """Bring up what does not run yet, its stop pushed onto `started`; return whether everything ran before."""
    cluster = components.cluster_of(chosen)
    missing = {name: server for name, server in components.servers_of(chosen).items() if not server.running}
    if cluster.running and not missing:
        return True
    for server in missing.values():
        server.check_port()
    _remember_supervisor(chosen, started)
    _prepare(chosen, progress)
    if not cluster.running:
        with progress.step("starting PostgreSQL"):
            cluster.start()
            started.callback(cluster.stop)
    with progress.step("looking at schema and demo provider"):
        schema.ensure(cluster)
        password = provider.ensure(_dsn(chosen), sealed.read_seal(chosen.key_file))
    if password is not None:
        progress.say(f"the first operator is {provider.FIRST_OPERATOR}, its password, shown this once: {password}")
    for name, server in missing.items():
        with progress.step(f"starting {name}"):
            server.start()
            started.callback(server.stop)
    return False


def _show(chosen: settings.Settings, progress: Progress) -> None:
    dsn, seal = _dsn(chosen), sealed.read_seal(chosen.key_file)
    if not probe.write_secret(chosen, dsn, seal):
        progress.say(f"no NAS has the address {provider.NAS_ADDRESS} any more: nobody to ask as")
        return
    with progress.step("asking for every subscriber"):
        rows = probe.ask_all(chosen, dsn, seal)
    progress.console.print(probe.table(rows))
    progress.say(f"radclient's secret is in {escape(str(probe.secret_file(chosen)))}")


def _dsn(chosen: settings.Settings) -> str:
    return components.cluster_of(chosen).dsn(role=schema.OWNER, database=schema.DATABASE)


def _prepare(chosen: settings.Settings, progress: Progress) -> None:
    with contextlib.suppress(FileExistsError):
        sealed.make_key(chosen.key_file)
    daemon.ensure_token(chosen)
    if certificates.ensure(chosen.certs, client_name=subscribers.CERTIFICATE_USER):
        progress.say("[green]ok[/] made test certificates")
    cluster = components.cluster_of(chosen)
    if not cluster.data.exists():
        with progress.step("making a private PostgreSQL"):
            cluster.create()


def _remember_supervisor(chosen: settings.Settings, started: contextlib.ExitStack) -> None:
    pid_file = components.supervisor(chosen)
    pid_file.write(processes.this())
    started.callback(pid_file.remove)


if __name__ == "__main__":
    sys.exit(main())
