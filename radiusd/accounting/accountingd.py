"""accountingd: takes accounting records from FreeRADIUS, and says so only when they are on disk.

    python -m radiusd.accounting.accountingd

    POST /accounting   a record, whatever it is: 204 when it is in the spool and synced, 503 when it is not kept
    GET /health        200 while records are taken, else 503
    GET /metrics       Prometheus' text format, the hook's numbers too

On 127.0.0.1 only, with the token of $TOLLKEEPER_HOME/secrets/accountingd.conf as HTTP Basic password. It understands
nothing of what it takes, so nothing in a packet can stop it. SIGTERM: what was taken is committed and answered, then it
ends. Log: JSON lines on standard error.

    TOLLKEEPER_HOME               the spool is in spool/ below it
    TOLLKEEPER_ACCOUNTINGD_PORT   default 18813
    TOLLKEEPER_SPOOL_OCTETS       the spool's limit, default 8 GiB
"""

import asyncio
import gc
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any, NamedTuple

import structlog

from radiusd import log as logging
from radiusd.accounting import hook_metrics, http, spool
from radiusd.accounting.commits import Commits
from radiusd.accounting.metrics import CONTENT_TYPE, Page
from radiusd.accounting.spool import Depth, Spool, Unwritable

DEFAULT_PORT = 18813
_ADDRESS = "127.0.0.1"
_SWITCH_SECONDS = 0.0005  # between the loop and the thread that commits; 5 ms is the default
_SWEEP_SECONDS = 2.0
_GOODBYE_SECONDS = 3.0

_KEPT = http.response(204)
_NOT_KEPT = http.response(503)

log = structlog.get_logger()


class Misconfigured(Exception):
    """accountingd cannot start as it was told to"""


class Settings(NamedTuple):
    """Where accountingd listens, what it asks for, and where it keeps what it takes."""

    port: int
    token: str
    spool: Path
    limit_octets: int
    hook_socket: Path


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Return what the environment asks for; raise `Misconfigured`."""
    if "TOLLKEEPER_HOME" not in environ:
        raise Misconfigured("TOLLKEEPER_HOME is not set")
    home = Path(environ["TOLLKEEPER_HOME"])
    try:
        return Settings(
            port=int(environ.get("TOLLKEEPER_ACCOUNTINGD_PORT") or DEFAULT_PORT),
            token=read_token(home / "secrets" / "accountingd.conf"),
            spool=home / "spool" / "spool.db",
            limit_octets=int(environ.get("TOLLKEEPER_SPOOL_OCTETS") or spool.LIMIT_OCTETS),
            hook_socket=home / "run" / "hook.sock",
        )
    except ValueError as exc:
        raise Misconfigured(f"TOLLKEEPER_ACCOUNTINGD_PORT or TOLLKEEPER_SPOOL_OCTETS: {exc}") from exc


def read_token(path: Path) -> str:
    """Return the token of a file that FreeRADIUS includes: `accountingd_token = "..."`, 32 characters or more."""
    try:
        found = re.search(r'^accountingd_token = "([0-9A-Za-z]{32,})"$', path.read_text("ascii"), re.MULTILINE)
        if path.stat().st_mode & 0o077:
            raise Misconfigured(f"{path} can be read by others: chmod 600 it")
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{path} cannot be read: {exc}") from exc
    if found is None:
        raise Misconfigured(f"{path} holds no token")
    return found[1]


class Daemon:
    """The parts of accountingd, put together, started and stopped."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._loop = loop
        self._commits = Commits(lambda: Spool(settings.spool, limit_octets=settings.limit_octets), loop)
        self._http = http.Server(self._handle, http.credentials(settings.token), http.Limits())
        self._scrapes: set[asyncio.Task[None]] = set()
        self._started_at = time()

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set."""
        listener = await self._loop.create_server(
            lambda: http.Connection(self._http), _ADDRESS, self._settings.port, backlog=512
        )
        self._commits.start()
        log.info("accountingd_started", port=self._settings.port, spool=str(self._settings.spool))
        while not stopping.is_set():
            self._http.sweep()
            try:
                await asyncio.wait_for(stopping.wait(), _SWEEP_SECONDS)
            except TimeoutError:
                continue
        listener.close()
        await self._commits.stop()
        await self._http.close(_GOODBYE_SECONDS)
        log.info("accountingd_stopped", records=self._commits.records)

    def _handle(self, request: http.Request, reply: http.Reply) -> None:
        match request.method, request.path:
            case b"POST", b"/accounting":
                self._commits.submit(request.body, lambda kept: reply(_KEPT if kept else _NOT_KEPT))
            case b"GET", b"/health":
                writable = self._commits.writable
                reply(http.response(200, b"ok\n") if writable else http.response(503, b"the spool is unwritable\n"))
            case b"GET", b"/metrics":
                task = self._loop.create_task(self._scrape(reply))
                self._scrapes.add(task)
                task.add_done_callback(self._scrapes.discard)
            case _, b"/accounting" | b"/health" | b"/metrics":
                reply(http.response(405))
            case _:
                reply(http.response(404))

    async def _scrape(self, reply: http.Reply) -> None:
        depth = await asyncio.to_thread(self._depth)
        hook = await asyncio.to_thread(hook_metrics.status, self._settings.hook_socket)
        reply(http.response(200, self._page(depth, hook), CONTENT_TYPE))

    def _depth(self) -> Depth | None:
        """Ask the spool through a connection of its own: that of the commits is in use."""
        try:
            asked = Spool(self._settings.spool, limit_octets=self._settings.limit_octets)
        except Unwritable:
            return None
        try:
            return asked.depth()
        except Unwritable:
            return None
        finally:
            asked.close()

    def _page(self, depth: Depth | None, hook: dict[str, Any] | None) -> bytes:
        page, commits = Page(), self._commits
        page.counter("accounting_records_total", "Records that were committed to the spool.", commits.records)
        page.counter("accounting_refused_total", "Records that were not kept, by cause.", commits.refused, "cause")
        page.histogram("accounting_batch_records", "Records in a commit.", commits.batch_records)
        page.histogram("accounting_commit_seconds", "How long a commit took.", commits.commit_seconds)
        page.counter(
            "accounting_http_refused_total",
            "HTTP requests that were refused, by status.",
            {str(status): number for status, number in self._http.refused.items()},
            "status",
        )
        page.gauge("accounting_http_connections", "Open HTTP connections.", len(self._http.connections))
        page.gauge("accounting_start_time_seconds", "When accountingd was started.", self._started_at)
        page.gauge("spool_writable", "1 while records are taken.", int(commits.writable))
        page.gauge("spool_limit_octets", "What the spool may take up.", self._settings.limit_octets)
        if depth is not None:
            oldest = depth.oldest_received_at
            page.gauge("spool_records", "Records that wait for the fold.", depth.records)
            page.gauge("spool_octets", "What they take up.", depth.octets)
            page.gauge("spool_oldest_age_seconds", "Age of the oldest.", 0.0 if oldest is None else time() - oldest)
            page.counter("spool_last_id", "The id that was given last.", depth.last_id)
            page.counter("spool_folded_id", "The id up to which the fold has removed.", depth.last_id - depth.records)
        hook_metrics.write(page, hook)
        return page.encode()


async def _serve(settings: Settings) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await Daemon(settings, loop).run(stopping)


def main() -> int:
    """Serve until SIGTERM; return the exit code."""
    logging.configure_process()
    try:
        settings = settings_from(os.environ)
        os.umask(0o077)
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.freeze()
        asyncio.run(_serve(settings))
    except Misconfigured as exc:
        log.error("accountingd_misconfigured", error=str(exc))
        return 1
    except OSError as exc:
        log.error("accountingd_failed", error=str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
