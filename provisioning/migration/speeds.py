"""Speeds out of any vendor's attributes, in bit/s as the customer sees them: what policies/vendors/ writes, read back.

Directions and units are those of policies/vendors/*.py and their sources. Two things that those never write are read
too: Ascend-Data-Rate with Ascend-Xmit-Rate as MikroTik's manual has them, and Cisco's `rate-limit input/output`.

A family of attributes says a speed or it does not; of several families the first in `FAMILIES` counts, as RouterOS has
Rate-Limit before Ascend before WISPr.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from policies.speed import Speed

Values = Mapping[str, Sequence[str]]  # attribute in lower case -> its values in order

_UNITS = {"": 1, "k": 1000, "m": 1_000_000, "g": 1_000_000_000}
_RATE = re.compile(r"([0-9]{1,15})([kmg]?)", re.IGNORECASE | re.ASCII)
_CISCO_LIMIT = re.compile(r"lcp:interface-config(?:#[0-9]+)?=rate-limit (input|output) ([0-9]{1,15})\b", re.ASCII)
_NOKIA_UP = re.compile(r"i:[qp]:[0-9]*:?pir=([0-9]{1,12})", re.ASCII | re.IGNORECASE)
_NOKIA_DOWN = re.compile(r"e:r:rate=([0-9]{1,12})", re.ASCII | re.IGNORECASE)
_JUNIPER = re.compile(r"[\w.-]+\(([0-9]+[kmg]?),([0-9]+[kmg]?)\)", re.ASCII | re.IGNORECASE)
_ACCEL = re.compile(r"([0-9]{1,10})/([0-9]{1,10})", re.ASCII)


class Unreadable(ValueError):
    """this is no speed that can be kept"""


@dataclass(frozen=True)
class Said:
    """What a family's attributes say. `speed` None: no limit. `lossy`: what of it `speed` does not hold."""

    vendor: str
    speed: Speed | None
    attributes: frozenset[str]  # that say it, in lower case
    lossy: str | None = None
    only: frozenset[str] | None = None  # which values say it, where the attribute says other things too

    def says(self, name: str, value: str) -> bool:
        """Whether this pair is a part of it."""
        return name.partition(":")[0].lower() in self.attributes and (self.only is None or value in self.only)


def read(values: Values) -> list[Said]:
    """Return what each family among the attributes says; what cannot be read says nothing."""
    found = []
    for family in FAMILIES:
        try:
            said = family(values)
        except Unreadable:
            continue
        if said is not None:
            found.append(said)
    return found


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values of each attribute, its tag left away."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name.partition(":")[0].lower(), []).append(value)
    return values


def rate_limit(text: str) -> tuple[Speed | None, str | None]:
    """Return the speed of a Mikrotik-Rate-Limit, and what is lost; None for 0/0. Raises `Unreadable`.

    `rx[/tx] [rx-burst/tx-burst [rx-thr/tx-thr [rx-time/tx-time [priority [rx-min/tx-min]]]]]`; rx is the upload.
    """
    words = text.split()
    if not 1 <= len(words) <= 6:
        raise Unreadable(text)
    upload, download = _both(words[0])
    if upload == download == 0:
        return None, None
    if 0 in (upload, download):
        raise Unreadable("a limit for one direction only")
    speed = Speed(download, upload, priority=_priority(words))
    lossy = "its guaranteed rates (rx-min/tx-min)" if len(words) == 6 and _both(words[5]) != (0, 0) else None
    if len(words) > 1:
        speed, lost = _with_burst(speed, words)
        lossy = lossy or lost
    return speed, lossy


def _priority(words: Sequence[str]) -> int | None:
    if len(words) < 5:
        return None
    if not re.fullmatch("[1-8](/[1-8])?", words[4]):
        raise Unreadable(words[4])
    return int(words[4][0])


def _with_burst(speed: Speed, words: Sequence[str]) -> tuple[Speed, str | None]:
    upload, download = _both(words[1])
    if upload <= speed.upload_bps and download <= speed.download_bps:
        return speed, None  # RouterOS bursts above the rate only
    threshold_up, threshold_down = _both(words[2]) if len(words) > 2 else (0, 0)
    seconds = _seconds(words[3]) if len(words) > 3 else [1]
    made = replace(
        speed,
        burst_upload_bps=max(upload, speed.upload_bps),
        burst_download_bps=max(download, speed.download_bps),
        burst_threshold_upload_bps=threshold_up or speed.upload_bps,
        burst_threshold_download_bps=threshold_down or speed.download_bps,
        burst_seconds=max(1, *seconds),
    )
    return made, "burst times that differ by direction" if len(set(seconds)) > 1 else None


def _seconds(word: str) -> list[int]:
    if not re.fullmatch(r"[0-9]{1,4}(/[0-9]{1,4})?", word, re.ASCII):
        raise Unreadable(word)
    return [int(part) for part in word.split("/")]


def _both(word: str) -> tuple[int, int]:
    """Return rx and tx; one alone is both."""
    rx, slash, tx = word.partition("/")
    return _bps(rx), _bps(tx if slash else rx)


def _bps(text: str) -> int:
    match = _RATE.fullmatch(text)
    if match is None:
        raise Unreadable(text)
    return int(match[1]) * _UNITS[match[2].lower()]


def _mikrotik(values: Values) -> Said | None:
    if not (texts := values.get("mikrotik-rate-limit")):
        return None
    speed, lossy = rate_limit(texts[0])
    return Said("mikrotik", speed, frozenset({"mikrotik-rate-limit"}), lossy)


def _ascend(values: Values) -> Said | None:
    data, xmit = values.get("ascend-data-rate", []), values.get("ascend-xmit-rate", [])
    if not data:
        return None
    rates = [_bps(text) for text in (*xmit[:1], *data)]  # download, upload; one alone is both
    speed = _pair(rates[0], rates[1] if len(rates) > 1 else rates[0])
    return Said("mikrotik", speed, frozenset({"ascend-data-rate", "ascend-xmit-rate"}))


def _pair(download_bps: int, upload_bps: int) -> Speed | None:
    if download_bps == upload_bps == 0:
        return None
    if 0 in (download_bps, upload_bps):
        raise Unreadable("a limit for one direction only")
    return Speed(download_bps, upload_bps)


def _numbers(vendor: str, download: str, upload: str, unit: int, *more: str) -> Callable[[Values], Said | None]:
    """Return a family of two numbers; `more` are attributes that go with them and say nothing of their own."""

    def read_both(values: Values) -> Said | None:
        if download not in values and upload not in values:
            return None
        if download not in values or upload not in values:
            raise Unreadable("a limit for one direction only")
        speed = _pair(_bps(values[download][0]) * unit, _bps(values[upload][0]) * unit)
        return Said(vendor, speed, frozenset({download, upload, *more}))

    return read_both


def _huawei(values: Values) -> Said | None:
    said = _numbers("huawei", "huawei-output-average-rate", "huawei-input-average-rate", 1)(values)
    if said is None or said.speed is None:
        return said
    down, up = (values.get(f"huawei-{way}-peak-rate", ["0"])[0] for way in ("output", "input"))
    peaks = max(_bps(down), said.speed.download_bps), max(_bps(up), said.speed.upload_bps)
    attributes = said.attributes | {"huawei-output-peak-rate", "huawei-input-peak-rate"}
    if peaks == (said.speed.download_bps, said.speed.upload_bps):
        return replace(said, attributes=attributes)
    burst = replace(said.speed, burst_download_bps=peaks[0], burst_upload_bps=peaks[1])
    return replace(said, speed=burst, attributes=attributes)


def _nokia(values: Values) -> Said | None:
    texts = values.get("alc-subscriber-qos-override", ())
    down = next((text for text in texts if _NOKIA_DOWN.fullmatch(text)), None)
    up = next((text for text in texts if _NOKIA_UP.fullmatch(text)), None)
    if down is None or up is None:
        return None
    speed = _pair(*(int(text.rpartition("=")[2]) * 1000 for text in (down, up)))
    return Said("nokia", speed, frozenset({"alc-subscriber-qos-override"}), only=frozenset({down, up}))


def _juniper(values: Values) -> Said | None:
    for text in values.get("erx-service-activate", ()):
        if match := _JUNIPER.fullmatch(text):
            speed = _pair(_bps(match[1]), _bps(match[2]))
            return Said("juniper", speed, frozenset({"erx-service-activate"}), only=frozenset({text}))
    return None


def _cisco(values: Values) -> Said | None:
    matches = [match for text in values.get("cisco-avpair", ()) if (match := _CISCO_LIMIT.match(text))]
    rates = {match[1]: int(match[2]) for match in matches}
    if len(rates) != 2:
        return None
    # the attribute says other things too, so it stays as it is
    return Said("cisco", _pair(rates["output"], rates["input"]), frozenset(), "the rest of the rate-limit line")


def _accel_ppp(values: Values) -> Said | None:
    for text in values.get("filter-id", ()):
        if match := _ACCEL.fullmatch(text):
            speed = _pair(int(match[1]) * 1000, int(match[2]) * 1000)
            return Said("accel_ppp", speed, frozenset({"filter-id"}), only=frozenset({text}))
    return None


FAMILIES: tuple[Callable[[Values], Said | None], ...] = (
    _mikrotik,
    _huawei,
    _ascend,
    _numbers("wispr", "wispr-bandwidth-max-down", "wispr-bandwidth-max-up", 1),
    _numbers("chillispot", "chillispot-bandwidth-max-down", "chillispot-bandwidth-max-up", 1000),
    _numbers("zte", "zte-rate-ctrl-scr-down", "zte-rate-ctrl-scr-up", 1000),
    _numbers("ericsson", "qos-rate-outbound", "qos-rate-inbound", 1000),
    _numbers("cambium", "cambium-epmp-max-burst-downlink-rate", "cambium-epmp-max-burst-uplink-rate", 1000),
    _numbers("canopy", "motorola-canopy-dlbr", "motorola-canopy-ulbr", 1000),
    _nokia,
    _juniper,
    _cisco,
    _accel_ppp,
)
