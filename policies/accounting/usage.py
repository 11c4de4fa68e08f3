"""Usage: the octets of a session, divided over local days and billing periods, to the octet.

What a session moved between two neighbouring marks is divided by time, rounded so that the parts add up to the whole.
So the sum over days is the sum over periods is the session's counters, always; and a period that ends in the middle
of a session ends nobody's session.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from policies.accounting import days, points
from policies.accounting.points import Curve, Mark, Point
from policies.accounting.session import Session

period_start = days.period_start


class UsageKey(NamedTuple):
    """A line of the ledger: a day in the session's time zone, and the first day of its billing period."""

    day: date
    period_start: date


Usage = dict[UsageKey, tuple[int, int]]
Draw = Callable[[tuple[Point, ...]], Curve]


def split(session: Session) -> Usage:
    """Return (octets_in, octets_out) of the whole session by day; days without any are left out."""
    return deltas(None, session)


def deltas(before: Session | None, after: Session) -> Usage:
    """Return what has to be added to the ledger where a session was `before` and is now `after`; no zeros.

    A day's may be negative, where a late record shows that the octets were another day's; their sum never is.
    """
    day = _find_only_day(before, after)
    if before is not None and day is not None:
        grown = after.octets_in - before.octets_in, after.octets_out - before.octets_out
        return {_key(day, after.billing_day): grown} if any(grown) else {}
    octets_in = _subtract(points.draw_in, before, after)
    octets_out = _subtract(points.draw_out, before, after)
    return {
        _key(day, after.billing_day): (octets_in[day], octets_out[day])
        for day in sorted(octets_in.keys() | octets_out.keys())
        if octets_in[day] or octets_out[day]
    }


def _find_only_day(before: Session | None, after: Session) -> int | None:
    """The day to which all that is new belongs, where that is plain: the session's last point was added or moved.

    It saves the usual record, an interim of today, nine tenths of the work.
    """
    if before is None or before.started_at != after.started_at:
        return None
    common = len(after.points) - 1
    if not 0 < common <= len(before.points) <= common + 1 or before.points[:common] != after.points[:common]:
        return None
    known = after.points[common - 1]
    if common > 1 and not (known.octets_in and known.octets_out):  # it may be no mark (points.py, rule 3)
        return None
    day = days.find_day(after.time_zone, known.event_at)
    return day if after.points[-1].event_at < days.day_start(after.time_zone, day + 1) else None


def _subtract(draw: Draw, before: Session | None, after: Session) -> Counter[int]:
    """Octets by day in one direction, `after` less `before`; the stretches that both have are passed over."""
    new = _marks(draw, after)
    old = _marks(draw, before) if before is not None else []
    common = _count_common(old, new)
    moved = _spread(new[common:], after.time_zone)
    moved.subtract(_spread(old[common:], after.time_zone))
    return moved


def _marks(draw: Draw, session: Session) -> list[Mark]:
    return [Mark(session.started_at, 0), *draw(session.points).marks]


def _count_common(old: list[Mark], new: list[Mark]) -> int:
    """How many marks both begin with, less the one at which they part."""
    same = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        same += 1
    return max(same - 1, 0)


def _spread(marks: list[Mark], time_zone: str) -> Counter[int]:
    octets: Counter[int] = Counter()
    for start, end in pairwise(marks):
        if end.octets > start.octets:
            _spread_stretch(octets, start, end, time_zone)
    return octets


def _spread_stretch(octets: Counter[int], start: Mark, end: Mark, time_zone: str) -> None:
    """Divide one stretch by time: at each midnight, what had been moved by then, rounded down."""
    day = days.find_day(time_zone, start.at)
    shared = 0
    while (midnight := days.day_start(time_zone, day + 1)) < end.at:
        by_then = (end.octets - start.octets) * (midnight - start.at) // (end.at - start.at)
        octets[day] += by_then - shared
        shared = by_then
        day += 1
    octets[day] += end.octets - start.octets - shared


@lru_cache(maxsize=4096)
def _key(day: int, billing_day: int) -> UsageKey:
    date_of_day = date.fromordinal(day)
    return UsageKey(date_of_day, period_start(date_of_day, billing_day))
