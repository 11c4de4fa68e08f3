"""Whose a MAC or an IP address is: conditions that B-trees answer, under row-level security too.

LIKE and the operators of networks are not leakproof, so below row-level security no index answers them: ranges of text
and lists of networks do. `mac_values` and `ip_values` have what the statements take.
"""

import ipaddress
from typing import Any

from provisioning import addresses, writings
from provisioning.errors import BadInput

Values = dict[str, Any]

_WAYS = 14  # in which routers write a MAC, at most (writings.mac_ways)
_STATION = " OR ".join(
    f"calling_station_id ~>=~ %(station{n})s AND calling_station_id ~<~ %(behind{n})s" for n in range(_WAYS)
)
_NETWORKS = "(ipv6_prefix = ANY(%(around6)s::cidr[]) OR delegated_ipv6_prefix = ANY(%(around6)s::cidr[]))"

# of a session, open or closed
SESSION_BY_MAC = f"({_STATION})"
SESSION_BY_IP = f"(ipv4_address = %(ipv4)s::inet OR {_NETWORKS})"
# of an account: its static addresses; the networks that are routed to it are few accounts' and written as text
ACCOUNT_BY_IP = SESSION_BY_IP
ACCOUNT_BY_ROUTE = (
    "(routes <> '{}' AND EXISTS (SELECT FROM unnest(routes) AS r WHERE split_part(r, ' ', 1) = ANY(%(around)s)))"
)

# ruff: noqa: S608 - our own words, put together
ACCOUNTS_BY_MAC = f"""
    SELECT account_id FROM device WHERE mac = %(mac)s::macaddr
    UNION ALL SELECT account_id FROM session WHERE {SESSION_BY_MAC}
"""
ACCOUNTS_BY_IP = f"""
    SELECT id FROM account WHERE {ACCOUNT_BY_IP} UNION ALL SELECT id FROM account WHERE {ACCOUNT_BY_ROUTE}
    UNION ALL SELECT account_id FROM session WHERE {SESSION_BY_IP}
"""


def mac_values(mac: str) -> Values:
    """Return the values for a MAC, given as aa:bb:cc:dd:ee:ff."""
    ways = writings.mac_ways(mac)
    values: Values = {"mac": mac}
    for number in range(_WAYS):
        way = ways[min(number, len(ways) - 1)]
        values |= {f"station{number}": way, f"behind{number}": writings.end_of_prefix(way)}
    return values


def ip_values(ip: str) -> Values:
    """Return the values for an address, or for a network: who has all of it, or more."""
    around = writings.networks_around(ip)
    is_ipv4 = ipaddress.ip_network(ip, strict=False).version == 4
    single = {ip} if "/" not in ip else set()
    return {
        "ipv4": ip if is_ipv4 and single else None,
        "around": [*around, *single],
        "around6": [] if is_ipv4 else around,
    }


def parse(typed: str) -> str:
    """Return an address or a network, IPv4 or IPv6, in its usual writing; raise `BadInput`."""
    try:
        return str(ipaddress.ip_network(typed)) if "/" in typed and "%" not in typed else addresses.host(typed)
    except (ValueError, BadInput) as exc:
        hint = "Write it as 192.0.2.1, 198.51.100.0/24, 2001:db8::1 or 2001:db8:1::/56."
        raise BadInput(f"{typed!r} is not an IP address or network", hint) from exc
