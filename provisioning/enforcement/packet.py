"""Disconnect-Request and CoA-Request (RFC 5176), and whether an answer is the router's. Alone to know pyrad.

pyrad puts packets together and signs them; FreeRADIUS's own dictionaries say how an attribute is written, as pyrad's
parser does not read them all. An answer is checked here, octet by octet: pyrad has let a false Message-Authenticator
pass.

Known weakness: an answer without Message-Authenticator is believed on its Response Authenticator alone (MD5), as
RFC 5176 3.6 lets routers leave it out and many do.
"""

import hashlib
import hmac
import ipaddress
import struct
from collections.abc import Iterable
from typing import NamedTuple

from pyrad.packet import CoAPacket

from policies.dictionary import AttributeType, Dictionary

Named = tuple[str, str]

DISCONNECT, COA = 40, 43
_ACK, _NAK = 1, 2  # behind the request's code
_HEADER_OCTETS = 20
_MESSAGE_AUTHENTICATOR, _ERROR_CAUSE = 80, 101
_DIGEST_OCTETS = 16

# how integers of FreeRADIUS's types are written
_INTEGERS = {"byte": "!B", "short": "!H", "integer": "!I", "signed": "!i", "integer64": "!Q", "date": "!I"}


class Unsendable(ValueError):
    """a request to a router cannot be written"""


class Request(NamedTuple):
    """A signed request, ready to be sent as often as it takes."""

    code: int
    identifier: int
    authenticator: bytes
    octets: bytes
    secret: bytes


class Answer(NamedTuple):
    """What the router said: yes or no, and why not (RFC 5176 3.5)."""

    acknowledged: bool
    error_cause: int | None = None


def encoded(known: Dictionary, pairs: Iterable[Named]) -> list[tuple[int | tuple[int, int], bytes]]:
    """Return attributes as they go onto the wire; raise `Unsendable`."""
    return [_encoded(known, name, value) for name, value in pairs]


def request(
    code: int, attributes: Iterable[tuple[int | tuple[int, int], bytes]], *, identifier: int, secret: bytes
) -> Request:
    """Return a request with these attributes and a Message-Authenticator."""
    packet = CoAPacket(code=code, id=identifier, secret=secret)
    for key, value in attributes:
        packet.setdefault(key, []).append(value)
    packet.add_message_authenticator()
    octets = packet.RequestPacket()
    return Request(code, identifier, packet.authenticator, octets, secret)


def read(octets: bytes, asked: Request) -> Answer | None:
    """Return what a packet says; None: it is no answer to this request, or not from who shares the secret."""
    if len(octets) < _HEADER_OCTETS:
        return None
    code, identifier, length = struct.unpack("!BBH", octets[:4])
    if identifier != asked.identifier or code - asked.code not in (_ACK, _NAK):
        return None
    if not _HEADER_OCTETS <= length <= len(octets):
        return None
    octets = octets[:length]
    attributes = _attributes(octets)
    if attributes is None or not _is_signed(octets, attributes, asked):
        return None
    causes = [octets[at : at + 4] for number, at, size in attributes if number == _ERROR_CAUSE and size == 4]
    return Answer(code - asked.code == _ACK, int.from_bytes(causes[0], "big") if causes else None)


def _is_signed(octets: bytes, attributes: list[tuple[int, int, int]], asked: Request) -> bool:
    """Whether Response Authenticator (RFC 2865 3) and Message-Authenticator (RFC 2869 5.14) are right."""
    as_asked = octets[:4] + asked.authenticator + octets[_HEADER_OCTETS:]
    if not hmac.compare_digest(hashlib.md5(as_asked + asked.secret).digest(), octets[4:_HEADER_OCTETS]):  # noqa: S324
        return False
    signatures = [(at, size) for number, at, size in attributes if number == _MESSAGE_AUTHENTICATOR]
    if not signatures:
        return True
    ((at, size), *more) = signatures
    if more or size != _DIGEST_OCTETS:
        return False
    unsigned = as_asked[:at] + bytes(size) + as_asked[at + size :]
    return hmac.compare_digest(hmac.digest(asked.secret, unsigned, "md5"), octets[at : at + size])


def _attributes(octets: bytes) -> list[tuple[int, int, int]] | None:
    """Return number, place and size of each attribute's value; None where lengths do not add up."""
    found, at = [], _HEADER_OCTETS
    while at < len(octets):
        if at + 2 > len(octets) or octets[at + 1] < 2 or at + octets[at + 1] > len(octets):
            return None
        found.append((octets[at], at + 2, octets[at + 1] - 2))
        at += octets[at + 1]
    return found


def _encoded(known: Dictionary, name: str, value: str) -> tuple[int | tuple[int, int], bytes]:
    plain, _, tag = name.partition(":")
    attribute = known.find(plain)
    if attribute is None:
        raise Unsendable(f"attribute {plain} is in none of FreeRADIUS's dictionaries")
    if attribute.encrypt or len(attribute.oid) != 1:
        raise Unsendable(f"attribute {plain} is of a kind that no CoA-Request holds")
    octets = _value(attribute, value)
    if tag:
        octets = bytes([int(tag)]) + (octets[1:] if attribute.type in _INTEGERS else octets)
    if len(octets) > attribute.room:
        raise Unsendable(f"{value[:20]!r}... is too long for {plain}")
    number = attribute.oid[0]
    return ((attribute.vendor, number) if attribute.vendor else number), octets


def _value(attribute: AttributeType, value: str) -> bytes:
    try:
        match attribute.type:
            case "string":
                return value.encode()
            case "octets":
                return bytes.fromhex(value.removeprefix("0x"))
            case "ipaddr":
                return ipaddress.IPv4Address(value).packed
            case "ipv6addr":
                return ipaddress.IPv6Address(value).packed
            case number if number in _INTEGERS:
                named = attribute.values.get(value.lower())
                return struct.pack(_INTEGERS[number], int(value) if named is None else named)
    except (ValueError, struct.error) as exc:
        raise Unsendable(f"{value[:20]!r} is no value of {attribute.name}") from exc
    raise Unsendable(f"attribute {attribute.name} is of type {attribute.type}, which no CoA-Request needs")
