"""A relay in front of PostgreSQL's unix socket that can be stopped, started and made deaf, in one test's hands."""

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.cluster import PORT
from tests.fix_database import Database

_CHUNK_OCTETS = 65536


class Proxy:
    """Relays connections to a server's socket. `folder` is what to give libpq as PGHOST instead of the server's.

    stop() cuts every connection and refuses new ones; deaf() takes new ones and never says a word, like a machine
    that hangs; start() relays again.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self._socket_file = folder / f".s.PGSQL.{PORT}"
        self._server = server
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Take connections, and relay them."""
        self._listen(self._relay)

    def deaf(self) -> None:
        """Cut every connection, then take new ones and say nothing."""
        self._listen(lambda client, listener: None)

    def stop(self) -> None:
        """Cut every connection; refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            cut, self._open = self._open, set()
        if listener is not None:
            self._socket_file.unlink(missing_ok=True)
            _close(listener)
        for one in cut:
            _close(one)

    def _listen(self, serve: Callable[[socket.socket, socket.socket], None]) -> None:
        self.stop()
        listener = self._listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._socket_file))
        listener.listen()
        threading.Thread(target=self._accept, args=(listener, serve), daemon=True).start()

    def _accept(self, listener: socket.socket, serve: Callable[[socket.socket, socket.socket], None]) -> None:
        with contextlib.suppress(OSError):  # closed by stop()
            while True:
                client, _ = listener.accept()
                if self._keep(client, listener):
                    serve(client, listener)

    def _relay(self, client: socket.socket, listener: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        if not self._keep(server, listener):
            return
        try:
            server.connect(str(self._server))
        except OSError:  # the server itself is down
            _close(client)
            return
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()

    def _keep(self, one: socket.socket, listener: socket.socket) -> bool:
        """Remember it, to be cut by stop(); one that stop() has just missed is closed here."""
        with self._lock:
            if self._listener is listener:
                self._open.add(one)
                return True
        _close(one)
        return False


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while octets := source.recv(_CHUNK_OCTETS):
            sink.sendall(octets)
    _close(source)
    _close(sink)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)  # wakes whoever waits on it, which close() alone does not
    one.close()


@pytest.fixture
def proxy(database: Database) -> Iterator[Proxy]:
    """Return a started proxy in front of `database`: connect with host=<proxy.folder> instead of its host."""
    folder = database.home / "proxy"
    folder.mkdir()
    made = Proxy(folder, database.cluster.settings.run / f".s.PGSQL.{PORT}")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)
