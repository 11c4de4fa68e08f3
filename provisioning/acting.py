"""To act as a reseller or a customer: to see and touch no more than its part, until the next command.

It only narrows: row-level security still asks what the operator who logged in may do (schema.sql, my_resellers). The
schema's owner, whom row-level security lets through, becomes an ordinary operator for as long as it lasts.
"""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning.errors import NotFound
from provisioning.models import Customer, Reseller

_NARROW = text("SELECT set_config('tollkeeper.as_' || :what, CAST(:id AS text), true)")


def act_as(session: Session, name: str) -> None:
    """Act as this reseller, or the customer of this account code, until the transaction ends."""
    reseller_id = session.scalar(select(Reseller.id).where(Reseller.name == name))
    customer_id = session.scalar(select(Customer.id).where(Customer.code == name.upper()))
    if reseller_id is None and customer_id is None:
        raise NotFound(f"no reseller and no customer is named {name!r}", "See: tollkeeper reseller list.")
    what, row_id = ("reseller", reseller_id) if reseller_id is not None else ("customer", customer_id)
    session.execute(_NARROW, {"what": what, "id": row_id})
    session.execute(text("SET LOCAL ROLE tollkeeper_operator"))
