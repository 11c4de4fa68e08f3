"""Local days and billing periods.

Rules:

 1 A day begins at the first moment at which the clock of its zone shows 00:00, or would, where the clock skips it. So
   a day has 23, 24 or 25 hours, and every moment belongs to exactly one day.
 2 A billing period begins on the billing day of a month; in a month without that day (29 to 31), on its last day.
"""

from calendar import monthrange
from datetime import date, datetime
from functools import lru_cache

from policies import zones


def find_day(time_zone: str, at: int) -> int:
    """Return the day (`date.toordinal`) in which the moment `at` (seconds since 1970) lies."""
    day = datetime.fromtimestamp(at, zones.zone(time_zone)).toordinal()
    return day + 1 if at >= day_start(time_zone, day + 1) else day  # the clock is put back over midnight


@lru_cache(maxsize=65536)
def day_start(time_zone: str, day: int) -> int:
    """Return the first moment (seconds since 1970) of a day (`date.toordinal`)."""
    midnight = datetime.fromordinal(day).replace(tzinfo=zones.zone(time_zone))
    return int(midnight.timestamp())


@lru_cache(maxsize=65536)
def period_start(day: date, billing_day: int) -> date:
    """Return the first day of the billing period in which `day` lies; `billing_day` is 1 to 31."""
    begins = _begin_in(day.year, day.month, billing_day)
    if day >= begins:
        return begins
    if day.month == 1:
        return _begin_in(day.year - 1, 12, billing_day)
    return _begin_in(day.year, day.month - 1, billing_day)


def _begin_in(year: int, month: int, billing_day: int) -> date:
    return date(year, month, min(billing_day, monthrange(year, month)[1]))
