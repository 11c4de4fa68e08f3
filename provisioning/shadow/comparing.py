"""Where two answers differ, in what matters to a subscriber. Pure.

Speeds are compared in bit/s after reading both sides' attributes, whatever the vendor's words; a kbit/s is no
difference, as some vendors have no smaller unit. Class, State, Reply-Message, reporting intervals do not matter.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from policies.speed import Speed
from provisioning import units
from provisioning.migration import speeds
from provisioning.shadow.exchange import ACCEPT, Answer

_NEAR_BPS = 1000


class Difference(NamedTuple):
    """One thing in which two answers differ, as people read it."""

    kind: str
    old: str
    ours: str


Values = Mapping[str, list[str]]


def compare(old: Answer, ours: Answer, *, tolerance_seconds: int = 60) -> list[Difference]:
    """Return what differs; where only one of them lets the user in, that is all."""
    if old.code != ours.code:
        return [Difference("answer", old.code, f"{ours.code} ({ours.why})" if ours.why else ours.code)]
    if old.code != ACCEPT:
        return []
    sides = (speeds.gather(old.pairs), speeds.gather(ours.pairs))
    found = _speed(*sides)
    for kind, read in _SETS.items():
        before, now = (read(side) for side in sides)
        if before != now and not (kind == "pool" and "framed-ip-address" in sides[0]):
            found.append(Difference(kind, _words(before), _words(now)))
    for kind in ("session-timeout", "idle-timeout"):
        then, now_ours = (side.get(kind, [""])[0] for side in sides)
        if _apart(then, now_ours, tolerance_seconds if kind == "session-timeout" else 0):
            found.append(Difference(kind.replace("-", " "), then or "none", now_ours or "none"))
    return found


def _speed(old: Values, ours: Values) -> list[Difference]:
    before, now = _read(old), _read(ours)
    if before is None or now is None:
        return [] if before is now else [Difference("speed", _tier(before), _tier(now))]
    if not _near((before.download_bps, before.upload_bps), (now.download_bps, now.upload_bps)):
        return [Difference("speed", _tier(before), _tier(now))]
    bursts = [_burst(before), _burst(now)]
    if not _near(*bursts):
        return [Difference("burst", *("/".join(map(units.format_bps, burst)) for burst in bursts))]
    return []


def _read(side: Values) -> Speed | None:
    said = speeds.read(side)
    return said[0].speed if said else None


def _near(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return all(abs(left - right) < _NEAR_BPS for left, right in zip(one, other, strict=True))


def _burst(speed: Speed) -> tuple[int, int]:
    download, upload = speed.burst_download_bps or 0, speed.burst_upload_bps or 0
    return max(download, speed.download_bps), max(upload, speed.upload_bps)


def _tier(speed: Speed | None) -> str:
    if speed is None:
        return "none"
    return f"{units.format_bps(speed.download_bps)}/{units.format_bps(speed.upload_bps)}"


def _named(*names: str) -> Callable[[Values], set[str]]:
    return lambda side: {value.strip() for name in names for value in side.get(name, ())}


def _pools(side: Values) -> set[str]:
    cisco = {text.partition("=")[2] for text in side.get("cisco-avpair", ()) if text.startswith("ip:addr-pool=")}
    pools = _named(
        *("framed-pool", "framed-ipv6-pool", "delegated-ipv6-prefix-pool", "mikrotik-delegated-ipv6-pool"),
        *("huawei-delegated-ipv6-prefix-pool", "alc-delegated-ipv6-pool", "alc-slaac-ipv6-pool"),
    )
    return pools(side) | cisco


def _profiles(side: Values) -> set[str]:
    """What the router is to look up by name, without what says a speed or a pool."""
    said = speeds.read(side)
    return {
        f"{name}={value}"
        for name in _BY_NAME
        for value in side.get(name, ())
        if not any(one.says(name, value) for one in said) and not value.startswith("ip:addr-pool=")
    }


_BY_NAME = (
    *("filter-id", "mikrotik-group", "mikrotik-address-list", "cisco-avpair", "huawei-qos-profile-name"),
    *("huawei-domain-name", "alc-sla-prof-str", "alc-subsc-prof-str", "erx-service-activate", "zte-qos-profile-down"),
    *("zte-qos-profile-up", "qos-policing-profile-name", "qos-metering-profile-name", "http-redirect-profile-name"),
    *("wispr-redirection-url", "huawei-http-redirect-url", "http-redirect-url"),
)
_SETS: Mapping[str, Callable[[Values], set[str]]] = {
    "address": _named("framed-ip-address"),
    "netmask": _named("framed-ip-netmask"),
    "ipv6 prefix": _named("framed-ipv6-prefix", "delegated-ipv6-prefix"),
    "route": _named("framed-route"),
    "pool": _pools,
    "vlan": _named("tunnel-private-group-id"),
    "profile": _profiles,
}


def _words(values: set[str]) -> str:
    return ", ".join(sorted(values)) or "none"


def _apart(old: str, ours: str, tolerance: int) -> bool:
    if old == ours:
        return False
    if not (old.isdigit() and ours.isdigit()):
        return True
    return abs(int(old) - int(ours)) > tolerance
