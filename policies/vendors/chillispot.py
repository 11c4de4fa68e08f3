"""ChilliSpot and CoovaChilli (PEN 14559). Source: coova-chilli's chilli.c, which multiplies by 1000.

* ChilliSpot-Bandwidth-Max-Up and -Down in **kbit/s**, u32, rounded down, at least 1.
* CoovaChilli takes the WISPr rates too, in bit/s; one of the two is enough, and these come first.
* A CoA changes the rates (chilli.c, cb_radius_coa_ind); it has to name the user.
* There is no profile, no burst and no page of its own: the walled garden is a pool, or Filter-Id.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """The two rates."""
    return (
        pairs.put("ChilliSpot-Bandwidth-Max-Up", _check(tier.upload_bps)),
        pairs.put("ChilliSpot-Bandwidth-Max-Down", _check(tier.download_bps)),
    )


def _check(bps: int) -> int:
    hint = "ChilliSpot cannot say it, sell less on this router"
    return pairs.check_u32(pairs.to_kbps(bps), unit="kbit/s", hint=hint)


def garden(walls: Garden) -> Pairs:
    """A pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls)


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """The two rates."""
    return pairs.restate(before, after, frozenset({"ChilliSpot-Bandwidth-Max-Up", "ChilliSpot-Bandwidth-Max-Down"}))


VENDOR = Vendor(
    name="chillispot",
    label="ChilliSpot / CoovaChilli",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD | {"ChilliSpot-Bandwidth-Max-Up", "ChilliSpot-Bandwidth-Max-Down"},
    coa=coa,
)
