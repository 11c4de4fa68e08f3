"""What the scheduler has to do in such a world, moment by moment, written down from the rules and not from its code.

Days are counted where the customer is. A stage of an invoice is reached on the local day due_on + days, at the dunning
minute; what DST leaves out comes at the first minute after it. Nobody is suspended outside the hours, on weekends and
holidays, but at the first moment after. What is open has to come to more than the debt that is ignored.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from tests.integration.clock import world
from tests.integration.clock.local import local_day, local_moment
from tests.integration.clock.meter import Event, Meter, period_starts
from tests.integration.clock.world import Act, Customer, World

DAY = timedelta(days=1)


def dunning_moment(day: date, zone: str) -> datetime:
    """Return when the stages of a day are due there."""
    return local_moment(day, world.DUNNING_MINUTE, zone)


def dunning_day(at: datetime, zone: str) -> date:
    """Return the last day whose stages were due by then."""
    today = local_day(at, zone)
    return today if dunning_moment(today, zone) <= at else today - DAY


def cut_moment(since: datetime, zone: str) -> datetime:
    """Return the first moment from then on at which somebody may be suspended there."""
    day = local_day(since, zone)
    opens, closes = world.CUT_MINUTES
    while True:
        moment = max(since, local_moment(day, opens, zone))
        allowed = day.weekday() not in world.NO_CUT_WEEKDAYS and day not in world.NO_CUT_DAYS
        if allowed and moment < local_moment(day, closes, zone):
            return moment
        day += DAY


@dataclass
class Promise:
    """A day by which a customer wants to pay."""

    pays_on: date
    is_open: bool = True


@dataclass
class Debtor:
    """How a customer stands."""

    customer: Customer
    open_cents: dict[str, int] = field(default_factory=dict)  # by invoice
    due_on: dict[str, date] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)
    promises: list[Promise] = field(default_factory=list)
    lifted_until: datetime | None = None
    suspended_at: datetime | None = None
    suspended_for: date = date.min  # what was due by then has to be paid

    def owes(self, by: date) -> int:
        """Return what was due by a day and is not paid."""
        return sum(cents for number, cents in self.open_cents.items() if self.due_on[number] <= by)


class Oracle:
    """Goes through a world; `events` is what it finds."""

    def __init__(self, lived: World) -> None:
        self.world = lived
        self.debtors = {customer.code: Debtor(customer) for customer in lived.customers}
        self.meters = {customer.code: Meter(customer) for customer in lived.customers if customer.is_capped}
        self.events: list[Event] = []

    def run(self) -> list[Event]:
        """Return all that has to happen by the end."""
        acts = {act.at: act for act in self.world.acts}
        periods = {code: {world.START, *meter.moments()} for code, meter in self.meters.items()}
        for moment in sorted({*self._moments(), *acts, *(at for begins in periods.values() for at in begins)}):
            if world.START <= moment <= world.END:
                for code, begins in periods.items():
                    self.events += self.meters[code].begin(moment) if moment in begins else ()
                self._dun(moment)
            if moment in acts:
                getattr(self, f"_{acts[moment].verb}")(acts[moment], self.debtors[acts[moment].code])
        self.events += self._reports()
        return sorted(self.events, key=str)

    def _moments(self) -> Iterator[datetime]:
        """Yield every moment at which something may be due."""
        day, last = world.START.date() - DAY, world.END.date() + DAY
        while day <= last:
            for zone in world.ZONES:
                yield from (dunning_moment(day, zone), cut_moment(dunning_moment(day, zone), zone))
                yield local_moment(day, 0, zone)
            day += DAY
        for act in self.world.acts:
            if act.verb == "lift":
                yield cut_moment(act.until, self.debtors[act.code].customer.zone)

    def _dun(self, at: datetime) -> None:
        if at == world.START:
            return
        for debtor in self.debtors.values():
            self._end_promise(debtor, at)
            if dunning_moment(dunning_day(at, debtor.customer.zone), debtor.customer.zone) == at:
                self._tell(debtor, at)
            self._suspend(debtor, at)

    def _end_promise(self, debtor: Debtor, at: datetime) -> None:
        for promise in debtor.promises:
            if promise.is_open and local_moment(promise.pays_on + DAY, 0, debtor.customer.zone) <= at:
                promise.is_open = False
                broken = debtor.owes(promise.pays_on) > world.DEBT_IGNORED_CENTS
                code, outcome = debtor.customer.code, "broken" if broken else "kept"
                self.events.append(("promise", code, outcome, promise.pays_on, at))
                if broken:
                    self.events.append(("promise_broken", code, at))

    def _tell(self, debtor: Debtor, at: datetime) -> None:
        overdue, second, _ = debtor.customer.stages
        day = dunning_day(at, debtor.customer.zone)
        first = min(days for days in (overdue, second) if days is not None)
        if debtor.customer.exempt or debtor.owes(day - first * DAY) <= world.DEBT_IGNORED_CENTS:
            return
        for number in [number for number in debtor.open_cents if debtor.due_on[number] + first * DAY <= day]:
            again = second is not None and debtor.due_on[number] + second * DAY <= day
            kind = "second_notice" if again else "overdue"
            if (kind, number) not in debtor.told:
                debtor.told.add((kind, number))
                self.events.append((kind, debtor.customer.code, number, at))

    def _suspend(self, debtor: Debtor, at: datetime) -> None:
        zone, days = debtor.customer.zone, debtor.customer.stages[2]
        assert days is not None, "every group here suspends"
        day = dunning_day(at, zone)
        its_turn = cut_moment(dunning_moment(day, zone), zone) == at
        reached = day - days * DAY
        if its_turn and debtor.suspended_at and debtor.owes(reached) > debtor.owes(debtor.suspended_for):
            debtor.suspended_for = reached
        if debtor.lifted_until is not None and cut_moment(debtor.lifted_until, zone) <= at:
            debtor.lifted_until, its_turn = None, True
        promised = any(promise.pays_on >= day for promise in debtor.promises)
        spared = debtor.customer.exempt or debtor.suspended_at or debtor.lifted_until or promised
        if its_turn and not spared and debtor.owes(reached) > world.DEBT_IGNORED_CENTS:
            debtor.suspended_at, debtor.suspended_for = at, reached
            self.events.append(("suspended", debtor.customer.code, at))

    def _invoice(self, act: Act, debtor: Debtor) -> None:
        debtor.open_cents[act.name], debtor.due_on[act.name] = act.cents, act.day

    def _pay(self, act: Act, debtor: Debtor) -> None:
        if debtor.open_cents.pop(act.name, None) is None or debtor.suspended_at is None:
            return
        if debtor.owes(debtor.suspended_for) <= world.DEBT_IGNORED_CENTS:
            self.events.append(("unsuspended", debtor.customer.code, debtor.suspended_at))
            debtor.suspended_at = None

    def _promise(self, act: Act, debtor: Debtor) -> None:
        if not any(promise.is_open for promise in debtor.promises):
            debtor.promises.append(Promise(act.day))
            debtor.suspended_at = None

    def _lift(self, act: Act, debtor: Debtor) -> None:
        if act.until > act.at:
            debtor.suspended_at, debtor.lifted_until = None, act.until

    def _change(self, act: Act, debtor: Debtor) -> None:
        if act.until > act.at:
            self.events.append(
                ("change", debtor.customer.code, act.name, act.until if act.until <= world.END else None)
            )

    def _use(self, act: Act, debtor: Debtor) -> None:
        self.events += self.meters[debtor.customer.code].use(act.octets, act.at)

    def _buy(self, act: Act, debtor: Debtor) -> None:
        self.events += self.meters[debtor.customer.code].buy(act.octets, act.at)

    def _reports(self) -> Iterator[Event]:
        """Yield a report of each period that ends, at the second when the next one begins."""
        for customer in self.world.customers:
            if customer.cycle_report:
                starts = period_starts(customer.billing_day)
                for ended, begun in pairwise(starts):
                    at = local_moment(begun, 0, customer.zone)
                    if world.START < at <= world.END:
                        yield "report", customer.code, str(ended), at
