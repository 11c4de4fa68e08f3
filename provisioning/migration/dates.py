"""Dates as FreeRADIUS's Expiration holds them (src/lib/misc.c, fr_get_time), in the old server's time zone."""

import re
from datetime import UTC, datetime, tzinfo

from provisioning import units

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)


def read(text: str, zone: tzinfo) -> datetime | None:
    """Return the moment of `31 Dec 2026`, `Dec 31 2026 23:59:59`, seconds since 1970 or ISO 8601; None for no date.

    A bare day is its first second, as it is to FreeRADIUS.
    """
    try:
        moment = _number(text) or _iso(text, zone) or _words(text, zone)
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment and units.EARLIEST <= moment <= units.LATEST else None


def _number(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{5,11}", text, re.ASCII):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _iso(text: str, zone: tzinfo) -> datetime | None:
    match = _ISO.fullmatch(text)
    return datetime(*(int(part or 0) for part in match.groups()), tzinfo=zone) if match else None  # type: ignore[arg-type,misc]


def _words(text: str, zone: tzinfo) -> datetime | None:
    """A month's name, a day and a year in any order, and a time perhaps."""
    words = text.replace(",", " ").replace("-", " ").split()
    clock = next((match for word in words if (match := _CLOCK.fullmatch(word))), None)
    month = next((at for word in words for at, name in enumerate(_MONTHS, 1) if word.lower().startswith(name)), None)
    numbers = [int(word) for word in words if word.isascii() and word.isdigit()]
    if month is None or len(numbers) != 2:
        return None
    day, year = sorted(numbers)
    hours, minutes, seconds = (int(part or 0) for part in clock.groups()) if clock else (0, 0, 0)
    return datetime(year, month, day, hours, minutes, seconds, tzinfo=zone)
