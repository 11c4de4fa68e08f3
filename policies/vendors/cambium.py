"""Cambium ePMP (PEN 17713). Source: community.cambiumnetworks.com, "Configuring Maximum Information Rate (MIR) Profiles
on a RADIUS Server".

* Cambium-ePMP-Max-Burst-Uplink-Rate and -Downlink-Rate. **Assumption: kbit/s**, u32, rounded down, at least 1. On some
  firmware they are numbers of MIR profiles configured on the AP: check the AP.
* So a profile of the tier is such a number, and is sent instead of the rate, in the same attributes.
* cnPilot access points are not these: they follow WISPr (community.cambiumnetworks.com t/45059), see wispr.py.
* Cambium-Walled-Garden-State has no documented values; the walled garden is a pool, or Filter-Id.
"""

from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """The two rates, or the numbers of the two MIR profiles."""
    profiles = pairs.find_profiles(tier)
    if profiles:
        return _write(download=_read_number(profiles[0]), upload=_read_number(profiles[1]))
    return _write(download=pairs.to_kbps(tier.download_bps), upload=pairs.to_kbps(tier.upload_bps))


def _read_number(profile: str) -> int:
    if not profile.isascii() or not profile.isdecimal() or len(profile) > 10:
        raise Unexpressible(f"profile {profile[:20]!r}; Cambium's MIR profiles are numbers")
    return int(profile)


def _write(*, download: int, upload: int) -> Pairs:
    hint = "sell less on this router, or give the package a profile for cambium, the number of an MIR profile"
    return (
        pairs.put("Cambium-ePMP-Max-Burst-Uplink-Rate", pairs.check_u32(upload, unit="kbit/s", hint=hint)),
        pairs.put("Cambium-ePMP-Max-Burst-Downlink-Rate", pairs.check_u32(download, unit="kbit/s", hint=hint)),
    )


def garden(walls: Garden) -> Pairs:
    """A pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls)


VENDOR = Vendor(
    name="cambium",
    label="Cambium ePMP",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD | {"Cambium-ePMP-Max-Burst-Uplink-Rate", "Cambium-ePMP-Max-Burst-Downlink-Rate"},
)
