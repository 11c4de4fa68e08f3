"""What those who are online notice of a change: who would be cut, walled in, slowed, sped up or freed.

Each open session of the customers concerned is decided twice by the hook's own rules (policies), with the facts as the
change makes them and as they are. What is decided for it now is what the next CoA, Disconnect or login brings.

Known weakness: a change that a session does not notice before its next login (pool, address, attributes) is not told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from math import ceil
from time import time
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from policies.decide import Outcome, decide
from policies.facts import Facts
from provisioning.live_facts import Online, Reader, online

EFFECTS = ("cut", "walled in", "slowed", "sped up", "freed", "not touched")

Tell = Callable[[int, int], None] | None

_NEEDED = ["group", "package", "customer", "account", "session", "nas"]
_ACCOUNTS_AT_ONCE = 2_000
_UNSEEN = text("SELECT area FROM unnest(CAST(:areas AS area[])) AS area WHERE NOT may(area, 'view')")


class Treated(NamedTuple):
    """How a session is treated, and why. No rates: no speed limit, or no session."""

    outcome: Outcome
    reason: str
    download_bps: int | None = None
    upload_bps: int | None = None
    bursts: tuple[int | None, int | None] = (None, None)


class Noticed(NamedTuple):
    """An open session and what the change means to it."""

    session_id: int
    user_name: str
    customer: str
    nas: str
    started_at: datetime
    effect: str
    before: Treated
    after: Treated

    @property
    def reason(self) -> str:
        """Why: of a session that is freed, what ends."""
        return self.before.reason if self.effect == "freed" else self.after.reason


class Watched(NamedTuple):
    """Sessions, and how the change would have them treated at that moment."""

    sessions: Sequence[Online]
    after: Mapping[int, Treated]
    now: float


def unseen(session: Session) -> list[str]:
    """Return the areas that the operator would have to see to know who is online and how they are treated."""
    return list(session.scalars(_UNSEEN, {"areas": _NEEDED}))


def watch(session: Session, tell: Tell) -> Watched:
    """Decide the open sessions of all whom this transaction's changes concern, as things would be."""
    sessions = online(session)
    now = float(ceil(time()))  # `now` may have been rounded up: a moment is kept in whole seconds
    return Watched(sessions, dict(_decided(session, sessions, now, tell, 0)), now)


def compare(session: Session, watched: Watched, tell: Tell) -> list[Noticed]:
    """Decide them as things are, and return what they would notice, the worst first."""
    before = dict(_decided(session, watched.sessions, watched.now, tell, len(watched.sessions)))
    noticed = [
        Noticed(
            *(one.id, one.user_name, one.customer, one.nas, one.started_at),
            _effect(before[one.id], watched.after[one.id]),
            before[one.id],
            watched.after[one.id],
        )
        for one in watched.sessions
    ]
    return sorted(noticed, key=lambda one: (EFFECTS.index(one.effect), one.user_name, one.started_at))


def _decided(
    session: Session, sessions: Sequence[Online], now: float, tell: Tell, done: int
) -> Iterator[tuple[int, Treated]]:
    if not sessions:
        return
    reader = Reader(session)
    by_account = sorted(sessions, key=lambda one: one.account_id)  # stable: the oldest first
    accounts = [list(some) for _, some in groupby(by_account, key=lambda one: one.account_id)]
    for first in range(0, len(accounts), _ACCOUNTS_AT_ONCE):
        some = [one for group in accounts[first : first + _ACCOUNTS_AT_ONCE] for one in group]
        for one, facts in zip(some, reader.facts(some, now), strict=True):
            yield one.id, _treated(facts, now)
        done += len(some)
        if tell is not None:
            tell(done, 2 * len(sessions))


def _treated(facts: Facts | None, now: float) -> Treated:
    decision = decide(facts, now)
    told = decision.outcome, decision.reason.value
    if decision.rates is not None:
        return Treated(*told, *decision.rates)
    if facts is None or decision.outcome != "accept":
        return Treated(*told)
    package = facts.package
    bursts = package.burst_download_bps, package.burst_upload_bps
    return Treated(*told, package.download_bps, package.upload_bps, bursts)


def _effect(before: Treated, after: Treated) -> str:
    let_in = ("accept", "throttle")
    if after.outcome == "reject":
        return "not touched" if before.outcome == "reject" else "cut"
    if after.outcome == "garden" and before.outcome != "garden":
        return "walled in"
    if after.outcome in let_in and before.outcome not in let_in:
        return "freed"
    was, will_be = _speeds(before), _speeds(after)
    if was == will_be:
        return "not touched"
    return "slowed" if any(one < other for one, other in zip(will_be, was, strict=True)) else "sped up"


def _speeds(treated: Treated) -> list[float]:
    """Return rates and bursts as they compare: no limit is the fastest."""
    rates = [rate or float("inf") for rate in (treated.download_bps, treated.upload_bps)]
    return rates + [burst or rate for burst, rate in zip(treated.bursts, rates, strict=True)]
