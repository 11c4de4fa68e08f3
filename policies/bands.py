"""Time bands: which one is on now, and until when.

Bands begin and end on whole minutes of the customer's local day, so everything here is the same within one minute,
and remembered for it. A day on which the clock changes has 23 or 25 hours; local times are turned into moments by the
time zone's own rules (a time that the clock skips is the moment at which it skips it, one that it shows twice is two).
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from policies import zones
from policies.facts import TimeBand

_DAY_SECONDS = 86400


class Window(NamedTuple):
    """The band that is on (None: the package's own speed) and when that changes (None: never)."""

    band: TimeBand | None
    changes_at: int | None


def window(bands: tuple[TimeBand, ...], time_zone: str, now: float) -> Window:
    """Return the first band that is on at `now` (seconds since 1970), and when another one will be."""
    return _window(bands, time_zone, int(now // 60))


@lru_cache(maxsize=4096)
def _window(bands: tuple[TimeBand, ...], time_zone: str, minute: int) -> Window:
    zone = zones.zone(time_zone)
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


def _boundaries(bands: tuple[TimeBand, ...], local: datetime, zone: ZoneInfo) -> list[int]:
    """Every moment of the coming eight days at which a band may begin or end, in order.

    A time that the clock shows twice is two moments (fold, PEP 495); that it is put forward or back is one more.
    """
    minutes = {band.starts_minute for band in bands} | {band.ends_minute % 1440 for band in bands} | {0}
    midnight = datetime(local.year, local.month, local.day)
    walls = [midnight + timedelta(days=days, minutes=minute) for days in range(9) for minute in minutes]
    moments = {int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for wall in walls for fold in (0, 1)}
    return sorted(moments | _clock_changes(min(moments), max(moments), zone))


def _clock_changes(start: int, end: int, zone: ZoneInfo) -> set[int]:
    """The moments after `start` up to `end` at which the clock is put forward or back, once a day at most."""
    if end - start > _DAY_SECONDS:
        days = range(start, end, _DAY_SECONDS)
        return set().union(*(_clock_changes(day, min(day + _DAY_SECONDS, end), zone) for day in days))
    if _offset(start, zone) == _offset(end, zone):
        return set()
    while end - start > 1:
        middle = (start + end) // 2
        if _offset(middle, zone) == _offset(start, zone):
            start = middle
        else:
            end = middle
    return {end}


def _offset(moment: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()
