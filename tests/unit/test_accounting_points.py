"""Counters over time: growth, zeros, wraps, resets, and which points may go."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.accounting import days, points
from policies.accounting.points import Point
from tests.unit.accounting_factory import BERLIN, NOON

W = 2**32
H = 2**31


def collect(*counters: tuple[int, ...], step: int = 600, wide: bool = False) -> tuple[Point, ...]:
    """Return the points of these (octets_in, octets_out), ten minutes apart."""
    return tuple(Point(NOON + step * at, one[0], one[-1], wide) for at, one in enumerate(counters))


def add_all(several: tuple[Point, ...], time_zone: str = "UTC") -> tuple[Point, ...]:
    """Add them one after the other."""
    known: tuple[Point, ...] = ()
    for point in several:
        known = points.add(known, point, time_zone)
    return known


@pytest.mark.parametrize(
    ("counters", "wide", "octets", "wrapped", "was_reset"),
    [
        ([0, 5, 5, 9], False, 9, False, False),
        ([100, 0], False, 100, False, False),
        ([100, 0, 200], False, 200, False, False),
        ([100, 0, 50], False, 150, False, True),
        ([100, 40], True, 140, False, True),
        ([100, 40], False, 140, False, True),
        ([H, 40], False, W + 40, True, False),
        ([H - 1, 40], False, H + 39, False, True),
        ([H, 40], True, H + 40, False, True),
        ([W - 1, 40], False, W + 40, True, False),
        ([W - 1, 40, W - 5, 7], False, 2 * W + 7, True, False),
        ([W - 1, 40, 20], False, W + 60, True, True),
    ],
)
def test_counters_that_fall_have_wrapped_or_begun_again(
    counters: list[int], wide: bool, octets: int, wrapped: bool, was_reset: bool
) -> None:
    """A wrap needs 32 bits and the upper half of them; a zero says nothing; anything else is a reset, and counts on."""
    curve = points.draw_in(collect(*((one,) for one in counters), wide=wide))
    assert (curve.octets, curve.has_wrapped, curve.was_reset) == (octets, wrapped, was_reset)


@pytest.mark.parametrize("wide_at", [0, 1])
def test_a_counter_with_gigawords_on_either_side_does_not_wrap(wide_at: int) -> None:
    """One record with them is enough to know."""
    several = [Point(NOON + at, octets, octets, at == wide_at) for at, octets in enumerate((W - 1, 5))]
    assert points.draw_out(tuple(several)).octets == W + 4


def test_each_direction_is_on_its_own() -> None:
    """An upload counter that wraps leaves the download counter as it is."""
    several = collect((W - 1, 5), (3, 9))
    assert (points.draw_in(several).octets, points.draw_out(several).octets) == (W + 3, 9)


def test_no_points_no_octets() -> None:
    """A session of which nothing is known has moved nothing."""
    assert points.draw_in(()).octets == 0


def test_points_of_one_second_are_one() -> None:
    """The greater of each counter."""
    one, other = Point(NOON, 5, 9, False), Point(NOON, 7, 8, True)
    assert points.add((one,), other, "UTC") == (Point(NOON, 7, 9, True),)


def test_a_late_point_takes_its_place() -> None:
    """Order is that of the events."""
    first, second, third = collect((9,), (5,), (7,))
    assert points.add((first, third), second, "UTC") == (first, second, third)


@pytest.mark.parametrize(
    ("counters", "kept"),
    [
        ([1, 2, 3, 4], [1, 4]),
        ([0, 0, 0, 0], [0, 0]),
        ([0, 1, 2, 3], [0, 1, 3]),
        ([1, 9, 3, 4, 5], [1, 9, 3, 5]),
        ([1, 9, 0, 0, 0, 10, 11], [1, 9, 0, 10, 11]),
    ],
)
def test_needless_points_go(counters: list[int], kept: list[int]) -> None:
    """Those between two others of a growing run; falls, ends, and what follows a zero stay."""
    assert [point.octets_in for point in add_all(collect(*((one,) for one in counters)))] == kept


def test_a_direction_that_falls_keeps_the_point() -> None:
    """A point goes when both directions can do without it."""
    several = collect((1, 9), (2, 3), (3, 4))
    assert add_all(several) == several


def test_a_month_of_interims_keeps_two_points_a_day() -> None:
    """4,320 interims of ten minutes, 31 local days."""
    kept = add_all(collect(*((7 + at,) for at in range(4320))), BERLIN)
    assert len(kept) <= 2 * 31


COUNTERS = st.sampled_from([0, 0, 1, 2, 50, H - 1, H, W - 9, W - 1, W + 5]) | st.integers(0, 2 * W)
MOMENTS = st.integers(NOON, NOON + 3 * 86400)
POINTS = st.lists(st.builds(Point, MOMENTS, COUNTERS, COUNTERS, st.booleans()), min_size=1, max_size=12)


def total(several: tuple[Point, ...]) -> tuple[int, int]:
    """Return the octets of both directions."""
    return points.draw_in(several).octets, points.draw_out(several).octets


def by_day(several: tuple[Point, ...]) -> list[tuple[int, int, int]]:
    """Return what the curves show at each midnight, as fractions of the neighbouring marks: at, octets, direction."""
    found = []
    for direction, curve in enumerate((points.draw_in(several), points.draw_out(several))):
        for before, after in zip(curve.marks, curve.marks[1:], strict=False):
            first, last = days.find_day(BERLIN, before.at), days.find_day(BERLIN, after.at)
            if first != last and before.octets != after.octets:
                found += [(before.at, before.octets, direction), (after.at, after.octets, direction)]
    return found


@given(POINTS)
def test_pruning_changes_nothing(several: list[Point]) -> None:
    """Whatever the counters did: the same octets in all, and every stretch over a midnight is the same."""
    unpruned: dict[int, Point] = {}
    for point in several:
        unpruned[point.event_at] = points._merge(unpruned.get(point.event_at, point), point)
    whole = tuple(unpruned[at] for at in sorted(unpruned))
    pruned = add_all(whole, BERLIN)
    assert total(pruned) == total(whole)
    assert by_day(pruned) == by_day(whole)
    assert set(pruned) <= set(whole)


@given(POINTS, st.randoms())
def test_pruned_points_are_the_same_in_any_order_while_counters_grow(several: list[Point], chance: object) -> None:
    """Of a run that grows, the same points stay, whatever the order in which they came."""
    moments = sorted({point.event_at for point in several})
    grown = [
        Point(at, octets_in, octets_out, True)
        for at, octets_in, octets_out in zip(
            moments,
            sorted(point.octets_in for point in several),
            sorted(point.octets_out for point in several),
            strict=False,
        )
    ]
    shuffled = list(grown)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert add_all(tuple(shuffled), BERLIN) == add_all(tuple(grown), BERLIN)


@given(POINTS, st.integers(0, 2))
def test_one_more_point_never_lowers_a_total(several: list[Point], habit: int) -> None:
    """Where a router sends Gigawords always, never, or whenever they are not zero; on unpruned points."""

    def as_sent(point: Point) -> Point:
        if habit == 1:
            return Point(point.event_at, point.octets_in % W, point.octets_out % W, False)
        if habit == 2:
            return point._replace(has_gigawords=True)
        return point._replace(octets_out=point.octets_in, has_gigawords=point.octets_in >= W)

    unique = {point.event_at: as_sent(point) for point in several}
    last = as_sent(several[-1])
    whole = tuple(unique[at] for at in sorted(unique))
    fewer = tuple(point for point in whole if point.event_at != last.event_at)
    assert all(more >= less for more, less in zip(total(whole), total(fewer), strict=True))


@given(POINTS)
def test_growing_is_counting(several: list[Point]) -> None:
    """The short way gives what counting all points gives, or nothing."""
    *known, last = add_all(tuple(several))
    before = points.count(tuple(known))
    grown = points.grow(tuple(known), last, before.octets_in, before.octets_out)
    if grown is not None:
        assert grown._replace(flags=before.flags) == points.count((*known, last))


def test_a_week_is_seven_days() -> None:
    """Points of different days stay, however far apart."""
    several = collect((1,), (2,), (3,), (4,), step=int(timedelta(days=1).total_seconds()))
    assert add_all(several) == several
