"""Time bands: which one is on now, and until when.

Bands begin and end on whole minutes of the customer's local day, so everything here is the same within one minute,
and remembered for it. A day on which the clock changes has 23 or 25 hours; local times are turned into moments by the
time zone's own rules (a time that the clock skips is the moment at which it skips it).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from policies.facts import TimeBand


class Window(NamedTuple):
    """The band that is on (None: the package's own speed) and when that changes (None: never)."""

    band: TimeBand | None
    changes_at: int | None


def window(bands: tuple[TimeBand, ...], time_zone: str, now: float) -> Window:
    """Return the first band that is on at `now` (seconds since 1970), and when another one will be."""
    return _window(bands, time_zone, int(now // 60))


@lru_cache(maxsize=4096)
def _window(bands: tuple[TimeBand, ...], time_zone: str, minute: int) -> Window:
    zone = ZoneInfo(time_zone)
    local = datetime.fromtimestamp(minute * 60, zone)
    band = _band_at(bands, local)
    for moment in _boundaries(bands, local, zone):
        if moment > minute * 60 and _band_at(bands, datetime.fromtimestamp(moment, zone)) is not band:
            return Window(band, moment)
    return Window(band, None)


def _band_at(bands: tuple[TimeBand, ...], local: datetime) -> TimeBand | None:
    minute_of_day = local.hour * 60 + local.minute
    return next((band for band in bands if _is_on(band, local.weekday(), minute_of_day)), None)


def _is_on(band: TimeBand, weekday: int, minute: int) -> bool:
    today = band.weekdays >> weekday & 1
    if band.starts_minute < band.ends_minute:
        return bool(today) and band.starts_minute <= minute < band.ends_minute
    yesterday = band.weekdays >> (weekday - 1) % 7 & 1
    return bool(today and minute >= band.starts_minute) or bool(yesterday and minute < band.ends_minute)


def _boundaries(bands: tuple[TimeBand, ...], local: datetime, zone: ZoneInfo) -> Iterator[int]:
    """Every moment of the coming eight days at which some band begins or ends, in order."""
    minutes = sorted({band.starts_minute for band in bands} | {band.ends_minute % 1440 for band in bands} | {0})
    midnight = datetime(local.year, local.month, local.day)
    for days in range(9):
        for minute in minutes:
            wall = midnight + timedelta(days=days, minutes=minute)
            yield int(wall.replace(tzinfo=zone).timestamp())
