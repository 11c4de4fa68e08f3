"""Time bands as operators write them: `mon-fri 18:00-23:00 20M/5M`, days, hours, download/upload. Pure.

And their parts by themselves: `08:00`, `20:00-07:00`, `sat,sun`, in minutes of a day and in bits.
"""

import re

from policies.facts import TimeBand
from provisioning import units
from provisioning.errors import BadInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BITS = (1, 2, 4, 8, 16, 32, 64)
DAILY = sum(BITS)

_BAND = re.compile(r"([a-z,-]+) ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2}) (\S+)/(\S+)", re.ASCII)
_HOURS = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", re.ASCII)
_HOURS_HINT = "Write a time as 08:00, hours as 20:00-07:00."
_HINT = "Write it as 'mon-fri 18:00-23:00 20M/5M', 'sat,sun 00:00-24:00 50M/10M' or 'daily 22:00-06:00 100M/20M'."


def parse_band(text: str) -> TimeBand:
    """Return a time band; raise `BadInput`."""
    match = _BAND.fullmatch(" ".join(text.lower().split()))
    if match is None:
        raise BadInput(f"{text!r} is not a time band", _HINT)
    starts, ends = _minute(match[2], _HINT), _minute(match[3], _HINT)
    if starts == ends or starts > 1439 or ends == 0:
        raise BadInput(f"{text!r} has no hours", "A band starts at 00:00 to 23:59, ends by 24:00, and is not empty.")
    return TimeBand(parse_weekdays(match[1], _HINT), starts, ends, units.parse_bps(match[4]), units.parse_bps(match[5]))


def format_band(band: TimeBand) -> str:
    """Return a time band in the writing that `parse_band` reads back."""
    hours = format_hours(band.starts_minute, band.ends_minute)
    rates = f"{units.format_bps(band.download_bps)}/{units.format_bps(band.upload_bps)}"
    return f"{'daily' if band.weekdays == DAILY else format_weekdays(band.weekdays)} {hours} {rates}"


def parse_minute(text: str) -> int:
    """Return a time of day such as `08:00` in minutes; raise `BadInput`."""
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}", text, re.ASCII) is None or text == "24:00":
        raise BadInput(f"{text!r} is not a time of day", _HOURS_HINT)
    return _minute(text, _HOURS_HINT)


def parse_hours(text: str) -> tuple[int, int]:
    """Return hours such as `20:00-07:00` in minutes, which may go over midnight and end by 24:00; raise `BadInput`."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text!r} is no span of hours", _HOURS_HINT)
    starts, ends = _minute(match[1], _HOURS_HINT), _minute(match[2], _HOURS_HINT)
    if starts == ends or starts > 1439 or ends == 0:
        raise BadInput(f"{text!r} has no hours", "They start at 00:00 to 23:59, end by 24:00, and are some.")
    return starts, ends


def format_minute(minute: int) -> str:
    """Return a time of day in the writing that `parse_minute` reads back."""
    return f"{minute // 60:02}:{minute % 60:02}"


def format_hours(starts_minute: int, ends_minute: int) -> str:
    """Return hours in the writing that `parse_hours` reads back."""
    return f"{format_minute(starts_minute)}-{format_minute(ends_minute)}"


def parse_weekdays(text: str, hint: str = "Write it as 'sat,sun', 'fri-mon' or 'daily'.") -> int:
    """Return days of the week, such as `sat,sun`, as bits; raise `BadInput`."""
    if text == "daily":
        return DAILY
    bits: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().lower().partition("-")
        if first not in DAYS or (last not in DAYS if dash else last):
            raise BadInput(f"{part!r} is not a weekday", hint)
        at, end = DAYS.index(first), DAYS.index(last or first)
        for step in range((end - at) % len(DAYS) + 1):  # fri-mon goes round the end of the week
            bits.add(BITS[(at + step) % len(DAYS)])
    return sum(bits)


def format_weekdays(bits: int) -> str:
    """Return days of the week in the writing that `parse_weekdays` reads back."""
    return ",".join(day for bit, day in zip(BITS, DAYS, strict=True) if bits & bit)


def _minute(text: str, hint: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if minutes > 59 or hours * 60 + minutes > 1440:
        raise BadInput(f"{text!r} is not a time of day", hint)
    return hours * 60 + minutes
