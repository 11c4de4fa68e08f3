"""Ubiquiti routers and access points. Source: docs.splynx.com radius_speed_limits: "WISPr-Bandwidth-Max-Down for ...
Ubiquiti routers".

* No Ubiquiti dictionary has attributes for speed; the WISPr ones are used, in **bit/s**, u32 (see wispr.py).
* No page for the walled garden: a pool, or Filter-Id.
"""

from policies.speed import Garden
from policies.vendors import pairs, wispr
from policies.vendors.vendor import Pairs, Vendor


def garden(walls: Garden) -> Pairs:
    """A pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls)


VENDOR = Vendor(
    name="ubiquiti",
    label="Ubiquiti",
    speed=wispr.speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD | {"WISPr-Bandwidth-Max-Up", "WISPr-Bandwidth-Max-Down"},
)
