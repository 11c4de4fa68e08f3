"""Runs that suspend for debt, and the brake: one that would suspend too many suspends nobody, and waits to be approved.

The percentage is of all customers, deleted ones aside, and counts in one run, which is of those whose moment it is: of
a time zone. One stopped run waits at a time; what the next one finds in the same time zones takes its place there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from provisioning import acts, database, rows
from provisioning.acts import act
from provisioning.dunning import candidates
from provisioning.dunning.candidates import Candidate
from provisioning.dunning.terms import SUSPENSION_DAYS, ZONE
from provisioning.errors import Conflict, Forbidden, NotFound
from provisioning.models import Customer, Installation, SuspensionCandidate, SuspensionRun
from provisioning.scheduling.job import Counts

_RESPITES_OVER = text(f"""
    SELECT customer.id FROM customer, installation
    WHERE unsuspended_until <= :at AND cut_moment({ZONE}, unsuspended_until) <= :at
""")  # noqa: S608 - our own words
_END_RESPITES = text(
    "UPDATE customer SET unsuspended_until = NULL WHERE id = ANY(CAST(:ids AS bigint[])) AND unsuspended_until <= :at"
)
# of who is suspended, what has reached the stage since then has to be paid too
_EXTEND = text(f"""
    UPDATE customer SET suspended_due_on = reached
    FROM (SELECT customer.id, day - {SUSPENSION_DAYS} AS reached
          FROM customer JOIN customer_group ON customer_group.id = group_id CROSS JOIN installation
          JOIN (SELECT zone, dunning_day(zone, :at) AS day
                FROM unnest(CAST(:zones AS text[])) AS zone OFFSET 0) AS place ON zone = {ZONE}
          WHERE suspended_for_debt) AS debtor
    WHERE customer.id = debtor.id AND EXISTS (
        SELECT FROM invoice WHERE customer_id = customer.id AND due_on > suspended_due_on AND due_on <= reached
                              AND kind = 'invoice' AND voided_at IS NULL AND allocated_cents < amount_cents)
""")  # noqa: S608 - our own words
_TAKE_OUT = text(f"""
    DELETE FROM suspension_candidate USING customer, installation
    WHERE run_id = :run AND customer.id = customer_id
      AND ({ZONE} = ANY(CAST(:zones AS text[])) OR customer_id = ANY(CAST(:ids AS bigint[])))
""")  # noqa: S608 - our own words


class Brake(NamedTuple):
    """What a run may do unasked: of so many customers in all, suspend so many at most."""

    customers: int
    most: int


def suspend_due(session: Session, at: datetime, zones: Sequence[str]) -> Counts:
    """Suspend those whose moment this is: those in these time zones, and those whose respite is over.

    If they are too many, nobody is, before it is approved.
    """
    moment = {"at": at}
    over = session.execute(_RESPITES_OVER, moment).scalars().all()
    if zones:
        session.execute(_EXTEND, {**moment, "zones": list(zones)})
    found = {one.customer_id: one for one in candidates.in_zones(session, at, zones)}
    found |= {one.customer_id: one for one in candidates.among(session, at, over)}
    waiting = stopped(session)
    if waiting is not None:  # on these is decided anew
        session.execute(_TAKE_OUT, {"run": waiting.id, "zones": list(zones), "ids": list(found)})
    counts = _suspend(session, at, list(found.values()), waiting) if found else {}
    if waiting is not None:
        _count(session, waiting, at)
    if over:
        session.execute(_END_RESPITES, {**moment, "ids": list(over)})
    return counts


def brake(session: Session) -> Brake:
    """Return the brake as the provider has set it, of the customers that there are."""
    provider = session.scalars(select(Installation)).one()
    customers = session.scalars(select(func.count()).where(Customer.deleted_at.is_(None))).one()
    return Brake(customers, max(provider.brake_customers, int(customers * provider.brake_percent / 100)))


def _suspend(session: Session, at: datetime, found: Sequence[Candidate], waiting: SuspensionRun | None) -> Counts:
    limit = brake(session)
    run = SuspensionRun(ran_for=at, customers=limit.customers, candidates=len(found), state="done")
    if len(found) > limit.most:
        _hold(session, run, found, waiting)
        return {"held_back": len(found)}
    run.suspended = candidates.suspend(session, at, [one.customer_id for one in found])
    if run.suspended:
        rows.add(session, run)
    return {"suspended": run.suspended}


def _hold(session: Session, run: SuspensionRun, found: Sequence[Candidate], waiting: SuspensionRun | None) -> None:
    """Keep whom a run would have suspended, beside those of other time zones who wait."""
    if waiting is None:
        run.state = "stopped"
        waiting = rows.add(session, run)
    waiting.ran_for, waiting.customers = run.ran_for, run.customers
    session.execute(insert(SuspensionCandidate), [{"run_id": waiting.id, **one._asdict()} for one in found])


def _count(session: Session, waiting: SuspensionRun, at: datetime) -> None:
    """Note how many wait; a run with nobody left is over."""
    query = select(func.count()).where(SuspensionCandidate.run_id == waiting.id)
    waiting.candidates = session.scalars(query).one()
    if not waiting.candidates:
        waiting.state, waiting.decided_at = "discarded", at
    database.flush(session)


def stopped(session: Session) -> SuspensionRun | None:
    """Return the run that waits to be approved."""
    query = select(SuspensionRun).where(SuspensionRun.state == "stopped")
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def find_stopped(session: Session, run_id: int | None) -> SuspensionRun:
    """Return the run that waits, which has to be of this id if one is given."""
    acts.check_may_view(session, "money")
    if not session.execute(text("SELECT sees_all()")).scalar_one():
        raise Forbidden("runs are of the whole provider", "An operator of the provider decides, without --as.")
    run = stopped(session)
    if run_id is not None and (run is None or run.id != run_id):
        if (other := session.get(SuspensionRun, run_id)) is None:
            raise NotFound(f"no run has the id {run_id}", "See which one waits: tollkeeper suspension status.")
        raise Conflict(f"run {run_id} is {other.state}", "See which one waits: tollkeeper suspension status.")
    if run is None:
        raise Conflict("no run waits to be decided", "See: tollkeeper suspension status.")
    return run


@act("money")
def approve(session: Session, run: SuspensionRun, *, at: datetime) -> int:
    """Suspend those of a stopped run who still owe, whatever the hour; return how many that were."""
    acts.check_may_edit(session, "customer")
    ids = session.scalars(select(SuspensionCandidate.customer_id).where(SuspensionCandidate.run_id == run.id)).all()
    run.suspended = candidates.suspend(session, at, ids)
    _decide(session, run, "approved", at)
    return run.suspended


@act("money")
def discard(session: Session, run: SuspensionRun, *, at: datetime) -> None:
    """Suspend nobody of a stopped run; the next one looks again."""
    _decide(session, run, "discarded", at)


def _decide(session: Session, run: SuspensionRun, state: str, at: datetime) -> None:
    run.state, run.decided_at = state, at
    run.decided_by = session.execute(text("SELECT session_user")).scalar_one()
    rows.save(session, run)
