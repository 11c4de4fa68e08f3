"""Ericsson SmartEdge, formerly Redback (PEN 2352; FreeRADIUS's names have no prefix). Source: SmartEdge RADIUS guide.

* A speed is best a pair of profiles on the router: Qos-Policing-Profile-Name polices what comes in, the customer's
  upload; Qos-Metering-Profile-Name meters what goes out, the download.
* Without a profile: QOS-Rate-Inbound (upload) and QOS-Rate-Outbound (download), text in the syntax of the policy's
  `rate`. **Assumption**: that is kbit/s; it is not confirmed by an official page we could read. Rounded down, at least
  1. The bursts stay the policy's.
* A CoA changes profiles and rates. Redirection takes another login, as no attribute says that it has ended.
"""

from policies.speed import Garden, Speed
from policies.vendors import pairs
from policies.vendors.vendor import Pairs, Vendor


def speed(tier: Speed) -> Pairs:
    """The two profiles, or the two rates."""
    profiles = pairs.find_profiles(tier)
    if profiles:
        download, upload = profiles
        return (pairs.put("Qos-Policing-Profile-Name", upload), pairs.put("Qos-Metering-Profile-Name", download))
    return (
        pairs.put("QOS-Rate-Inbound", pairs.to_kbps(tier.upload_bps)),
        pairs.put("QOS-Rate-Outbound", pairs.to_kbps(tier.download_bps)),
    )


def garden(walls: Garden) -> Pairs:
    """A profile for redirection, a page, or a pool."""
    return pairs.build_garden(walls, profile="HTTP-Redirect-Profile-Name", redirect_url="HTTP-Redirect-URL")


_LIVE = frozenset({"Qos-Policing-Profile-Name", "Qos-Metering-Profile-Name", "QOS-Rate-Inbound", "QOS-Rate-Outbound"})


def coa(before: Pairs, after: Pairs) -> Pairs | None:
    """The two profiles, or the two rates."""
    return pairs.restate(before, after, _LIVE)


VENDOR = Vendor(
    name="ericsson",
    label="Ericsson SmartEdge (Redback)",
    speed=speed,
    garden=garden,
    ipv4_pool=pairs.ipv4_pool,
    ipv6_pool=pairs.ipv6_pool,
    delegated_ipv6_pool=pairs.delegated_ipv6_pool,
    attributes=pairs.POOLS
    | {
        "Qos-Policing-Profile-Name",
        "Qos-Metering-Profile-Name",
        "QOS-Rate-Inbound",
        "QOS-Rate-Outbound",
        "HTTP-Redirect-Profile-Name",
        "HTTP-Redirect-URL",
    },
    coa=coa,
)
