"""Marks: what a router was told that matters while a session lasts, in eight hexadecimal digits.

The Class of an accept begins with its login's mark, so every accounting record says what its session was told; whoever
compares that with what would be told now knows who is to be told anew (provisioning/enforcement). A mark is its kind,
one digit, and 28 bits of a hash of the vendor's attributes of speed and walls. Pools, addresses, VLAN and time-outs are
left out: they are settled at the login, and a change of them waits for the next one.
"""

from collections.abc import Iterable
from hashlib import blake2s
from typing import Literal

from policies import reply
from policies.decide import Decision
from policies.facts import Facts, Pair
from policies.vendors.vendor import Pairs, Vendor

Kind = Literal["rejected", "access", "garden", "pooled garden"]

REJECTED = "0" * 8
CLASS_START = "0x544b"  # "TK"; then the mark, then 10 random octets

_KINDS: tuple[Kind, ...] = ("rejected", "access", "garden", "pooled garden")
_ANY = "a"  # some pool's name


def mark(decision: Decision, facts: Facts | None) -> str:
    """Return the mark of an answer; raise `Unexpressible` where the router's vendor cannot say it."""
    if facts is None or decision.outcome == "reject":
        return REJECTED
    return mark_of(decision, facts, reply.fixed(decision, facts, is_ppp=False))


def mark_of(decision: Decision, facts: Facts, pairs: Iterable[tuple[str, str, str]]) -> str:
    """Return the mark of an accept whose fixed attributes are these."""
    kind = "access"
    if decision.outcome == "garden":
        kind = "garden" if facts.group.garden_pool is None else "pooled garden"
    text = "\n".join(sorted(f"{name}={value}" for name, _, value in live(pairs, reply.vendor_of(facts))))
    return f"{_KINDS.index(kind):x}{blake2s(text.encode(), digest_size=4).hexdigest()[1:]}"


def live(pairs: Iterable[tuple[str, str, str]], vendor: Vendor) -> Pairs:
    """Return those of a reply's attributes that say speed or walls to this vendor's routers."""
    told = (Pair(*pair) for pair in pairs if pair[0].partition(":")[0] in vendor.attributes)
    return tuple(pair for pair in told if not _names_pool(pair, vendor))


def kind_of(known: str) -> Kind | None:
    """Return what kind of treatment a mark is of; None: it is none of ours."""
    number = int(known[0], 16)
    return _KINDS[number] if number < len(_KINDS) else None


def of_class(session_class: str | None) -> str | None:
    """Return the mark of the login that was answered with this Class; None: nobody knows."""
    if session_class is None or not session_class.startswith(CLASS_START):
        return None
    found = session_class[len(CLASS_START) :][:8]
    return found if len(found) == 8 and kind_of(found) not in (None, "rejected") else None


def _names_pool(pair: Pair, vendor: Vendor) -> bool:
    for make in (vendor.ipv4_pool, vendor.ipv6_pool, vendor.delegated_ipv6_pool):
        (known,) = make(_ANY)
        if pair.name == known.name and pair.value.startswith(known.value.removesuffix(_ANY)):
            return True
    return False
