"""Juniper MX and E Series (ERX, PEN 4874). Source: Juniper's "Subscriber Service Activation", VSA 26-65.

* A speed is a service: `ERX-Service-Activate:1 += "svc(50m,10m)"`. **Assumption, for the operator to fulfil**: the
  router has a dynamic profile `svc` with two variables, the download and then the upload rate. k = 1000,
  m = 1,000,000; no rounding, a rate that is not a whole k is written in bit/s.
* With a profile, the service is the profile as it is named (it may have parameters in brackets). Where upload has a
  name of its own it is a second service, under tag 2.
* Tagged, and `+=`: of two tags with `:=` FreeRADIUS keeps the last.
* A CoA deactivates the old service, by its full name, and activates the new one, in one packet.
* Bursts are the dynamic profile's business; they are not sent.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor

SERVICE = "svc"


def speed(tier: Speed) -> Pairs:
    """One service with both rates, or the services of the profile."""
    profiles = pairs.find_profiles(tier)
    if not profiles:
        rates = f"{_write(tier.download_bps)},{_write(tier.upload_bps)}"
        return (pairs.add("ERX-Service-Activate:1", f"{SERVICE}({rates})"),)
    services = dict.fromkeys(profiles)  # one where both directions have the same
    return tuple(pairs.add(f"ERX-Service-Activate:{tag}", name) for tag, name in enumerate(services, start=1))


def _write(bps: int) -> str:
    return pairs.to_suffixed(bps, "k", "m")


def garden(walls: Garden) -> Pairs:
    """A pool, or a firewall filter by Filter-Id."""
    return pairs.build_garden(walls)


def ipv6_pool(name: str) -> Pairs:
    """ERX-IPv6-NdRa-Pool-Name: the prefixes of router advertisements."""
    return (pairs.put("ERX-IPv6-NdRa-Pool-Name", name),)


def delegated_ipv6_pool(name: str) -> Pairs:
    """ERX-IPv6-Delegated-Pool-Name: the prefixes of DHCPv6-PD."""
    return (pairs.put("ERX-IPv6-Delegated-Pool-Name", name),)


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """Services that end, then services that begin; a filter takes another login."""
    ended = [pair.value for pair in before if pair not in after]
    begun = tuple(pair for pair in after if pair not in before)
    kept = {pair.name for pair in (*before, *after) if not pair.name.startswith("ERX-Service-Activate")}
    if any(pair.name in kept for pair in {*before} ^ {*after}):
        return None
    return (*(pairs.add("ERX-Service-Deactivate", name) for name in ended), *begun)


VENDOR = Vendor(
    name="juniper",
    label="Juniper MX / ERX",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=ipv6_pool,
    delegated_ipv6_pool=delegated_ipv6_pool,
    attributes=frozenset(
        {
            "ERX-Service-Activate",
            "Filter-Id",
            "Framed-Pool",
            "ERX-IPv6-NdRa-Pool-Name",
            "ERX-IPv6-Delegated-Pool-Name",
        }
    ),
    coa=coa,
)
