"""Hotspots and access points that follow WISPr (PEN 14122). Source: Wi-Fi Alliance, "Best Current Practices for WISP
Roaming" 1.0, section on attributes.

* WISPr-Bandwidth-Max-Up and -Down in **bit/s**, u32: above 4,294,967,295 bit/s nothing can say it. No rounding.
* There is no profile and no burst; both are left out.
* WISPr-Redirection-URL is the page shown after a login. It walls nobody in by itself: the access point has to.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """The two rates; also what Ubiquiti's access points take."""
    return (
        pairs.put("WISPr-Bandwidth-Max-Up", _check(tier.upload_bps)),
        pairs.put("WISPr-Bandwidth-Max-Down", _check(tier.download_bps)),
    )


def _check(bps: int) -> int:
    return pairs.check_u32(bps, unit="bit/s", hint="WISPr cannot say it, sell at most 4294967295 bit/s on this router")


def garden(walls: Garden) -> Pairs:
    """A page, a pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls, redirect_url="WISPr-Redirection-URL")


VENDOR = Vendor(
    name="wispr",
    label="WISPr hotspot",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD | {"WISPr-Bandwidth-Max-Up", "WISPr-Bandwidth-Max-Down", "WISPr-Redirection-URL"},
)
