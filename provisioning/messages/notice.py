"""By which ways a customer wants to be told, and at which percentages of its data."""

from typing import TypedDict, Unpack

from sqlalchemy.orm import Session

from provisioning import ownership, rows
from provisioning.acts import act
from provisioning.models import Customer, CustomerGroup
from provisioning.rows import Changes


class Ways(TypedDict, total=False):
    """By which ways a customer is told; as in schema.sql."""

    notices_by_email: bool
    notices_by_sms: bool
    cycle_report: bool
    usage_notice_percents: list[int] | None


@act("customer")
def choose(session: Session, customer: Customer, **ways: Unpack[Ways]) -> Changes:
    """Say by which ways a customer is told, and at which percentages of its data; None: at its group's."""
    rows.put(customer, ways)
    return rows.save(session, customer)


@act("group")
def choose_for_group(session: Session, group: CustomerGroup, percents: list[int]) -> Changes:
    """Say at which percentages of their data the customers of a group are told who have none of their own."""
    ownership.check(session, group)
    rows.put(group, {"usage_notice_percents": percents})
    return rows.save(session, group)
