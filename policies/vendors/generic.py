"""Any other router: standard attributes only (RFC 2865, 2869, 3162, 6911).

* No standard attribute sets a speed, so numbers are not sent: **the router has to limit by itself**. A profile goes out
  as Filter-Id, one for both directions: the download profile's name; the upload profile's is not sent.
* The walled garden is a pool, or Filter-Id, which then takes the place of the speed's.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """Filter-Id where the tier has a profile, else nothing."""
    profiles = pairs.find_profiles(tier)
    return (pairs.put("Filter-Id", profiles[0]),) if profiles else ()


def garden(walls: Garden) -> Pairs:
    """A pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls)


VENDOR = Vendor(
    name="generic",
    label="Any other router",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD,
)
