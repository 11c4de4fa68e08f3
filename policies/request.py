"""An Access-Request as FreeRADIUS hands it over: (name, printed value) pairs (RFC 2865 4.1)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

Pairs = Sequence[tuple[str, str]]

# RFC 2865 5.44 allows each of these at most once. FreeRADIUS's modules take the first of several and a careless reader
# the last, so that one packet would be two different requests: such a packet is refused.
_AT_MOST_ONCE = frozenset({"User-Name", "Calling-Station-Id", "NAS-Port", "NAS-Port-Id", "Service-Type"})


class AccessRequest(NamedTuple):
    """What decisions are made from. `source_address` is where the packet came from, as our own server saw it."""

    user_name: str
    source_address: str
    calling_station_id: str | None = None
    port: str | None = None  # NAS-Port-Id (RFC 2869 5.17), else NAS-Port
    eap_type: str | None = None  # as FreeRADIUS read it from EAP-Message; None: no EAP
    is_ppp: bool = False


class Malformed(NamedTuple):
    """A request that is refused unread, and what is wrong with it."""

    problem: str


def parse(pairs: Pairs) -> AccessRequest | Malformed:
    """Read one Access-Request; never raises, whatever the pairs."""
    values = dict(pairs)
    if len(values) != len(pairs):
        repeated = _repeated(name for name, _ in pairs) & _AT_MOST_ONCE
        if repeated:
            return Malformed(f"{', '.join(sorted(repeated))} more than once")
    get = values.get
    user_name = get("User-Name")
    if not user_name:
        return Malformed("no User-Name")
    return AccessRequest(
        user_name,
        get("Tollkeeper-Source-Address", ""),
        get("Calling-Station-Id"),
        get("NAS-Port-Id") or get("NAS-Port"),
        get("EAP-Type"),
        get("Framed-Protocol") == "PPP",
    )


def _repeated(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]
