"""Attributes as FreeRADIUS's rest module writes them into JSON.

Seen with Debian 12's FreeRADIUS 3.2.1, `body = json`, a packet from radclient:

    {"User-Name": {"type": "string", "value": ["bob"]}, ...}      one member a name, repeated ones as further values

    string       each byte from 0x80 on is \\u0080 to \\u00FF, UTF-8 too: é is \\u00C3\\u00A9, Latin-1's é is \\u00E9;
                 NUL is \\u0000, a line feed \\n, other controls \\u0001 and so on
    integer      5, a number. Where the dictionary names values, a string always: "Start", "77" where that one has no
                 name, the newest where it has two ("Interim-Update", never "Alive")
    integer64    "5", a string
    date         "Nov 22 2026 12:00:00 UTC", in the time zone of the server's process (TZ=Europe/Berlin: "... CET")
    octets       "0x544b", lower case
    ipaddr       "192.0.2.9"; ipv6addr "2001:db8::1"
    ipv6prefix   "2001:db8:1::/60"

A tag (RFC 2868) is left out. An attribute of no length is not in the packet at all.

Everything here takes any JSON value and gives None for what is not there or cannot be read.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST_TEXT = 253  # RFC 2865 5: what an attribute holds
_CLASS_START = "0x544b"  # "TK"
_CLASS_LENGTH = 34  # 16 octets
_NONE: list[object] = []


def values(body: Mapping[str, object], name: str) -> list[object]:
    """Return all values of an attribute."""
    attribute = body.get(name)
    if isinstance(attribute, dict):
        found = attribute.get("value")
        if isinstance(found, list):
            return found
    return _NONE


def text(body: Mapping[str, object], name: str) -> str | None:
    """Return the first value as text that a database can keep; None where it has a NUL or is too long."""
    attribute = body.get(name)
    return None if attribute is None else as_text(_first(attribute))


def _first(attribute: object) -> object:
    """Most of what is asked for is not there, and most else is well-formed: the usual way is short."""
    found = attribute.get("value") if isinstance(attribute, dict) else None
    return found[0] if found and isinstance(found, list) else None


def as_text(value: object) -> str | None:
    """Return one value as `text` does."""
    if not isinstance(value, str):
        return str(value) if type(value) is int and 0 <= value < 2**64 else None
    decoded = value if value.isascii() else _decode(value)
    if not decoded or len(decoded) > _LONGEST_TEXT or "\0" in decoded:
        return None
    return decoded


def _decode(value: str) -> str | None:
    """Each character was a byte: UTF-8 where it makes sense as such, else Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeEncodeError:  # not from FreeRADIUS
        return value if value.isprintable() else None
    except UnicodeDecodeError:
        return value


def number(body: Mapping[str, object], name: str) -> int | None:
    """Return the first value as a number from 0 to 2**32 - 1, as an attribute of type integer holds."""
    attribute = body.get(name)
    if attribute is None:
        return None
    value = _first(attribute)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    return value if type(value) is int and 0 <= value < 2**32 else None


def moment(body: Mapping[str, object], name: str) -> int | None:
    """Return the first value of a date, in seconds since 1970. A date in letters is understood in UTC only."""
    value = text(body, name)
    if value is None:
        return None
    return int(value) if value.isdecimal() and value.isascii() and len(value) <= 10 else _read_date(value)


@lru_cache(maxsize=4096)
def _read_date(value: str) -> int | None:
    """`Nov  2 2026 12:00:00 UTC`."""
    words = value.split()
    if len(words) != 5 or words[0] not in _MONTHS or words[4] not in ("UTC", "GMT"):
        return None
    try:
        hour, minute, second = map(int, words[3].split(":"))
        at = datetime(int(words[2]), _MONTHS.index(words[0]) + 1, int(words[1]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(at.timestamp())


def find_class(body: Mapping[str, object]) -> str | None:
    """Return the first Class that is the hook's (RFC 2865 5.25), as FreeRADIUS prints it."""
    for value in values(body, "Class"):
        if isinstance(value, str) and len(value) == _CLASS_LENGTH and value.startswith(_CLASS_START):
            return value
    return None


@lru_cache(maxsize=65536)
def address(value: str | None) -> str | None:
    """Return an IPv4 or IPv6 address in its usual form, without the interface of a link-local one."""
    try:
        return str(ip_address((value or "").partition("%")[0]))
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def ipv4_address(value: str | None) -> str | None:
    """Return an IPv4 address in its usual form."""
    try:
        return str(IPv4Address(value or ""))
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def ipv6_prefix(value: str | None) -> str | None:
    """Return an IPv6 prefix, without the bits after its length (PostgreSQL's cidr takes none)."""
    try:
        return str(IPv6Network((value or "").replace("%", " "), strict=False))
    except ValueError:
        return None
