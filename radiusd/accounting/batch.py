"""What a batch of spooled records means for the sessions in hand, the ledger of usage and the balance. No I/O.

Every record becomes one of four: applied, duplicate, superseded, quarantined. One that the pure code cannot take goes
to quarantine with what it raised, and the others go on.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import orjson

from policies.accounting import record as records
from policies.accounting import session as sessions
from policies.accounting import usage
from policies.accounting.record import Quarantined, Record
from policies.accounting.session import Effect, Session
from policies.accounting.usage import UsageKey
from radiusd.accounting.spool import SpooledRecord
from radiusd.accounting.working import AccountFacts, Held, Working

_BIGINT_MAX = 2**63 - 1
_DAY_SECONDS = 86_400

Fate = Literal["applied", "duplicate", "superseded", "quarantined"]
UsageRow = tuple[int, str, str]  # account_id, day, period_start


class Poison(Exception):
    """a record in the batch, or several together, cannot be folded"""


class Entry(NamedTuple):
    """A record of the spool, understood or not."""

    spooled: SpooledRecord
    record: Record | Quarantined


@dataclass
class Outcome:
    """What a batch changes besides the sessions in hand."""

    fates: Counter[tuple[int, Fate]] = field(default_factory=Counter)  # by UTC day of arrival, in days since 1970
    quarantined: list[tuple[SpooledRecord, str]] = field(default_factory=list)
    reboots: set[tuple[str, int]] = field(default_factory=set)  # router and moment: what is new
    usage: dict[UsageRow, tuple[int, int]] = field(default_factory=dict)


def parse(spooled: Sequence[SpooledRecord]) -> list[Entry]:
    """Return each record as `policies.accounting.record` understands it."""
    return [Entry(one, _parse(one)) for one in spooled]


def _parse(spooled: SpooledRecord) -> Record | Quarantined:
    try:
        return records.parse(orjson.loads(spooled.body), spooled.received_at)
    except Exception as exc:  # whatever it is, it is this record's fault and stops no other
        return Quarantined(_reason(exc))


def _reason(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"


class Folding:
    """Folds entries, in their order, into the sessions in hand."""

    def __init__(
        self, working: Working, facts_of: Callable[[str], AccountFacts], known_reboots: Iterable[tuple[str, int]]
    ) -> None:
        self.outcome = Outcome()
        self._working = working
        self._facts_of = facts_of
        self._reboots: defaultdict[str, set[int]] = defaultdict(set)
        for nas_address, rebooted_at in known_reboots:
            self._reboots[nas_address].add(rebooted_at)

    def fold(self, entries: Iterable[Entry]) -> Outcome:
        """Return what the entries change; raise `Poison`."""
        outcome = self.outcome
        for spooled, record in entries:
            fate: Fate
            if isinstance(record, Quarantined):
                fate = self._quarantine(spooled, record.reason)
            else:
                try:
                    fate = self._fold_one(record, spooled.received_at)
                except Exception as exc:  # it is this record's fault and stops no other
                    fate = self._quarantine(spooled, _reason(exc))
            outcome.fates[int(spooled.received_at // _DAY_SECONDS), fate] += 1
        self._add_up()
        return outcome

    def _quarantine(self, spooled: SpooledRecord, reason: str) -> Fate:
        self.outcome.quarantined.append((spooled, reason))
        return "quarantined"

    def _fold_one(self, record: Record, received_at: float) -> Effect:
        if record.kind in ("on", "off"):
            return self._reboot(record)
        held = self._working.find(record)
        if held is None:
            return self._begin(record, received_at)
        session, effect = sessions.take(held.session, record)
        self._working.replace(held, _storable(self._end(session, received_at)))
        return effect

    def _begin(self, record: Record, received_at: float) -> Effect:
        facts = self._facts_of(record.user_name)
        session = sessions.begin(
            record,
            time_zone=facts.time_zone,
            billing_day=facts.billing_day,
            interim_seconds=facts.interim_seconds,
        )
        session = _storable(self._end(session, received_at))
        self._working.add(Held(session, before=None, id=None, account_id=facts.account_id))
        return "applied"

    def _end(self, session: Session, received_at: float) -> Session:
        """Told late of a session, its router may be known to have begun anew since. A clock that is fast then, and put
        right soon after, ends no session that really began later.
        """
        for rebooted_at in self._reboots.get(session.nas_address, ()):
            if rebooted_at <= received_at:
                reboot = Record("on", session.nas_address, "", "", rebooted_at)
                session = sessions.close_for_reboot(session, reboot) or session
        return session

    def _reboot(self, record: Record) -> Effect:
        known = self._reboots[record.nas_address]
        if record.event_at in known:
            return "duplicate"
        known.add(record.event_at)
        self.outcome.reboots.add((record.nas_address, record.event_at))
        for held in self._working.of_nas(record.nas_address):
            closed = sessions.close_for_reboot(held.session, record)
            if closed is not None:
                self._working.replace(held, closed)
        return "applied"

    def _add_up(self) -> None:
        for held in self._working:
            if held.account_id is not None and held.is_changed:
                add_usage(self.outcome.usage, held)


def add_usage(totals: dict[UsageRow, tuple[int, int]], held: Held) -> None:
    """Add to `totals` what a session's account has used since the database last heard of it; raise `Poison`."""
    account_id = held.account_id
    if account_id is None:
        return
    try:
        deltas = usage.deltas(held.before, held.session)
    except Exception as exc:  # which of its records is at fault, a smaller batch will tell
        raise Poison(_reason(exc)) from exc
    for key, (octets_in, octets_out) in deltas.items():
        row = account_id, *_written(key)
        so_far_in, so_far_out = totals.get(row, (0, 0))
        totals[row] = so_far_in + octets_in, so_far_out + octets_out


@lru_cache(maxsize=4096)
def _written(key: UsageKey) -> tuple[str, str]:
    return str(key.day), str(key.period_start)


def _storable(session: Session) -> Session:
    """Return the session; raise OverflowError where PostgreSQL's bigint cannot hold it."""
    if session.octets_in > _BIGINT_MAX or session.octets_out > _BIGINT_MAX or session.session_seconds > _BIGINT_MAX:
        raise OverflowError("a counter beyond 2^63")
    return session


def day(number: int) -> str:
    """Return a day, given in days since 1970, as PostgreSQL reads it."""
    return time.strftime("%Y-%m-%d", time.gmtime(number * _DAY_SECONDS))
