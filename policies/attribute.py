"""Whether an attribute somebody typed can be sent in a reply: asked when it is entered, not when it is too late.

FreeRADIUS drops an unknown name without a word, and up to 3.2.7 makes of a value that does not parse a Session-Timeout
of 0 or a Framed-IP-Address of 0.0.0.0, in an Accept. So what passes here parses there; the other way round this is
stricter: no host names, no masks with dots, no dates in words, no backslash (FreeRADIUS reads escapes in every value).

Source: FreeRADIUS 3.2.1, src/lib/value.c (value_data_from_str) and src/lib/radius.c (vp2data_any).
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from policies.dictionary import AttributeType, Dictionary

OPERATORS = ("=", ":=", "+=")

# RFC 2865, 2869: set by FreeRADIUS or by Tollkeeper: State, Class, Session-Timeout (or an operator's could outlast an
# expiry: packages have limits of their own), Proxy-State, EAP-Message, Message-Authenticator, Acct-Interim-Interval.
OWNED = frozenset({24, 25, 27, 33, 79, 80, 85})

# RFC 2865 5.44, RFC 2866 5.13, RFC 2869 5.19: a router says these, nobody says them to a router.
REQUEST_ONLY = frozenset({2, 3, 4, 5, 30, 31, 32, *range(40, 54), 55, 60, 61, 77, 87})

DHCP = 54  # FreeRADIUS's number for what is no RADIUS at all

LIMITS = {
    "byte": (0, 2**8 - 1),
    "short": (0, 2**16 - 1),
    "integer": (0, 2**32 - 1),
    "signed": (-(2**31), 2**31 - 1),
    "integer64": (0, 2**64 - 1),
    "date": (0, 2**32 - 1),
}


class InvalidAttribute(ValueError):
    """this attribute cannot be sent in a reply"""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def check(dictionary: Dictionary, name: str, operator: str, value: str) -> None:
    """Raise InvalidAttribute, with the cause and a hint, unless FreeRADIUS can put this attribute into a reply.

    The name may end in a tag, `:0` to `:31`, where the attribute has tags (RFC 2868).
    """
    kind = _find(dictionary, name)
    _check_sendable(kind)
    if operator not in OPERATORS:
        raise InvalidAttribute(f"unknown operator {operator!r}", f"Use one of {', '.join(OPERATORS)}.")
    _check_value(kind, value)


def _find(dictionary: Dictionary, name: str) -> AttributeType:
    base, colon, tag = name.partition(":")
    kind = dictionary.find(base)
    if kind is None:
        hint = "FreeRADIUS knows it in none of its dictionaries; a vendor's may need an $INCLUDE in raddb/dictionary."
        raise InvalidAttribute(f"unknown attribute {base!r}", hint)
    if colon and not kind.has_tag:
        raise InvalidAttribute(f"attribute {kind.name} has no tags", f"Write {kind.name} without {colon}{tag}.")
    if colon and not (re.fullmatch("[0-9]{1,2}", tag) and int(tag) <= 31):
        raise InvalidAttribute(f"tag {tag!r} of {kind.name} is not 0 to 31", f"Write {kind.name}:1, for example.")
    return kind


def _check_sendable(kind: AttributeType) -> None:
    number = kind.oid[0]
    standard = kind.vendor == 0
    if (standard and number > 255) or kind.vendor == DHCP:
        raise InvalidAttribute(f"attribute {kind.name} never leaves FreeRADIUS", "It is for the server's own use.")
    if standard and number in OWNED:
        raise InvalidAttribute(f"attribute {kind.name} is set by the server", "Leave it to FreeRADIUS and Tollkeeper.")
    if kind.encrypt == 1 or (standard and number in REQUEST_ONLY):
        raise InvalidAttribute(f"attribute {kind.name} belongs in requests", "Only the router can send it.")
    if kind.type not in LIMITS and kind.type not in FORMS and kind.type not in ("string", "octets"):
        hint = "It is a container or a filter; use one of its sub-attributes, or another attribute, if there is one."
        raise InvalidAttribute(f"attribute {kind.name} of type {kind.type} cannot be set by value", hint)


def _check_value(kind: AttributeType, value: str) -> None:
    if kind.type in LIMITS:
        _check_number(kind, value)
    elif kind.type in FORMS:
        matches, hint = FORMS[kind.type]
        if not matches(value):
            raise InvalidAttribute(f"{value!r} is not a value of {kind.name} ({kind.type})", hint)
    elif kind.type == "octets":
        _check_octets(kind, value)
    else:
        _check_string(kind, value)


def _check_number(kind: AttributeType, value: str) -> None:
    """A number within the type's limits, or a name of one. A tag leaves an integer 24 bits (RFC 2868 3.1)."""
    low, high = LIMITS[kind.type]
    high = min(high, 2**24 - 1) if kind.has_tag else high
    number = int(value) if re.fullmatch("-?[0-9]{1,20}", value) else None
    if number is None and value.isascii():
        number = kind.values.get(value.lower())
    if number is None or not low <= number <= high:
        names = ", ".join(list(kind.values)[:5])
        hint = f"It takes a number from {low} to {high}" + (f", or a name such as {names}." if names else ".")
        raise InvalidAttribute(f"{value!r} is not a value of {kind.name} ({kind.type})", hint)


def _check_octets(kind: AttributeType, value: str) -> None:
    if not re.fullmatch("0x(?:[0-9a-fA-F]{2})+", value):
        hint = "Write octets in hexadecimal, two digits each: 0x01ff."
        raise InvalidAttribute(f"{value!r} is not a value of {kind.name} (octets)", hint)
    length = len(value) // 2 - 1
    if kind.size is not None and length != kind.size:
        raise InvalidAttribute(f"{length} octets for {kind.name}", f"It takes exactly {kind.size} octets.")
    _check_length(kind, length)


def _check_string(kind: AttributeType, value: str) -> None:
    if not value or re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", value):
        hint = "Write at least one character, and no control characters."
        raise InvalidAttribute(f"{value!r} is not a value of {kind.name} (string)", hint)
    if "\\" in value:
        hint = "FreeRADIUS would read it as the start of an escape; use a value without backslash."
        raise InvalidAttribute(f"backslash in the value of {kind.name}", hint)
    _check_length(kind, len(value.encode()))


def _check_length(kind: AttributeType, length: int) -> None:
    room = _count_room(kind)
    if length > room:
        raise InvalidAttribute(f"{length} octets for {kind.name}", f"It holds at most {room} octets.")


def _count_room(kind: AttributeType) -> int:
    """What fits on the wire; FreeRADIUS cuts the rest off. Encrypted ones hold less (radius.c: 128; Ascend's: 16)."""
    room = kind.room - kind.has_tag
    return {0: room, 3: 16}.get(kind.encrypt, 127)


def _is_address(value: str) -> bool:
    return _parses(IPv4Address, value)


def _is_prefix(value: str) -> bool:
    return bool(re.search(r"/[0-9]+\Z", value)) and _parses(IPv4Network, value)


def _is_ipv6_address(value: str) -> bool:
    return "%" not in value and _parses(IPv6Address, value)


def _is_ipv6_prefix(value: str) -> bool:
    return bool(re.search(r"/[0-9]+\Z", value)) and "%" not in value and _parses(IPv6Network, value)


def _parses(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "ipaddr": (_is_address, "Write an IPv4 address: 192.0.2.1."),
    "ipv4prefix": (_is_prefix, "Write an IPv4 network with its length, host bits 0: 192.0.2.0/24."),
    "ipv6addr": (_is_ipv6_address, "Write an IPv6 address: 2001:db8::1."),
    "ipv6prefix": (_is_ipv6_prefix, "Write an IPv6 prefix with its length, host bits 0: 2001:db8::/56."),
    "combo-ip": (
        lambda value: _is_address(value) or _is_ipv6_address(value),
        "Write an IPv4 or IPv6 address: 192.0.2.1 or 2001:db8::1.",
    ),
    "ifid": (
        lambda value: bool(re.fullmatch("(?:[0-9a-fA-F]{1,4}:){3}[0-9a-fA-F]{1,4}", value)),
        "Write an interface id: 1:2:3:4.",
    ),
    "ether": (
        lambda value: bool(re.fullmatch("(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", value)),
        "Write a MAC address: aa:bb:cc:dd:ee:ff.",
    ),
}
