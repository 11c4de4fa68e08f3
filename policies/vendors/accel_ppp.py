"""accel-ppp. Source: accel-pppd/shaper/shaper.c and docs.accel-ppp.org/configuration/shaper.html.

* Filter-Id `down/up` in **kbit/s**, rounded down, at least 1: the shaper's default. **Download comes first**, unlike
  MikroTik's. The shaper keeps it in a signed 32-bit number.
* The shaper goes through every Filter-Id and skips what is no rate. So a walled garden's filter may stand beside the
  speed (hence `+=`), but its name has to be a word: `10/x` or `k` would be taken for a speed.
* A CoA changes the shaper's rates (shaper.c, ev_radius_coa). Its attributes go to pppd_compat's ip-change script too,
  which has to follow the filter as ip-up does: so one gets into a walled garden, and out of it, without another login.
* There are no profiles; bursts are factors in accel-ppp.conf. Accel-VRF-Name is not in FreeRADIUS 3.2.1.
"""

import re

from policies.speed import Garden, Speed, Unexpressible
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor

KBPS_MAX = 2_147_483_647
FILTER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]+")


def speed(tier: Speed) -> Pairs:
    """One Filter-Id for both directions."""
    return (pairs.add("Filter-Id", f"{_write(tier.download_bps)}/{_write(tier.upload_bps)}"),)


def _write(bps: int) -> int:
    kbps = pairs.to_kbps(bps)
    if kbps > KBPS_MAX:
        raise Unexpressible(f"{kbps} kbit/s does not fit accel-ppp's shaper; sell less on this router")
    return kbps


def garden(walls: Garden) -> Pairs:
    """A pool, or the name of a filter for the ip-up script."""
    if walls.profile is None:
        return pairs.build_garden(walls, profile=None)
    if not FILTER_NAME.fullmatch(walls.profile):
        raise Unexpressible(f"garden profile {walls.profile[:20]!r}; accel-ppp might take it for a speed, use a word")
    pools = () if walls.pool is None else pairs.ipv4_pool(walls.pool)
    return (*pools, pairs.add("Filter-Id", walls.profile))


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """Every Filter-Id that is to hold, of speed and walls; the shaper forgets a rate that is not said again."""
    return after if after and all(pair.name == "Filter-Id" for pair in (*before, *after)) else None


VENDOR = Vendor(
    name="accel_ppp",
    label="accel-ppp",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.STANDARD,
    coa=coa,
)
