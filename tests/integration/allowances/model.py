"""What settle_allowances has to do, in plain Python: one account in UTC, whose billing day is the 1st.

Amounts are charged a unit at a time, so nothing is taken from the statements that are tested.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta


def midnight(day):
    """Return when a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def next_month(day, months=1):
    """Return the first day of the month so many later."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


@dataclass
class Topup:
    """Data bought."""

    octets: int
    starts_at: datetime
    expires_at: datetime | None
    used: int = 0
    cancelled: bool = False


@dataclass
class Period:
    """A month."""

    start: date
    octets: int
    expires_at: datetime
    used: int = 0
    counted: int = 0
    over: int = 0
    settled_at: datetime | None = None  # None: not yet

    @property
    def ends_at(self):
        """When the next begins."""
        return midnight(next_month(self.start))


@dataclass
class Model:
    """An account: its cap, what it used by day, bought and has."""

    cap: int | None
    rollover: int = 0
    usage: dict[date, int] = field(default_factory=dict)
    topups: list[Topup] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    is_open: bool = False
    capped: bool = False
    told: set[tuple[date, int]] = field(default_factory=set)
    heard: set[date] = field(default_factory=set)  # of which days, since it was last settled

    def settle(self, at):
        """Do what is due, month by month."""
        while self.is_open and self.periods[-1].ends_at < at:
            self._settle(self.periods[-1].ends_at)
        self._settle(at)
        self.heard.clear()

    def _settle(self, at):
        start = at.date().replace(day=1)
        if self.cap is None:
            self.is_open = self.capped = False
            return
        if not self.periods or self.periods[-1].start < start:
            expires_at = midnight(next_month(start, 1 + self.rollover))
            self.periods.append(Period(start, self.cap, expires_at))
        now = self.periods[-1]
        now.octets = max(self.cap, now.used)
        now.expires_at = midnight(next_month(start, 1 + self.rollover))
        if not self.is_open:
            now.settled_at = None
        self.is_open = True
        for period in self.periods:
            if period is now or any(midnight(day) < period.ends_at for day in self.heard):
                self._charge(period, at, is_current=period is now)
        now.settled_at = at
        self._conclude(now, at)

    def _charge(self, period, at, *, is_current):
        total = sum(octets for day, octets in self.usage.items() if day.replace(day=1) == period.start)
        since = period.settled_at if is_current else None
        sources = [period, *self._others(period, at, since)]
        for _ in range(total - period.counted):
            source = next((one for one in sources if one.used < one.octets), None)
            if source is None:
                period.over += 1
            else:
                source.used += 1
        period.counted = total

    def _others(self, period, at, since):
        """What may be charged besides: valid in the period, and at some moment since it was last settled."""

        def lasts(expires_at):
            return expires_at is None or (expires_at > midnight(period.start) and (since is None or expires_at > since))

        rolled = [one for one in self.periods if one.start < period.start and lasts(one.expires_at)]
        bought = [
            one
            for one in self.topups
            if not one.cancelled and one.starts_at <= at and one.starts_at < period.ends_at and lasts(one.expires_at)
        ]
        forever = datetime.max.replace(tzinfo=UTC)
        return [
            *sorted(rolled, key=lambda one: (one.expires_at, one.start)),
            *sorted(bought, key=lambda one: one.expires_at or forever),
        ]

    def _conclude(self, now, at):
        left = now.octets - now.used
        left += sum(one.octets - one.used for one in self.periods[:-1] if one.expires_at > at)
        left += sum(
            one.octets - one.used
            for one in self.topups
            if not one.cancelled and one.starts_at <= at and (one.expires_at is None or one.expires_at > at)
        )
        self.capped = left <= 0
        charged = now.counted - now.over
        self.told |= {(now.start, part) for part in (75, 100) if charged and charged * 100 >= part * (charged + left)}


STEP = timedelta(hours=7)
