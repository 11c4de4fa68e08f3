"""RtBrick RBFS (PEN 50058). Source: FreeRADIUS v3.2.x, dictionary.rtbrick, and RtBrick's "RBFS RADIUS Services Guide".

* **These names are not in FreeRADIUS 3.2.1**: there the speed would vanish from the reply without a word. Check
  `VENDOR.attributes` against the installed dictionaries before a NAS of this vendor is accepted.
* RtBrick-Service-Profile is one profile for both directions: the download profile's name; the upload's is not sent.
* RtBrick-QoS-Shaper and -Policer could carry numbers, but their text names shapers of the router's own configuration,
  and no official page with its format could be read; so a tier needs a profile.
"""

from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """The service profile."""
    profiles = pairs.find_profiles(tier)
    if not profiles:
        raise Unexpressible("RtBrick's speeds are service profiles by name; give the package a profile for rtbrick")
    return (pairs.put("RtBrick-Service-Profile", profiles[0]),)


def garden(walls: Garden) -> Pairs:
    """A page, a pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls, redirect_url="RtBrick-HTTP-Redirect-URL")


VENDOR = Vendor(
    name="rtbrick",
    label="RtBrick RBFS",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD | {"RtBrick-Service-Profile", "RtBrick-HTTP-Redirect-URL"},
)
