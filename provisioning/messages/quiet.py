"""Quiet hours: no message leaves while customers sleep, by the clock where each is. Pure."""

from datetime import UTC, datetime, time, timedelta

from policies import zones


def not_before(at: datetime, time_zone: str, *, from_minute: int | None, until_minute: int | None) -> datetime:
    """Return the moment itself, or within quiet hours their end; minutes of the local day, over midnight if need be.

    Where the clock skips or repeats the end, it is the first moment at which the clock shows that time, or later.
    """
    if from_minute is None or until_minute is None:
        return at
    zone = zones.zone(time_zone)
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if not _is_within(minute, from_minute, until_minute):
        return at
    day = local.date() + timedelta(days=1 if minute >= until_minute else 0)
    ends = datetime.combine(day, time(until_minute // 60, until_minute % 60), zone)
    return max(at, ends.astimezone(UTC))


def _is_within(minute: int, begins: int, ends: int) -> bool:
    return begins <= minute < ends if begins <= ends else minute >= begins or minute < ends
