"""What the vendors' files share: pairs whose value is sure to parse, units, and the standard attributes.

A value that does not parse becomes 0 or vanishes inside FreeRADIUS, in an Accept, and a rate of 0 is "no limit" on most
routers. So nothing leaves here that is empty, too long, or that FreeRADIUS would read as something else.
"""

from policies.facts import Pair
from policies.speed import Garden, Speed, Unexpressible
from policies.vendors.vendor import Pairs

U32_MAX = 4_294_967_295
STANDARD = frozenset({"Filter-Id", "Framed-Pool", "Framed-IPv6-Pool", "Delegated-IPv6-Prefix-Pool"})
POOLS = STANDARD - {"Filter-Id"}


def put(name: str, value: str | int) -> Pair:
    """Build the pair that sets an attribute, once."""
    return Pair(name, ":=", _check_value(name, str(value)))


def add(name: str, value: str | int) -> Pair:
    """Build one pair of several with the same name: anything but `+=` would keep only one of them."""
    return Pair(name, "+=", _check_value(name, str(value)))


def _check_value(name: str, value: str) -> str:
    """Give the value back where it fits an attribute of text; a backslash would start an escape in FreeRADIUS."""
    if not value or not value.isprintable() or "\\" in value:
        raise Unexpressible(f"{value[:20]!r} cannot be sent in {name}; use printable characters without backslash")
    if len(value.encode()) > _count_octets(name):
        raise Unexpressible(f"{value[:20]!r}... is too long for {name}, which holds {_count_octets(name)} octets")
    return value


def _count_octets(name: str) -> int:
    """255 minus type and length; for a vendor's also minus its number, type and length; a tag takes one more."""
    return 253 if name in STANDARD else 246 if ":" in name else 247


def check_u32(value: int, *, unit: str, hint: str) -> int:
    """Give the value back where it is 1 to 2³²-1: 0 would mean no limit, more would not fit or would wrap round."""
    if not 0 < value <= U32_MAX:
        raise Unexpressible(f"{value} {unit} does not fit a 32-bit attribute; {hint}")
    return value


def to_kbps(bps: int) -> int:
    """Turn bit/s into kbit/s, rounded down so that no more is given than sold, but never to 0, which is "no limit"."""
    if bps <= 0:
        raise Unexpressible(f"{bps} bit/s is not a speed; 0 would mean no limit")
    return max(bps // 1000, 1)


def to_suffixed(bps: int, kilo: str, mega: str) -> str:
    """Write bit/s with the largest suffix that loses nothing: `50M`, `2500k`, `1500001`."""
    if bps <= 0:
        raise Unexpressible(f"{bps} bit/s is not a speed; 0 would mean no limit")
    for divisor, suffix in ((1_000_000, mega), (1000, kilo)):
        if bps % divisor == 0:
            return f"{bps // divisor}{suffix}"
    return str(bps)


def choose_burst(burst_bps: int | None, rate_bps: int) -> int | None:
    """Give the burst rate where it is one: none, or one not above the rate itself, is no burst."""
    return burst_bps if burst_bps is not None and burst_bps > rate_bps else None


def find_profiles(speed: Speed) -> tuple[str, str] | None:
    """Give the names of the download and the upload profile, or None where the tier has none for this vendor."""
    match speed.download_profile, speed.upload_profile:
        case None, None:
            return None
        case str(download), str(upload):
            return download, upload
    raise Unexpressible("a profile for one direction only; give the package a download and an upload profile")


def build_garden(garden: Garden, *, profile: str | None = "Filter-Id", redirect_url: str | None = None) -> Pairs:
    """Say what of the garden has an attribute; the arguments are the names of the attributes, None for none.

    Raises Unexpressible where nothing has: a garden without walls would be free access.
    """
    wishes = (("Framed-Pool", garden.pool), (profile, garden.profile), (redirect_url, garden.redirect_url))
    pairs = tuple(put(name, value) for name, value in wishes if name and value is not None)
    if not pairs:
        known = "a pool" + " or a profile" * bool(profile) + " or a redirect URL" * bool(redirect_url)
        raise Unexpressible(f"a walled garden without walls; on this vendor's routers it needs {known}")
    return pairs


def restate(before: Pairs, after: Pairs, changeable: frozenset[str]) -> Pairs | None:
    """Give the changeable attributes of `after`; None where another one changes, or one is to go away.

    Saying nothing of an attribute leaves it as it is, so none can be taken back.
    """
    changed = {pair.name for pair in after if pair not in before} | {pair.name for pair in before if pair not in after}
    if not changed <= changeable & {pair.name for pair in after}:
        return None
    return tuple(pair for pair in after if pair.name in changeable)


def ipv4_pool(name: str) -> Pairs:
    """RFC 2869 Framed-Pool."""
    return (put("Framed-Pool", name),)


def ipv6_pool(name: str) -> Pairs:
    """RFC 3162 Framed-IPv6-Pool."""
    return (put("Framed-IPv6-Pool", name),)


def delegated_ipv6_pool(name: str) -> Pairs:
    """RFC 6911 Delegated-IPv6-Prefix-Pool."""
    return (put("Delegated-IPv6-Prefix-Pool", name),)
