"""Wakes whoever waits for changes of the database. A notification that is lost costs a second: nobody relies on one."""

import select
from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread

import psycopg2
import structlog

from provisioning import driver

_LOOK_SECONDS = 1.0
_RETRY_SECONDS = 2.0

log = structlog.get_logger()


class Listener:
    """Listens on a connection of its own."""

    def __init__(self, wake: Callable[[], None], *, dsn: str = "") -> None:
        self._wake = wake
        self._dsn = dsn
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (psycopg2.Error, OSError):  # the tick tells what is wrong with the database
                self._stopping.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        with closing(driver.connect(self._dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("LISTEN tollkeeper_change")
            while not self._stopping.is_set():
                if select.select([connection], [], [], _LOOK_SECONDS)[0]:
                    connection.poll()
                    connection.notifies.clear()
                    self._wake()
