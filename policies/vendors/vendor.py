"""What a vendor's file has to offer."""

from collections.abc import Callable
from dataclasses import dataclass

from policies.facts import Pair
from policies.speed import Garden, Speed

Pairs = tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor: pure functions from what is meant to the attributes that say it.

    `speed` and `garden` raise `Unexpressible` where the vendor's attributes cannot say it. `attributes` names every
    attribute the functions may use, so that it can be checked against the installed dictionaries.

    `coa` gives the attributes of a CoA-Request (RFC 5176) that leads a session from what it was told to what it is to
    be told, both as policies/treatment.py's `live` has them; None where that takes another login. No `coa`: it always
    does.
    """

    name: str  # as stored in nas.vendor
    label: str  # as shown to people
    speed: Callable[[Speed], Pairs]
    garden: Callable[[Garden], Pairs]
    ipv4_pool: Callable[[str], Pairs]
    ipv6_pool: Callable[[str], Pairs]
    delegated_ipv6_pool: Callable[[str], Pairs]
    attributes: frozenset[str]
    coa: Callable[[Pairs, Pairs], Pairs | None] | None = None
