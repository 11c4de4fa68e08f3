"""MikroTik RouterOS (PEN 14988). Source: MikroTik's manual "RADIUS Client", Mikrotik-Rate-Limit.

`rx/tx [rx-burst/tx-burst [rx-threshold/tx-threshold [rx-time/tx-time [priority]]]]`, bit/s, k = 1000, M = 1,000,000.

* rx and tx are the router's: **rx is what the client uploads**, so upload comes first.
* No rounding: a rate that is not a whole k is written in bit/s.
* What the manual fills in itself is written out, so that the packet says what happens: missing thresholds are the
  rates, a missing burst time is 1 s. A direction without burst is 0: RouterOS's "no burst".
* The priority's place is after the bursts, so a priority alone is sent with bursts of 0.
* Rate-Limit beats the Ascend-* and WISPr attributes; none of them is sent.
* A CoA may change Mikrotik-Rate-Limit and Mikrotik-Group, says the manual (AAA, "Change of Authorization"), not pools
  or routes; of address lists it says nothing, so a walled garden takes another login. A group cannot take the place of
  a rate limit, which would stay.
* With a profile Mikrotik-Group is sent *instead* of the rate: Rate-Limit would override the PPP or hotspot profile. It
  is one profile for both directions: the download profile's name; the upload profile's is not sent.
"""

from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor

NO_BURST = ("0", "0", "0")
_LIVE = frozenset({"Mikrotik-Rate-Limit", "Mikrotik-Group"})


def speed(tier: Speed) -> Pairs:
    """Mikrotik-Rate-Limit, or Mikrotik-Group where the tier has a profile."""
    profiles = pairs.find_profiles(tier)
    if profiles:
        return (pairs.put("Mikrotik-Group", profiles[0]),)
    return (pairs.put("Mikrotik-Rate-Limit", _write_rate_limit(tier)),)


def _write_rate_limit(tier: Speed) -> str:
    words = [f"{_write(tier.upload_bps)}/{_write(tier.download_bps)}"]
    rx = _write_burst(tier, tier.burst_upload_bps, tier.upload_bps, tier.burst_threshold_upload_bps)
    tx = _write_burst(tier, tier.burst_download_bps, tier.download_bps, tier.burst_threshold_download_bps)
    if (rx, tx) != (NO_BURST, NO_BURST) or tier.priority is not None:
        words += [f"{upload}/{download}" for upload, download in zip(rx, tx, strict=True)]
    if tier.priority is not None:
        words.append(_write_priority(tier.priority))
    return " ".join(words)


def _write_burst(tier: Speed, burst_bps: int | None, rate_bps: int, threshold_bps: int | None) -> tuple[str, str, str]:
    """Burst rate, threshold and seconds of one direction."""
    burst = pairs.choose_burst(burst_bps, rate_bps)
    if burst is None:
        return NO_BURST
    seconds = 1 if tier.burst_seconds is None else tier.burst_seconds
    if seconds < 1:
        raise Unexpressible(f"a burst of {seconds} seconds; it takes at least 1")
    return _write(burst), _write(rate_bps if threshold_bps is None else threshold_bps), str(seconds)


def _write(bps: int) -> str:
    return pairs.to_suffixed(bps, "k", "M")


def _write_priority(priority: int) -> str:
    if not 1 <= priority <= 8:
        raise Unexpressible(f"priority {priority}; RouterOS knows 1 (first) to 8 (last)")
    return str(priority)


def garden(walls: Garden) -> Pairs:
    """An address list that the firewall redirects or blocks, or a pool; RouterOS has no attribute for a page."""
    return pairs.build_garden(walls, profile="Mikrotik-Address-List")


def delegated_ipv6_pool(name: str) -> Pairs:
    """Mikrotik-Delegated-IPv6-Pool: the pool that DHCPv6-PD on the PPP interface hands out."""
    return (pairs.put("Mikrotik-Delegated-IPv6-Pool", name),)


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """The rate limit or the group."""
    return pairs.restate(before, after, _LIVE)


VENDOR = Vendor(
    name="mikrotik",
    label="MikroTik RouterOS",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=delegated_ipv6_pool,
    attributes=frozenset(
        {
            "Mikrotik-Rate-Limit",
            "Mikrotik-Group",
            "Mikrotik-Address-List",
            "Framed-Pool",
            "Framed-IPv6-Pool",
            "Mikrotik-Delegated-IPv6-Pool",
        }
    ),
    coa=coa,
)
