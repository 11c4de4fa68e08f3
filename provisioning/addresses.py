"""IP addresses, prefixes and routes as operators type them, checked and in their usual writing. Pure."""

import ipaddress

from provisioning.errors import BadInput


def host(text: str) -> str:
    """Return the address of one host, IPv4 or IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as exc:
        raise BadInput(f"{text!r} is not an IP address", "Write it as 192.0.2.1 or 2001:db8::1.") from exc
    if "%" in text or address.is_multicast or address.is_unspecified:
        raise BadInput(f"{text!r} is not the address of a host", "Write it as 192.0.2.1 or 2001:db8::1.")
    return str(address)


def ipv4(text: str) -> str:
    """Return an IPv4 address of one host."""
    address = host(text)
    if ":" in address:
        raise BadInput(f"{text!r} is not an IPv4 address", "Write it as 192.0.2.10.")
    return address


def netmask(text: str) -> str:
    """Return a netmask, such as 255.255.255.248."""
    hint = "Write it as 255.255.255.255."
    try:
        mask = ipaddress.IPv4Address(text)
        ipaddress.IPv4Network(f"0.0.0.0/{mask}")
    except ValueError as exc:
        raise BadInput(f"{text!r} is not a netmask", hint) from exc
    bits = int(mask)
    if (bits | (bits - 1) if bits else 0) != 0xFFFFFFFF:  # ipaddress takes host masks too: RFC 2865 5.9 does not
        raise BadInput(f"{text!r} is not a netmask", hint)
    return str(mask)


def ipv6_prefix(text: str) -> str:
    """Return an IPv6 prefix without host bits, such as 2001:db8:1::/64."""
    try:
        if "/" not in text or "%" in text:
            raise ValueError(text)
        return str(ipaddress.IPv6Network(text))
    except ValueError as exc:
        raise BadInput(f"{text!r} is not an IPv6 prefix", "Write it as 2001:db8:1::/64, without host bits.") from exc


def route(text: str) -> str:
    """Return a Framed-Route of RFC 2865 5.22: prefix, then optionally gateway and metrics."""
    hint = "Write it as 198.51.100.0/24, or 198.51.100.0/24 192.0.2.1 1."
    words = text.split()
    try:
        network = ipaddress.IPv4Network(words[0])
        gateway = [str(ipaddress.IPv4Address(word)) for word in words[1:2]]
    except (ValueError, IndexError) as exc:
        raise BadInput(f"{text!r} is not a route", hint) from exc
    metrics = words[2:]
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in metrics) or len(metrics) > 5:
        raise BadInput(f"{text!r} is not a route", hint)
    return " ".join([str(network), *gateway, *metrics])
