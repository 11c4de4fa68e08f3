"""A router that takes CoA and Disconnect (RFC 5176), as well or as badly as a test wants: real UDP, our own signatures.

with SimulatedNas("127.0.0.2", secret) as nas:     listens on nas.port
    nas.behave = "drop"                            for all; or nas.behaviours["alice"] = "nak 503", by user name
    nas.heard                                      every request as it came, repeated ones too

ack            says yes; `on_ack(heard)` is called before, so that a test can end the session
nak N          says no, with Error-Cause N
drop           says nothing
drop once      says nothing to the first packet of each request, then yes
late           says yes after `late_seconds`, by when the request has come again
forge          a yes that is not signed with the secret, then nothing
forge ma       a yes whose Message-Authenticator alone is wrong
elsewhere      a yes from another port
lie            says yes and does nothing (the test ends no session)
no coa         nak 406 to a CoA, yes to a Disconnect
"""

import hashlib
import hmac
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

USER_NAME, ACCT_SESSION_ID, EVENT_TIMESTAMP, MESSAGE_AUTHENTICATOR, ERROR_CAUSE, VENDOR = 1, 44, 55, 80, 101, 26
DISCONNECT, COA = 40, 43
Attributes = list[tuple[int, bytes]]


@dataclass(frozen=True)
class Heard:
    """A request as it came."""

    code: int
    identifier: int
    octets: bytes
    attributes: Attributes
    at: float
    is_signed: bool
    source: tuple[str, int]

    def value(self, number: int) -> bytes | None:
        """Return the first value of an attribute."""
        return next((value for found, value in self.attributes if found == number), None)

    @property
    def user_name(self) -> str:
        """Whom it is about."""
        return (self.value(USER_NAME) or b"").decode()


@dataclass
class SimulatedNas:
    """See the head of this file."""

    address: str
    secret: bytes
    port: int = 0
    behave: str = "ack"
    behaviours: dict[str, str] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    on_ack: Callable[[Heard], object] = lambda heard: None
    on_hearing: Callable[[], object] = lambda: None  # called with each request
    late_seconds: float = 2.5
    _seen: set[bytes] = field(default_factory=set)

    def __enter__(self) -> "SimulatedNas":
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((self.address, self.port))
        self._socket.settimeout(0.05)
        self.port = self._socket.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def requests(self, code: int | None = None) -> list[Heard]:
        """Return what was asked, each request once."""
        once = {one.octets: one for one in self.heard if code in (None, one.code)}
        return list(once.values())

    def _serve(self) -> None:
        pending: list[tuple[float, Heard]] = []
        while not self._stopping.is_set():
            for due in [each for each in pending if each[0] <= time.monotonic()]:
                pending.remove(due)
                self.on_ack(due[1])
                self._answer(due[1])
            try:
                octets, source = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            heard = self._hear(octets, source)
            behaviour = self.behaviours.get(heard.user_name, self.behave).split()
            self.heard.append(heard)
            self.on_hearing()
            self._react(heard, behaviour, pending)

    def _react(self, heard: Heard, behaviour: list[str], pending: list[tuple[float, Heard]]) -> None:
        is_again = heard.octets in self._seen
        self._seen.add(heard.octets)
        match behaviour:
            case ["ack"]:
                if not is_again:
                    self.on_ack(heard)
                self._answer(heard)
            case ["lie"]:
                self._answer(heard)
            case ["nak", cause]:
                self._answer(heard, error_cause=int(cause))
            case ["no", "coa"]:
                self._answer(heard, error_cause=406 if heard.code == COA else None)
            case ["drop", "once"] if is_again:
                self.on_ack(heard)
                self._answer(heard)
            case ["late"] if not is_again:
                pending.append((time.monotonic() + self.late_seconds, heard))
            case _:
                self._deceive(heard, behaviour)

    def _deceive(self, heard: Heard, behaviour: list[str]) -> None:
        match behaviour:
            case ["forge"]:
                self._answer(heard, secret=b"somebody else's")
            case ["forge", "ma"]:
                self._answer(heard, false_signature=True)
            case ["elsewhere"]:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.bind((self.address, 0))
                    other.sendto(reply(heard, self.secret), heard.source)

    def _answer(
        self,
        heard: Heard,
        *,
        error_cause: int | None = None,
        secret: bytes | None = None,
        false_signature: bool = False,
    ) -> None:
        octets = reply(heard, secret or self.secret, error_cause=error_cause, false_signature=false_signature)
        self._socket.sendto(octets, heard.source)

    def _hear(self, octets: bytes, source: tuple[str, int]) -> Heard:
        code, identifier, length = struct.unpack("!BBH", octets[:4])
        attributes, at, unsigned = [], 20, octets[:4] + bytes(16) + octets[20:]
        authenticator_is_right = hashlib.md5(unsigned + self.secret).digest() == octets[4:20]
        signature = None
        while at < length:
            number, size = octets[at], octets[at + 1]
            value = octets[at + 2 : at + size]
            if number == MESSAGE_AUTHENTICATOR:
                zeroed = unsigned[: at + 2] + bytes(16) + unsigned[at + size :]
                signature = hmac.digest(self.secret, zeroed, "md5") == value
            attributes.append((number, value))
            at += size
        is_signed = authenticator_is_right and signature is True
        return Heard(code, identifier, octets, attributes, time.monotonic(), is_signed, source)


def reply(
    heard: Heard, secret: bytes, *, error_cause: int | None = None, signed: bool = True, false_signature: bool = False
) -> bytes:
    """Build the answer to a request: an ACK, or a NAK with its Error-Cause."""
    attributes = b"" if error_cause is None else struct.pack("!BBI", ERROR_CAUSE, 6, error_cause)
    code = heard.code + (1 if error_cause is None else 2)
    length = 20 + len(attributes) + (18 if signed else 0)
    header = struct.pack("!BBH", code, heard.identifier, length)
    if signed:
        asked = header + heard.octets[4:20] + attributes + bytes([MESSAGE_AUTHENTICATOR, 18]) + bytes(16)
        signature = bytes(16) if false_signature else hmac.digest(secret, asked, "md5")
        attributes += bytes([MESSAGE_AUTHENTICATOR, 18]) + signature
    authenticator = hashlib.md5(header + heard.octets[4:20] + attributes + secret).digest()
    return header + authenticator + attributes
