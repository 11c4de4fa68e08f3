"""What an operator does about a customer's suspension for debt: now, not for some hours, not before a promised day."""

from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import acts, rows
from provisioning.acts import act
from provisioning.dunning.terms import OPEN, OPEN_CENTS
from provisioning.errors import BadInput, Conflict
from provisioning.models import Customer, Promise
from provisioning.rows import Changes

_TODAY = text("SELECT CAST(CAST(:at AS timestamptz) AT TIME ZONE coalesce(:zone, time_zone) AS date) FROM installation")
_OVERDUE_CENTS = text(f"""
    SELECT coalesce(sum({OPEN_CENTS}), 0) > (SELECT debt_ignored_cents FROM installation) FROM invoice
    WHERE customer_id = :id AND due_on <= :by AND {OPEN}
""")  # noqa: S608 - our own words


@act("customer")
def start(session: Session, customer: Customer, *, at: datetime) -> Changes:
    """Suspend a customer for what is overdue, without waiting for its day; when that is paid, it is over."""
    acts.check_may_view(session, "money")
    if customer.suspended:
        raise Conflict(
            f"customer {customer.code} is suspended already", f"See: tollkeeper suspension status {customer.code}."
        )
    if customer.suspension_exempt:
        raise Conflict(
            f"customer {customer.code} is exempt from suspension for debt",
            f"Change that first: tollkeeper suspension set {customer.code} --no-exempt.",
        )
    due_by = date.fromordinal(_today(session, customer, at).toordinal() - 1)
    if not session.execute(_OVERDUE_CENTS, {"id": customer.id, "by": due_by}).scalar_one():
        raise Conflict(
            f"customer {customer.code} owes nothing that is overdue",
            f"To suspend it for another reason: tollkeeper customer suspend {customer.code}.",
        )
    customer.suspended = customer.suspended_for_debt = True
    customer.suspended_at, customer.suspended_due_on = at, due_by
    customer.unsuspended_until = None
    return rows.save(session, customer)


@act("customer")
def lift(session: Session, customer: Customer, *, until: datetime, at: datetime) -> Changes:
    """Let a customer go on until a moment, whatever it owes; suspended it is again at that second, if it still owes."""
    _refuse_by_hand(customer)
    if until <= at:
        raise BadInput("the time of the respite is over", "Give a time to come, or how long: --for 48h.")
    customer.suspended = False
    customer.unsuspended_until = until
    return _saved(session, customer)


@act("money")
def promise(
    session: Session, customer: Customer, *, pays_on: date, at: datetime, comment: str | None = None
) -> Promise:
    """Note on which day a customer said that it pays: until that is over it is not suspended for debt."""
    _refuse_by_hand(customer)
    if pays_on < _today(session, customer, at):
        raise BadInput(f"{pays_on} is over where customer {customer.code} is", "Give today, or a day to come.")
    made = Promise(customer_id=customer.id, pays_on=pays_on, created_at=at)
    rows.put(made, {"comment": comment})
    rows.add(session, made)
    session.refresh(customer)
    return made


@act("money")
def withdraw(session: Session, customer: Customer, *, at: datetime) -> Promise:
    """End a promise as if it had not been given: the usual rules hold again, from the next dunning moment on."""
    query = select(Promise).where(Promise.customer_id == customer.id, Promise.ended_at.is_(None))
    made = session.scalars(query).one_or_none()
    if made is None:
        raise Conflict(
            f"customer {customer.code} has promised nothing", f"See: tollkeeper suspension status {customer.code}."
        )
    made.ended_at, made.outcome = at, "withdrawn"
    rows.save(session, made)
    return made


def _today(session: Session, customer: Customer, at: datetime) -> date:
    """Return the day it is where the customer is."""
    day: date = session.execute(_TODAY, {"at": at, "zone": customer.time_zone}).scalar_one()
    return day


def _refuse_by_hand(customer: Customer) -> None:
    if customer.suspended and not customer.suspended_for_debt:
        raise Conflict(
            f"customer {customer.code} was suspended by hand, not for debt",
            f"End that with: tollkeeper customer unsuspend {customer.code}.",
        )


def _saved(session: Session, customer: Customer) -> Changes:
    """Save; what triggers have changed too is read again."""
    changes = rows.save(session, customer)
    session.refresh(customer)
    return changes
