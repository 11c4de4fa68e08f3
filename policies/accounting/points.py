"""The counters of a session over time: points, as its records had them, in the order of their events.

Everything here is a function of the set of points, so it does not matter in which order the records came.

Rules, for each of the two counters on its own:

 1 Two points of one second are one, with the greater of each counter.
 2 A counter that grows counts what it grew by.
 3 A zero after something else says nothing: some routers send a Stop without its counters.
 4 A counter that falls was either wrapped or reset. It wrapped where neither record had Gigawords (RFC 2869 5.1, 5.2)
   and it was in the upper half of 32 bits: 2**32 is added once. Otherwise it began again at zero and counts on.
 5 A point is needless when both counters grow, or stand, from its neighbour before to that after and the three lie in
   one local day: neither sums nor days change without it. The first and the last always stay, and what follows a zero.
   So a session keeps two or three points a day, whatever the number of its interims.

Known weakness: a line that moves 2**31 octets between two reports of a router without Gigawords cannot be counted.
A reset that only a pruned point together with a later arrival of an earlier record could show is not seen.
"""

from collections.abc import Iterator
from typing import NamedTuple

from policies.accounting import days

_WRAP_OCTETS = 2**32

FLAGS = frozenset({"wrapped", "reset"})  # what counters that fell did


class Point(NamedTuple):
    """The counters as one record had them."""

    event_at: int
    octets_in: int
    octets_out: int
    has_gigawords: bool


class Mark(NamedTuple):
    """What one direction had moved in all by a moment."""

    at: int
    octets: int


class Curve(NamedTuple):
    """One direction of a session: its marks in order of time, and how it got there."""

    marks: tuple[Mark, ...]
    has_wrapped: bool
    was_reset: bool

    @property
    def octets(self) -> int:
        """What was moved in all."""
        return self.marks[-1].octets if self.marks else 0


class Moved(NamedTuple):
    """What a session moved in all, and how its counters fell (None: as before)."""

    octets_in: int
    octets_out: int
    flags: frozenset[str] | None


def add(points: tuple[Point, ...], point: Point, time_zone: str) -> tuple[Point, ...]:
    """Return the points with one more, without those that are needless."""
    if not points or points[-1].event_at < point.event_at:
        if len(points) > 1 and _is_needless(points[-2], points[-1], point, time_zone):
            return (*points[:-1], point)
        return (*points, point)
    merged = {known.event_at: known for known in points}
    merged[point.event_at] = _merge(merged.get(point.event_at, point), point)
    return _prune(tuple(merged[at] for at in sorted(merged)), time_zone)


def _merge(one: Point, other: Point) -> Point:
    return Point(
        one.event_at,
        max(one.octets_in, other.octets_in),
        max(one.octets_out, other.octets_out),
        one.has_gigawords or other.has_gigawords,
    )


def _prune(points: tuple[Point, ...], time_zone: str) -> tuple[Point, ...]:
    kept: list[Point] = []
    for point in points:
        while len(kept) > 1 and _is_needless(kept[-2], kept[-1], point, time_zone):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _is_needless(before: Point, point: Point, after: Point, time_zone: str) -> bool:
    return (
        _is_between(before.octets_in, point.octets_in, after.octets_in)
        and _is_between(before.octets_out, point.octets_out, after.octets_out)
        and after.event_at < days.day_start(time_zone, days.find_day(time_zone, before.event_at) + 1)
    )


def _is_between(before: int, counter: int, after: int) -> bool:
    """Whether it grows or stands; but what follows a zero may be lower than what was before that, and be the reset."""
    return 0 < before <= counter <= after or before == counter == 0


def count(points: tuple[Point, ...]) -> Moved:
    """Return what the session moved in all."""
    curves = draw_in(points), draw_out(points)
    flags = {"wrapped" for curve in curves if curve.has_wrapped} | {"reset" for curve in curves if curve.was_reset}
    return Moved(curves[0].octets, curves[1].octets, frozenset(flags))


def grow(points: tuple[Point, ...], point: Point, octets_in: int, octets_out: int) -> Moved | None:
    """Return what `count` would with one more point, from what it was; None where that is not just a sum.

    It is for the usual record, the next of a session whose counters grow; a long session has many points.
    """
    if not points or point.event_at <= points[-1].event_at:
        return None
    last = points[-1]
    if _is_next(last.octets_in, point.octets_in, octets_in) and _is_next(last.octets_out, point.octets_out, octets_out):
        return Moved(
            octets_in + point.octets_in - last.octets_in, octets_out + point.octets_out - last.octets_out, None
        )
    return None


def _is_next(last: int, counter: int, octets: int) -> bool:
    """Whether it grows; a zero may be one that says nothing (rule 3)."""
    return last <= counter and (last > 0 or octets == 0)


def draw_in(points: tuple[Point, ...]) -> Curve:
    """Return the curve of the octets that the customer sent."""
    return _draw((point.event_at, point.octets_in, point.has_gigawords) for point in points)


def draw_out(points: tuple[Point, ...]) -> Curve:
    """Return the curve of the octets that the customer was sent."""
    return _draw((point.event_at, point.octets_out, point.has_gigawords) for point in points)


def _draw(counters: Iterator[tuple[int, int, bool]]) -> Curve:
    marks: list[Mark] = []
    octets = last = 0
    is_wide = has_wrapped = was_reset = False
    for at, counter, has_gigawords in counters:
        if counter >= last:
            octets += counter - last
        elif counter == 0:
            continue
        elif _WRAP_OCTETS // 2 <= last < _WRAP_OCTETS and not has_gigawords and not is_wide:
            octets += counter + _WRAP_OCTETS - last
            has_wrapped = True
        else:
            octets += counter
            was_reset = True
        last, is_wide = counter, has_gigawords
        marks.append(Mark(at, octets))
    return Curve(tuple(marks), has_wrapped, was_reset)
