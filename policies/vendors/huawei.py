"""Huawei NE40E, ME60, NetEngine 8000 (PEN 2011). Source: Huawei's "Appendix: RADIUS Attributes", HW-* 2, 3, 5, 6, 31.

* Average (CIR) and peak (PIR) in **bit/s**, u32: above 4,294,967,295 bit/s only a QoS profile can say it. No rounding.
* Input is the customer's upload, output the download.
* All four are always sent: a CoA that lowers only the CIR "did not take effect" (ETC0001084741). The peak is the burst
  rate, or the rate.
* A CoA changes the four rates, always said together, or the QoS profile. Domain and page take another login.
* Huawei-Qos-Profile-Name is one profile for both directions: the download profile's name; the upload profile's is not
  sent. The router lower-cases it by default, and by default a name it does not know takes the user offline.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """CIR and PIR of both directions, or the QoS profile."""
    profiles = pairs.find_profiles(tier)
    if profiles:
        return (pairs.put("Huawei-Qos-Profile-Name", profiles[0]),)
    return _write_direction("Input", tier.upload_bps, tier.burst_upload_bps) + _write_direction(
        "Output", tier.download_bps, tier.burst_download_bps
    )


def _write_direction(direction: str, rate_bps: int, burst_bps: int | None) -> Pairs:
    peak_bps = pairs.choose_burst(burst_bps, rate_bps) or rate_bps
    return (
        pairs.put(f"Huawei-{direction}-Average-Rate", _check(rate_bps)),
        pairs.put(f"Huawei-{direction}-Peak-Rate", _check(peak_bps)),
    )


def _check(bps: int) -> int:
    return pairs.check_u32(bps, unit="bit/s", hint="give the package a profile for huawei, the name of a QoS profile")


def garden(walls: Garden) -> Pairs:
    """A domain of the router, a page, or a pool."""
    return pairs.build_garden(walls, profile="Huawei-Domain-Name", redirect_url="Huawei-HTTP-Redirect-URL")


def delegated_ipv6_pool(name: str) -> Pairs:
    """Huawei-Delegated-IPv6-Prefix-Pool."""
    return (pairs.put("Huawei-Delegated-IPv6-Prefix-Pool", name),)


_LIVE = frozenset(
    {
        "Huawei-Input-Average-Rate",
        "Huawei-Input-Peak-Rate",
        "Huawei-Output-Average-Rate",
        "Huawei-Output-Peak-Rate",
        "Huawei-Qos-Profile-Name",
    }
)


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """All four rates, or the profile."""
    return pairs.restate(before, after, _LIVE)


VENDOR = Vendor(
    name="huawei",
    label="Huawei NE / ME",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=delegated_ipv6_pool,
    attributes=frozenset(
        {
            "Huawei-Input-Average-Rate",
            "Huawei-Input-Peak-Rate",
            "Huawei-Output-Average-Rate",
            "Huawei-Output-Peak-Rate",
            "Huawei-Qos-Profile-Name",
            "Huawei-Domain-Name",
            "Huawei-HTTP-Redirect-URL",
            "Framed-Pool",
            "Framed-IPv6-Pool",
            "Huawei-Delegated-IPv6-Prefix-Pool",
        }
    ),
    coa=coa,
)
