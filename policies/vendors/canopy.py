"""Motorola Canopy, now Cambium PMP 450 (PEN 161). Source: "PMP 450 Operations Guide" pmp-0049, table "RADIUS VSAs".

* ULBR and DLBR are the sustained rates in **kbit/s**, u32, rounded down, at least 1.
* ULBL and DLBL are the burst allocation: how many **kbit** may pass at full speed until the rate applies. It is sent
  with a burst only: what the burst rate gives beyond the rate in the burst's seconds (1 s where not said).
* The *CIR attributes are guarantees, which a speed tier is not; they are not sent. There are no profiles.
* dictionary.motorola says of itself that it is not included by default, for its conflict with Ascend; Debian's 3.2.1
  does include it. Check names against the installed files, and add the $INCLUDE to raddb/dictionary where it lacks.
"""

from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """Sustained rate of both directions, and burst allocation where there is a burst."""
    seconds = 1 if tier.burst_seconds is None else tier.burst_seconds
    return _write_direction("UL", tier.upload_bps, tier.burst_upload_bps, seconds) + _write_direction(
        "DL", tier.download_bps, tier.burst_download_bps, seconds
    )


def _write_direction(direction: str, rate_bps: int, burst_bps: int | None, seconds: int) -> Pairs:
    rate = pairs.put(f"Motorola-Canopy-{direction}BR", _check(pairs.to_kbps(rate_bps)))
    burst = pairs.choose_burst(burst_bps, rate_bps)
    if burst is None:
        return (rate,)
    if seconds < 1:
        raise Unexpressible(f"a burst of {seconds} seconds; it takes at least 1")
    allocation = pairs.to_kbps((burst - rate_bps) * seconds)
    return rate, pairs.put(f"Motorola-Canopy-{direction}BL", _check(allocation))


def _check(kbit: int) -> int:
    return pairs.check_u32(kbit, unit="kbit/s", hint="Canopy cannot say it, sell less on this router")


def garden(walls: Garden) -> Pairs:
    """A pool, or a filter by Filter-Id."""
    return pairs.build_garden(walls)


VENDOR = Vendor(
    name="canopy",
    label="Motorola Canopy / Cambium PMP",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD
    | {"Motorola-Canopy-ULBR", "Motorola-Canopy-ULBL", "Motorola-Canopy-DLBR", "Motorola-Canopy-DLBL"},
)
