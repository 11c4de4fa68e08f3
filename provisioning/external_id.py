"""External ids: what other systems (billing, support) call a customer, looked up both ways."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import acts, database, rows
from provisioning.acts import act
from provisioning.errors import NotFound
from provisioning.models import Customer, ExternalId


@act("customer")
def add(session: Session, customer: Customer, system: str, value: str) -> ExternalId:
    """Note that a system calls a customer so: one name a system, and nobody else has it there."""
    external = ExternalId(customer_id=customer.id)
    rows.put(external, {"system": system.strip().lower(), "value": value.strip()})
    return rows.add(session, external)


@act("customer")
def remove(session: Session, external: ExternalId) -> None:
    """Forget what a system calls a customer."""
    session.delete(external)
    database.flush(session)


def of_customer(session: Session, customer: Customer, system: str) -> ExternalId:
    """Return what a system calls a customer."""
    query = select(ExternalId).where(ExternalId.customer_id == customer.id, ExternalId.system == system.strip().lower())
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(
            f"customer {customer.code} has no name in {system!r}",
            f"List what it has: tollkeeper external-id list {customer.code}.",
        )
    return found


def find(session: Session, system: str, value: str) -> ExternalId:
    """Return the external id of this system and value, whose customer is meant."""
    found = session.get(ExternalId, (system.strip().lower(), value.strip()))
    if found is None:
        acts.check_may_view(session, "customer")
        raise NotFound(f"no customer is known to {system!r} as {value!r}", "See: tollkeeper external-id list CODE.")
    return found


def listing(session: Session, customer: Customer) -> list[ExternalId]:
    """Return what other systems call a customer, by system."""
    query = select(ExternalId).where(ExternalId.customer_id == customer.id)
    return list(session.scalars(query.order_by(ExternalId.system)))
