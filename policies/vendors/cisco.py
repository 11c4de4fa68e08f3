"""Cisco IOS and IOS XE as BRAS (PEN 9). Source: Cisco's "ISG RADIUS Interface" and "Per-Session QoS" guides.

* A speed is the name of a policy-map on the router: `ip:sub-qos-policy-in=` polices what enters the router, the
  customer's upload; `ip:sub-qos-policy-out=` the download. So a tier needs a profile for cisco; numbers alone are
  refused. `lcp:interface-config=rate-limit ...` could carry numbers but forces a full virtual-access interface per
  session, which hurts scaling, and is not used.
* Several Cisco-AVPair in one reply need `+=`, also the pool's: `=` and `:=` would keep one of them.
* A CoA puts other policy-maps in the place of the session's ("Per-Session QoS", RADIUS CoA); anything else takes
  another login.
* A walled garden is a pool; Filter-Id names an access list that may not exist, which IOS treats as "permit all".
"""

from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """Two policy-maps, one for each direction."""
    profiles = pairs.find_profiles(tier)
    if not profiles:
        raise Unexpressible("Cisco's speeds are policy-maps by name; give the package a profile for cisco")
    download, upload = profiles
    return (
        pairs.add("Cisco-AVPair", f"ip:sub-qos-policy-in={_check_name(upload)}"),
        pairs.add("Cisco-AVPair", f"ip:sub-qos-policy-out={_check_name(download)}"),
    )


def _check_name(name: str) -> str:
    if not name:
        raise Unexpressible("an empty name of a policy-map or pool")
    return name


def garden(walls: Garden) -> Pairs:
    """A pool whose addresses the network lets nowhere else."""
    if walls.pool is None:
        raise Unexpressible("a walled garden without walls; on this vendor's routers it needs a pool")
    return ipv4_pool(walls.pool)


def ipv4_pool(name: str) -> Pairs:
    """`ip:addr-pool=`, a local pool's name."""
    return (pairs.add("Cisco-AVPair", f"ip:addr-pool={_check_name(name)}"),)


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """The policy-maps of both directions."""
    named = tuple(pair for pair in after if pair.value.startswith("ip:sub-qos-policy-"))
    kept = [pair for pair in before if not pair.value.startswith("ip:sub-qos-policy-")]
    return named if named and kept == [pair for pair in after if pair not in named] else None


VENDOR = Vendor(
    name="cisco",
    label="Cisco IOS / IOS XE",
    speed=speed,
    garden=garden,
    ipv4_pool=ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=frozenset({"Cisco-AVPair", "Framed-IPv6-Pool", "Delegated-IPv6-Prefix-Pool"}),
    coa=coa,
)
