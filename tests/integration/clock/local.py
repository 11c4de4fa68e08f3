"""The oracle's clocks: local days and minutes, when half of the year has another offset."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo


@cache
def local_moment(day: date, minute: int, zone: str) -> datetime:
    """Return when it is so late there; of two such moments the later one, of none the first one after."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    while True:
        moment = local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local:
            return moment
        local += timedelta(minutes=1)


def local_day(at: datetime, zone: str) -> date:
    """Return the day it is there."""
    return at.astimezone(ZoneInfo(zone)).date()
