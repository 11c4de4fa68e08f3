"""One router's question at a time, from Python: when is the first answer, and when does it change."""

import contextlib
import socket

from tests.acceptance import wire
from tests.bench.population import SECRET

ACCEPT, REJECT = wire.ACCESS_ACCEPT, wire.ACCESS_REJECT


class Asker:
    """Asks the server on a port of 127.0.0.1 about the population's users."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._identifier = 0

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, user: int, timeout_seconds: float = 0.5) -> int | None:
        """Return the code of the answer to a PAP request with the right password; None for silence."""
        self._identifier = (self._identifier + 1) % 256
        packet = wire.access_request(
            [
                (wire.USER_NAME, b"user%07d" % user),
                (wire.CALLING_STATION_ID, b"02:00:%02X:%02X:%02X:%02X" % tuple(user.to_bytes(4, "big"))),
            ],
            SECRET.encode(),
            password=b"pw%07d" % user,
            identifier=self._identifier,
        )
        self._socket.settimeout(timeout_seconds)
        with contextlib.suppress(TimeoutError, ConnectionRefusedError):
            self._socket.send(packet)
            while True:
                octets = self._socket.recv(4096)
                if octets[1] == self._identifier:  # not one that came late
                    return octets[0]
        return None
