"""Packets that radclient would not make: raw octets out, raw octets in (RFC 2865 3)."""

import hashlib
import hmac
import os
import socket
import struct
from dataclasses import dataclass

USER_NAME, USER_PASSWORD, NAS_PORT, CALLING_STATION_ID, PROXY_STATE, CONNECT_INFO = 1, 2, 5, 31, 33, 77
MESSAGE_AUTHENTICATOR = 80
ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE, STATUS_SERVER = 1, 2, 3, 4, 5, 12

Attributes = list[tuple[int, bytes]]


@dataclass(frozen=True)
class Reply:
    """A packet that came back, its octets as they were."""

    code: int
    attributes: tuple[tuple[int, bytes], ...]
    octets: bytes

    def values(self, number: int) -> list[bytes]:
        """Return every value of an attribute."""
        return [value for found, value in self.attributes if found == number]


def access_request(
    attributes: Attributes, secret: bytes, *, password: bytes | None = None, signed: bool = True, identifier: int = 7
) -> bytes:
    """Build an Access-Request with these attributes in this order, the password hidden (RFC 2865 5.2)."""
    authenticator = os.urandom(16)
    pairs = list(attributes)
    if password is not None:
        pairs.append((USER_PASSWORD, hidden(password, authenticator, secret)))
    if signed:
        pairs.append((MESSAGE_AUTHENTICATOR, bytes(16)))
    packet = _packed(ACCESS_REQUEST, identifier, authenticator, pairs)
    return packet[:-16] + hmac.digest(secret, packet, "md5") if signed else packet


def accounting_request(attributes: Attributes, secret: bytes, *, identifier: int = 7) -> bytes:
    """Build an Accounting-Request with these attributes in this order (RFC 2866 3)."""
    packet = _packed(ACCOUNTING_REQUEST, identifier, bytes(16), attributes)
    return packet[:4] + hashlib.md5(packet + secret).digest() + packet[20:]


def status_server(secret: bytes, *, identifier: int = 7) -> bytes:
    """Build a Status-Server, which has to be signed (RFC 5997 3)."""
    packet = _packed(STATUS_SERVER, identifier, os.urandom(16), [(MESSAGE_AUTHENTICATOR, bytes(16))])
    return packet[:-16] + hmac.digest(secret, packet, "md5")


def hidden(password: bytes, authenticator: bytes, secret: bytes) -> bytes:
    """Hide a User-Password."""
    padded = password.ljust(max(16, (len(password) + 15) // 16 * 16), b"\0")
    result, previous = b"", authenticator
    for start in range(0, len(padded), 16):
        mask = hashlib.md5(secret + previous).digest()
        previous = bytes(a ^ b for a, b in zip(padded[start : start + 16], mask, strict=True))
        result += previous
    return result


def exchange(packet: bytes, port: int, *, timeout_seconds: float = 10.0, source: str = "127.0.0.1") -> Reply | None:
    """Send one packet from a loopback address to the server, and return its reply, None for silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(timeout_seconds)
        sock.connect(("127.0.0.1", port))
        sock.send(packet)
        try:
            return _read(sock.recv(4096))
        except (TimeoutError, ConnectionRefusedError):
            return None


def is_signed(reply: Reply, request: bytes, secret: bytes) -> bool:
    """Whether response authenticator (RFC 2865 3) and Message-Authenticator (RFC 3579 3.2) are right."""
    octets = reply.octets
    (signature,) = reply.values(MESSAGE_AUTHENTICATOR)
    blank = octets.replace(signature, bytes(16))
    return has_authenticator(reply, request, secret) and signature == hmac.digest(
        secret, blank[:4] + request[4:20] + blank[20:], "md5"
    )


def has_authenticator(reply: Reply, request: bytes, secret: bytes) -> bool:
    """Whether the response authenticator (RFC 2865 3, RFC 2866 3) is right."""
    octets = reply.octets
    return hashlib.md5(octets[:4] + request[4:20] + octets[20:] + secret).digest() == octets[4:20]


def _packed(code: int, identifier: int, authenticator: bytes, attributes: Attributes) -> bytes:
    body = b"".join(struct.pack("!BB", number, len(value) + 2) + value for number, value in attributes)
    return struct.pack("!BBH", code, identifier, 20 + len(body)) + authenticator + body


def _read(octets: bytes) -> Reply:
    attributes, at = [], 20
    while at < len(octets):
        number, length = octets[at], octets[at + 1]
        attributes.append((number, octets[at + 2 : at + length]))
        at += length
    return Reply(octets[0], tuple(attributes), octets)
