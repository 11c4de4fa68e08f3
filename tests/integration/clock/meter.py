"""The oracle's part about data: an account with a cap, its months, what rolls over, what was bought."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.integration.clock import world
from tests.integration.clock.local import local_day, local_moment
from tests.integration.clock.world import Customer

Event = tuple[object, ...]


def period_starts(billing_day: int) -> list[date]:
    """Return the first days of all billing periods that matter: in a short month its last day."""
    months = [(year, month) for year in range(world.START.year - 1, world.END.year + 7) for month in range(1, 13)]
    return [date(year, month, min(billing_day, calendar.monthrange(year, month)[1])) for year, month in months]


@dataclass
class Data:
    """A month's data, or what was bought: no more to be used from `expires_at` on."""

    octets: int
    expires_at: datetime | None
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.octets


@dataclass
class Meter:
    """Charges what is used: to the month, to what rolled over, to what was bought; of each what expires first."""

    customer: Customer
    months: list[Data] = field(default_factory=list)  # the present one is the last
    bought: list[Data] = field(default_factory=list)
    charged: int = 0  # in this period, to something
    told: set[int] = field(default_factory=set)
    period: date = date.min
    capped: bool = False

    def __post_init__(self) -> None:
        self.starts = period_starts(self.customer.billing_day)

    def moments(self) -> Iterator[datetime]:
        """Yield when its periods begin."""
        return (local_moment(day, 0, self.customer.zone) for day in self.starts)

    def begin(self, at: datetime) -> Iterator[Event]:
        """A period begins, and what ends with the one before is gone."""
        today = local_day(at, self.customer.zone)
        number = max(index for index, day in enumerate(self.starts) if day <= today)
        until = self.starts[number + 1 + self.customer.rollover_months]
        self.period, self.charged, self.told = self.starts[number], 0, set()
        self.months.append(Data(world.CAP_OCTETS, local_moment(until, 0, self.customer.zone)))
        yield "opened", at, self.customer.code
        for data in self.bought:
            if data.expires_at == at and data.left:
                yield "topup_expired", self.customer.code, at
        self.months = [data for data in self.months if data.expires_at and data.expires_at > at]
        self.bought = [data for data in self.bought if data.expires_at is None or data.expires_at > at]
        yield from self._conclude(at)

    def use(self, octets: int, at: datetime) -> Iterator[Event]:
        """Charge octets; what nothing is left for is free of charge."""
        rolled = sorted(self.months[:-1], key=lambda data: data.expires_at or world.END)
        never = datetime.max.replace(tzinfo=at.tzinfo)
        bought = sorted(self.bought, key=lambda data: data.expires_at or never)
        for data in (self.months[-1], *rolled, *bought):
            taken = min(octets, data.left)
            data.left -= taken
            self.charged += taken
            octets -= taken
        yield from self._conclude(at)

    def buy(self, octets: int, at: datetime) -> Iterator[Event]:
        """Add a top-up, which lets the account on at once."""
        months = self.customer.topup_months
        index = max(index for index, day in enumerate(self.starts) if day <= local_day(at, self.customer.zone))
        expires_at = None if months is None else local_moment(self.starts[index + 1 + months], 0, self.customer.zone)
        self.bought.append(Data(octets, expires_at))
        self.capped = False
        yield "topup", self.customer.code, at

    def _conclude(self, at: datetime) -> Iterator[Event]:
        left = sum(data.left for data in (*self.months, *self.bought))
        if self.capped != (left == 0):
            self.capped = left == 0
            yield ("reached" if self.capped else "lifted"), at, self.customer.code
        total = self.charged + left
        passed = [percent for percent in world.PERCENTS if self.charged and self.charged * 100 >= percent * total]
        for percent in passed:
            if percent not in self.told:
                self.told.add(percent)
                is_told = percent == max(passed)
                yield "usage", self.customer.code, str(self.period), percent, at, is_told
