"""What happens in two years, but for what the scheduler does: customers in three time zones, and what is done to them.

It is made by a random generator with a seed, so that it is the same in every run.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# later than any real now: what triggers note with the real clock is never to come
START = datetime(2041, 1, 10, tzinfo=UTC)
END = START + timedelta(days=731)

ZONES = ("Africa/Johannesburg", "Europe/Berlin", "America/New_York")
DUNNING_MINUTE = 150  # half past two: Berlin and New York skip it once a year, Berlin has it twice
CUT_MINUTES = (120, 960)  # two o'clock, which Berlin and New York skip once a year too
NO_CUT_WEEKDAYS = (5, 6)  # Saturday, Sunday
NO_CUT_DAYS = (date(2041, 4, 19), date(2041, 4, 22), date(2041, 12, 25), date(2041, 12, 26), date(2042, 12, 25))
DEBT_IGNORED_CENTS = 500
PACKAGES = ("Small", "Middle", "Large")
CAP_OCTETS = 10_000
PERCENTS = (75, 90, 100)

Stages = tuple[int | None, int | None, int | None]  # days from the due date to overdue, second notice, suspension
GROUPS: dict[str, Stages] = {"Homes": (1, 7, 14), "Shops": (0, None, 30)}


@dataclass(frozen=True)
class Customer:
    """A customer with an account that is named after it, and maybe one with a data cap."""

    code: str
    zone: str
    group: str
    own: Stages = (None, None, None)
    billing_day: int = 1
    exempt: bool = False
    cycle_report: bool = False
    is_capped: bool = False  # it has a second account, with a data cap
    rollover_months: int = 0
    topup_months: int | None = None

    @property
    def stages(self) -> Stages:
        """Its own days, else its group's."""
        first, second, third = (mine if mine is not None else default for mine, default in self._pairs)
        return first, second, third

    @property
    def _pairs(self) -> Iterator[tuple[int | None, int | None]]:
        return zip(self.own, GROUPS[self.group], strict=True)


@dataclass(frozen=True)
class Act:
    """What somebody does to a customer at a moment, and with what."""

    at: datetime
    code: str
    verb: str
    name: str = ""
    day: date = date.min
    cents: int = 0
    octets: int = 0
    until: datetime = START


@dataclass(frozen=True)
class World:
    """All of it. `downtimes`: when no scheduler runs and nobody does anything."""

    customers: list[Customer]
    acts: list[Act]
    downtimes: list[tuple[datetime, datetime]]


def make(seed: int) -> World:
    """Return two years."""
    dice = random.Random(seed)
    starts = sorted(START + timedelta(days=30 + 90 * number + dice.randrange(60)) for number in range(6))
    downtimes = [(start, start + timedelta(hours=dice.randrange(20, 120))) for start in starts]
    customers = list(_customers(dice))
    acts = [act for customer in customers for act in (*_acts(dice, customer), *_data(dice, customer))]
    awake = {
        _awake(dice, act.at, downtimes): act for act in acts
    }  # nothing happens in the same second as something else
    moved = [Act(**{**vars(act), "at": at}) for at, act in awake.items() if START < at < END]
    return World(customers, sorted(moved, key=lambda act: act.at), downtimes)


def _customers(dice: random.Random) -> Iterator[Customer]:
    for zone in ZONES:
        name, day = zone.partition("/")[2][0], dice.randrange(1, 29)
        exempt = zone == ZONES[0]
        yield Customer(f"{name}H1", zone, "Homes", billing_day=31, cycle_report=True, is_capped=True, rollover_months=2)
        yield Customer(f"{name}H2", zone, "Homes", (None, None, 7), billing_day=day, is_capped=True, topup_months=0)
        yield Customer(f"{name}S1", zone, "Shops", billing_day=15, cycle_report=True)
        yield Customer(
            f"{name}S2", zone, "Shops", exempt=exempt, billing_day=1, is_capped=True, rollover_months=1, topup_months=1
        )


def _acts(dice: random.Random, customer: Customer) -> Iterator[Act]:
    for month in range(23):
        at = START + timedelta(days=30.4 * month + dice.random() * 28)
        due_on = at.date() + timedelta(days=dice.choice([-25, -10, 0, 3, 14, 14, 14, 30]))
        number = f"{customer.code}-{month}"
        yield Act(at, customer.code, "invoice", number, day=due_on, cents=dice.choice([300, 10_000, 10_000, 25_000]))
        paid_after = dice.choice([1, 5, 12, 20, 25, 30, 35, 50, 900])
        yield Act(at + timedelta(days=paid_after * (0.5 + dice.random())), customer.code, "pay", number)
        if dice.random() < 0.2:
            at += timedelta(days=dice.randrange(10, 60), seconds=dice.randrange(86_400))
            yield Act(at, customer.code, "lift", until=_second(at + timedelta(hours=dice.randrange(1, 200))))
    moments: set[datetime] = set()
    for quarter in range(7):
        at = START + timedelta(days=91 * quarter + dice.random() * 60)
        yield Act(at, customer.code, "promise", day=at.date() + timedelta(days=dice.randrange(2, 25)))
        to_come = _second(at + timedelta(days=8 + dice.random() * 30))
        if dice.random() < 0.3:  # a package from a month's first second on
            first = date(to_come.year, to_come.month, 1) + timedelta(days=31)
            to_come = datetime.combine(first.replace(day=1), time(), ZoneInfo(customer.zone)).astimezone(UTC)
        if to_come not in moments:  # an account has one change a moment
            yield Act(at + timedelta(days=3), customer.code, "change", dice.choice(PACKAGES), until=to_come)
        moments.add(to_come)


def _data(dice: random.Random, customer: Customer) -> Iterator[Act]:
    for number in range(40 if customer.is_capped else 0):
        at = START + timedelta(days=18 * (number + dice.random()))
        yield Act(at, customer.code, "use", octets=dice.choice([100, 4_000, 7_000, 9_000, 16_000]))
        if dice.random() < 0.4:
            yield Act(at + timedelta(hours=5), customer.code, "buy", octets=dice.choice([500, 4_000, 9_000]))


def _awake(dice: random.Random, at: datetime, downtimes: list[tuple[datetime, datetime]]) -> datetime:
    for begins, ends in downtimes:
        if begins <= at <= ends:
            at = ends + timedelta(seconds=dice.randrange(1, 7_200))
    return _second(at)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
