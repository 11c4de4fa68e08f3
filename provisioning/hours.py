"""Time bands as operators write them: `mon-fri 18:00-23:00 20M/5M`, days, hours, download/upload. Pure."""

import re

from policies.facts import TimeBand
from provisioning import units
from provisioning.errors import BadInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BITS = (1, 2, 4, 8, 16, 32, 64)
DAILY = sum(BITS)

_BAND = re.compile(r"([a-z,-]+) ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2}) (\S+)/(\S+)", re.ASCII)
_HINT = "Write it as 'mon-fri 18:00-23:00 20M/5M', 'sat,sun 00:00-24:00 50M/10M' or 'daily 22:00-06:00 100M/20M'."


def parse_band(text: str) -> TimeBand:
    """Return a time band; raise `BadInput`."""
    match = _BAND.fullmatch(" ".join(text.lower().split()))
    if match is None:
        raise BadInput(f"{text!r} is not a time band", _HINT)
    starts, ends = _minute(match[2]), _minute(match[3])
    if starts == ends or starts > 1439 or ends == 0:
        raise BadInput(f"{text!r} has no hours", "A band starts at 00:00 to 23:59, ends by 24:00, and is not empty.")
    return TimeBand(_weekdays(match[1]), starts, ends, units.parse_bps(match[4]), units.parse_bps(match[5]))


def format_band(band: TimeBand) -> str:
    """Return a time band in the writing that `parse_band` reads back."""
    days = [day for bit, day in zip(BITS, DAYS, strict=True) if band.weekdays & bit]
    hours = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (band.starts_minute, band.ends_minute))
    rates = f"{units.format_bps(band.download_bps)}/{units.format_bps(band.upload_bps)}"
    return f"{'daily' if band.weekdays == DAILY else ','.join(days)} {hours} {rates}"


def _minute(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if minutes > 59 or hours * 60 + minutes > 1440:
        raise BadInput(f"{text!r} is not a time of day", _HINT)
    return hours * 60 + minutes


def _weekdays(text: str) -> int:
    if text == "daily":
        return DAILY
    bits: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (last not in DAYS if dash else last):
            raise BadInput(f"{part!r} is not a weekday", _HINT)
        at, end = DAYS.index(first), DAYS.index(last or first)
        for step in range((end - at) % len(DAYS) + 1):  # fri-mon goes round the end of the week
            bits.add(BITS[(at + step) % len(DAYS)])
    return sum(bits)
