"""Nokia 7750 SR (formerly Alcatel-Lucent, PEN 6527). Source: "7750 SR RADIUS Attributes Reference Guide", 26-6527-126.

* Alc-Subscriber-QoS-Override, in **kbit/s**, rounded down, at least 1: `i:q:1:pir=` is the customer's upload (ingress),
  `e:r:rate=` the download (egress aggregate rate). At most 18 in a reply, each with `+=`.
* **Assumption**: ingress queue 1 carries the customer's upload, as in the guide's example; the CIR stays the SLA
  profile's. -1 would be "no limit" and is never written.
* An override changes the numbers of the router's default SLA profile. With a profile Alc-SLA-Prof-Str is sent instead,
  one for both directions: the download profile's name; the upload profile's is not sent.
* A CoA changes the overrides, or the SLA profile; an override that was given cannot be taken back.
* The walled garden is a filter for one-time redirection, written `Ingr-v4:<number>`. It redirects **once**: give the
  garden a pool as well where customers are to stay in.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """One override for each direction, or the SLA profile."""
    profiles = pairs.find_profiles(tier)
    if profiles:
        return (pairs.put("Alc-SLA-Prof-Str", profiles[0]),)
    return (
        pairs.add("Alc-Subscriber-QoS-Override", f"i:q:1:pir={pairs.to_kbps(tier.upload_bps)}"),
        pairs.add("Alc-Subscriber-QoS-Override", f"e:r:rate={pairs.to_kbps(tier.download_bps)}"),
    )


def garden(walls: Garden) -> Pairs:
    """A filter that redirects, or a pool; the page itself is in the filter."""
    return pairs.build_garden(walls, profile="Alc-Onetime-Http-Redirection-Filter-Id")


def ipv6_pool(name: str) -> Pairs:
    """Alc-SLAAC-IPv6-Pool: the prefixes of router advertisements."""
    return (pairs.put("Alc-SLAAC-IPv6-Pool", name),)


def delegated_ipv6_pool(name: str) -> Pairs:
    """Alc-Delegated-IPv6-Pool: the prefixes of DHCPv6-PD."""
    return (pairs.put("Alc-Delegated-IPv6-Pool", name),)


_LIVE = frozenset({"Alc-Subscriber-QoS-Override", "Alc-SLA-Prof-Str"})


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """The overrides or the SLA profile."""
    return pairs.restate(before, after, _LIVE)


VENDOR = Vendor(
    name="nokia",
    label="Nokia SR",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=ipv6_pool,
    delegated_ipv6_pool=delegated_ipv6_pool,
    attributes=frozenset(
        {
            "Alc-Subscriber-QoS-Override",
            "Alc-SLA-Prof-Str",
            "Alc-Onetime-Http-Redirection-Filter-Id",
            "Framed-Pool",
            "Alc-SLAAC-IPv6-Pool",
            "Alc-Delegated-IPv6-Pool",
        }
    ),
    coa=coa,
)
