"""A router that sends accounting as fast as it is answered, remembers what was acknowledged, and sends the rest again.

Each record is one Start with an Acct-Session-Id of its own. `window` records are under way at once; one that is not
answered within a second is sent again, as a router would, with the same identifier first (RFC 2866 2.6).
"""

import socket
import threading
import time
from dataclasses import dataclass, field

from tests.acceptance import wire

ACCT_STATUS_TYPE, ACCT_SESSION_ID = 40, 44
_RESEND_SECONDS = 1.0


@dataclass
class _Sent:
    session_id: str
    packet: bytes
    first_at: float
    last_at: float


@dataclass
class Sender:
    """Sends to `port` until stopped. `acknowledged` grows meanwhile; `waits` holds each answered record's seconds."""

    port: int
    secret: bytes
    prefix: str
    window: int = 32
    acknowledged: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._under_way: dict[int, _Sent] = {}
        self._number = 0

    def __enter__(self) -> "Sender":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(0.05)
            while not self._stopping.is_set():
                self._fill(sock)
                self._take(sock)

    def _fill(self, sock: socket.socket) -> None:
        now = time.monotonic()
        for identifier in range(self.window):
            sent = self._under_way.get(identifier)
            if sent is None:
                self._number += 1
                session_id = f"{self.prefix}{self._number:08d}"
                attributes = [
                    (wire.USER_NAME, b"active"),
                    (ACCT_STATUS_TYPE, b"\0\0\0\1"),
                    (ACCT_SESSION_ID, session_id.encode()),
                ]
                packet = wire.accounting_request(attributes, self.secret, identifier=identifier)
                self._under_way[identifier] = sent = _Sent(session_id, packet, now, 0.0)
            if now - sent.last_at > _RESEND_SECONDS:
                sent.last_at = now
                self._send(sock, sent.packet)

    def _take(self, sock: socket.socket) -> None:
        try:
            octets = sock.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return
        sent = self._under_way.get(octets[1])
        reply = wire.Reply(octets[0], (), octets)
        if sent and octets[0] == wire.ACCOUNTING_RESPONSE and wire.has_authenticator(reply, sent.packet, self.secret):
            del self._under_way[octets[1]]
            self.acknowledged.append(sent.session_id)
            self.waits.append(time.monotonic() - sent.first_at)

    def _send(self, sock: socket.socket, packet: bytes) -> None:
        try:
            sock.send(packet)
        except ConnectionRefusedError:  # of the packet before: nobody listens
            sock.send(packet)
