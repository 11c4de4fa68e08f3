"""The ways in which one and the same thing is written: what an operator types, what a router or a form said. Pure.

Where text is matched in SQL, it is by ranges or LIKE on what these return; nothing here knows of tables.
"""

import ipaddress

SHORTEST_PREFIX = 16  # bits of IPv6; no provider is given, or gives, more addresses than that
_SUBSCRIBER_DIGITS = 9  # at the end of a phone number: the country's and the trunk's prefix are written in many ways

# the ways in which routers write a MAC: between how many digits there is what
_GROUPINGS = ((2, ":"), (2, "-"), (4, "."), (4, "-"), (4, ":"), (6, "-"), (12, ""))


def containing(word: str) -> str:
    """Return a pattern for LIKE of what has this anywhere in it; its own wildcards are plain characters."""
    for special in "\\%_":
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


def words(text: str) -> list[str]:
    """Return the patterns for LIKE of all words of a text, in lower case."""
    return [containing(word) for word in text.lower().split()]


def phone_digits(text: str) -> str:
    """Return what a phone number ends in, however it is written: `+27 (82) 555-1234` and `0825551234` end alike."""
    digits = "".join(character for character in text if character in "0123456789").lstrip("0")
    return digits[-_SUBSCRIBER_DIGITS:]


def mac_ways(mac: str) -> list[str]:
    """Return the ways in which routers write a MAC, given as aa:bb:cc:dd:ee:ff; more may follow (`:ssid`)."""
    digits = mac.replace(":", "")
    ways = [sign.join(digits[at : at + size] for at in range(0, 12, size)) for size, sign in _GROUPINGS]
    return [*ways, *(way.upper() for way in ways if way != way.upper())]


def end_of_prefix(prefix: str) -> str:
    """Return the least text, by octets, that is behind all that begin with this one."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def networks_around(ip: str) -> list[str]:
    """Return the networks that an address or a network can be in, itself among them: of IPv6 none above a /16."""
    network = ipaddress.ip_network(ip, strict=False)
    shortest = min(SHORTEST_PREFIX if network.version == 6 else 1, network.prefixlen)
    return [str(network.supernet(new_prefix=bits)) for bits in range(shortest, network.prefixlen + 1)]
