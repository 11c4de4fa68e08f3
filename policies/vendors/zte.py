"""ZTE M6000 and others (PEN 3902). Source: FreeRADIUS's dictionary.zte and what is quoted of ZTE's manuals.

* ZTE-Rate-Ctrl-SCR-Down and -Up, integers. **Assumption: kbit/s**, from ZTE manuals, not confirmed in an official page;
  other products send bit/s here. If that is right, customers get a thousandth, which shows at once, and not a
  thousandfold, which would not. Rounded down, at least 1.
* With a profile ZTE-QoS-Profile-Down and ZTE-QOS-Profile-Up are sent instead. Mind the spelling: QoS down, QOS up.
* The burst attributes are left out: their unit is even less sure. So are the *-v6 ones: whether they limit IPv6 apart
  from IPv4 is unknown, and twice the speed is worse than one speed for both.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """The two profiles, or the two rates."""
    profiles = pairs.find_profiles(tier)
    if profiles:
        download, upload = profiles
        return (pairs.put("ZTE-QoS-Profile-Down", download), pairs.put("ZTE-QOS-Profile-Up", upload))
    return (
        pairs.put("ZTE-Rate-Ctrl-SCR-Down", _check(tier.download_bps)),
        pairs.put("ZTE-Rate-Ctrl-SCR-Up", _check(tier.upload_bps)),
    )


def _check(bps: int) -> int:
    return pairs.check_u32(pairs.to_kbps(bps), unit="kbit/s", hint="give the package a profile for zte")


def garden(walls: Garden) -> Pairs:
    """A pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls)


VENDOR = Vendor(
    name="zte",
    label="ZTE",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD
    | {"ZTE-Rate-Ctrl-SCR-Down", "ZTE-Rate-Ctrl-SCR-Up", "ZTE-QoS-Profile-Down", "ZTE-QOS-Profile-Up"},
)
