"""The attributes that carry a decision to a router.

Attributes come in layers, the later the stronger: the vendor's speed and pools, the package's own attributes, the
account's. `=` and `:=` put an attribute in the place of weaker ones of its name, `+=` adds one more.

`fixed` makes the part that is the same for everybody with the same package, treatment and router vendor, so the hook
keeps it; `varying` is the rest. In a walled garden nothing of the account's own is sent but its VLAN: a static address
or a further attribute would be a way around the walls.
"""

from collections.abc import Iterable

from policies.decide import Decision
from policies.facts import AccountExtras, Facts, Package, Pair
from policies.speed import Garden, Speed
from policies.vendors import VENDORS
from policies.vendors.vendor import Vendor

Plain = tuple[str, str, str]


def vendor_of(facts: Facts) -> Vendor:
    """The vendor of the asking router; one that this version does not know is spoken to in RFC attributes."""
    return VENDORS.get(facts.nas.vendor if facts.nas else "generic", VENDORS["generic"])


def fixed(decision: Decision, facts: Facts, is_ppp: bool) -> tuple[Plain, ...]:
    """Return the attributes of an accept, garden or throttle that do not change from request to request.

    Exact tuples of exact str: FreeRADIUS drops anything else without a word. Raises `Unexpressible` where the router's
    vendor cannot say the speed or the garden.
    """
    layers = _garden(decision, facts) if decision.outcome == "garden" else _access(decision, facts)
    return tuple((pair.name, pair.operator, pair.value) for pair in merged(_service(is_ppp), *layers))


def varying(session_timeout_seconds: int | None, interim_seconds: int, session_class: str) -> tuple[Plain, ...]:
    """Return what differs: when the session ends, when to report, and by what Class it is known (RFC 2865 5.25)."""
    interim = ("Acct-Interim-Interval", "=", str(interim_seconds))
    if session_timeout_seconds is None:
        return (interim, ("Class", "=", session_class))
    return (interim, ("Class", "=", session_class), ("Session-Timeout", "=", str(session_timeout_seconds)))


def rejection(decision: Decision, facts: Facts | None) -> tuple[Plain, ...]:
    """Return the attributes of a reject: the reason for people, where their group says so."""
    return tuple((pair.name, pair.operator, pair.value) for pair in _reply_message(decision, facts))


def speed(decision: Decision, package: Package, vendor: Vendor) -> Speed | None:
    """Return the tier to tell the router, None for none: burst and profiles belong to the package's own rates."""
    if decision.rates is not None:
        return Speed(*decision.rates)
    if decision.outcome == "garden" or package.download_bps is None or package.upload_bps is None:
        return None
    return Speed.of(package, package.profiles.get(vendor.name))


def merged(*layers: Iterable[Pair]) -> tuple[Pair, ...]:
    """Merge layers of attributes, the later the stronger."""
    result: list[Pair] = []
    for layer in map(tuple, layers):
        replaced = {pair.name for pair in layer if pair.operator != "+="}
        result = [pair for pair in result if pair.name not in replaced] + list(layer)
    return tuple(result)


def _access(decision: Decision, facts: Facts) -> Iterable[Iterable[Pair]]:
    package, extras = facts.package, facts.account.extras or AccountExtras()
    vendor = vendor_of(facts)
    return (
        _speed(decision, package, vendor),
        _pools(package, extras, vendor),
        () if package.idle_seconds is None else (Pair("Idle-Timeout", "=", str(package.idle_seconds)),),
        package.reply_attributes,
        _addresses(extras),
        _vlan(extras),
        extras.reply_attributes,
    )


def _garden(decision: Decision, facts: Facts) -> Iterable[Iterable[Pair]]:
    """Behind the walls: the group's pool, else the package's, as one needs some address to read why one is there."""
    group, package, vendor = facts.group, facts.package, vendor_of(facts)
    walls = vendor.garden(Garden(group.garden_pool, group.garden_profile, group.garden_redirect_url))
    needs_pool = group.garden_pool is None and package.ipv4_pool is not None
    return (
        _speed(decision, package, vendor),
        vendor.ipv4_pool(package.ipv4_pool) if needs_pool and package.ipv4_pool else (),
        _vlan(facts.account.extras or AccountExtras()),
        walls,
        _reply_message(decision, facts),
    )


def _service(is_ppp: bool) -> tuple[Pair, ...]:
    if not is_ppp:
        return ()
    return (Pair("Service-Type", "=", "Framed-User"), Pair("Framed-Protocol", "=", "PPP"))


def _speed(decision: Decision, package: Package, vendor: Vendor) -> tuple[Pair, ...]:
    tier = speed(decision, package, vendor)
    return () if tier is None else vendor.speed(tier)


def _pools(package: Package, extras: AccountExtras, vendor: Vendor) -> tuple[Pair, ...]:
    """Pools for what the account has no static address of."""
    pairs: tuple[Pair, ...] = ()
    if package.ipv4_pool and not extras.ipv4_address:
        pairs += vendor.ipv4_pool(package.ipv4_pool)
    if package.ipv6_pool and not extras.ipv6_prefix:
        pairs += vendor.ipv6_pool(package.ipv6_pool)
    if package.delegated_ipv6_pool and not extras.delegated_ipv6_prefix:
        pairs += vendor.delegated_ipv6_pool(package.delegated_ipv6_pool)
    return pairs


def _addresses(extras: AccountExtras) -> tuple[Pair, ...]:
    """Static addresses (RFC 2865 5.8, 5.9; RFC 3162 2.3; RFC 4818 3) and routes (RFC 2865 5.22)."""
    static = (
        ("Framed-IP-Address", extras.ipv4_address),
        ("Framed-IP-Netmask", extras.ipv4_netmask),
        ("Framed-IPv6-Prefix", extras.ipv6_prefix),
        ("Delegated-IPv6-Prefix", extras.delegated_ipv6_prefix),
    )
    addresses = tuple(Pair(name, "=", value) for name, value in static if value is not None)
    return addresses + tuple(Pair("Framed-Route", "+=", route) for route in extras.routes)


def _vlan(extras: AccountExtras) -> tuple[Pair, ...]:
    """The VLAN, as RFC 3580 3.31 has it."""
    if extras.vlan_id is None:
        return ()
    return (
        Pair("Tunnel-Type", "=", "VLAN"),
        Pair("Tunnel-Medium-Type", "=", "IEEE-802"),
        Pair("Tunnel-Private-Group-Id", "=", str(extras.vlan_id)),
    )


def _reply_message(decision: Decision, facts: Facts | None) -> tuple[Pair, ...]:
    if facts is None or not facts.group.sends_reply_message:
        return ()
    return (Pair("Reply-Message", "=", decision.reason.message),)
