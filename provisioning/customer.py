"""Customers: who pays. Hiding one is deleting it; nothing of a customer is ever lost by a command."""

from datetime import UTC, date, datetime
from typing import Literal, TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import acts, device, expressible, particulars, rows
from provisioning import code as account_code
from provisioning.acts import act
from provisioning.errors import Conflict, NotFound
from provisioning.models import Account, Customer, Device
from provisioning.rows import Changes


class Columns(TypedDict, total=False):
    """What can be set besides the account code; as in schema.sql."""

    parent_id: int | None
    type: Literal["individual", "company", "sole_proprietor"]
    kind: Literal["normal", "residential"]
    title: str | None
    first_name: str | None
    last_name: str | None
    company_name: str | None
    namesake: bool
    id_number: str | None
    phone: str | None
    phone_verified_at: datetime | None
    email: str | None
    billing_email: str | None
    country: str | None
    language: str | None
    disabled: bool
    suspended: bool
    deleted_at: datetime | None
    expires_at: datetime | None
    inherits_state: bool
    download_bps: int | None
    upload_bps: int | None
    time_zone: str | None
    billing_day: int
    billing_group: str | None
    payment_method: str | None
    credit_limit_cents: int | None
    suspension_exempt: bool
    overdue_days: int | None
    second_notice_days: int | None
    suspension_days: int | None
    notices_by_email: bool
    notices_by_sms: bool
    cycle_report: bool
    rollover_months: int
    topup_months: int | None
    labels: list[str]
    category: str | None
    attitude: str | None
    registered_at: datetime | None
    registered_ip: str | None


class Additions(Columns, total=False):
    """What is said when it is added, and changed by moving it (provisioning/customer_tree.py)."""

    reseller_id: int | None


class Edits(Columns, total=False):
    """What can be changed."""

    code: str
    group_id: int
    suspended_for_debt: bool
    suspended_at: datetime | None
    suspended_due_on: date | None


@act("customer")
def add(session: Session, *, group_id: int, code: str | None = None, **columns: Unpack[Additions]) -> Customer:
    """Add a customer into an existing group; without a code, one is generated from the name.

    It is of the reseller given, else of its parent's, else of the operator's own.
    """
    if "reseller_id" not in columns and columns.get("parent_id") is not None:
        parent = session.get(Customer, columns["parent_id"])
        columns["reseller_id"] = None if parent is None else parent.reseller_id
    customer = Customer(group_id=group_id)
    rows.put(customer, particulars.checked(columns, region=None))
    if code:
        rows.put(customer, {"code": code.upper()})
        rows.add(session, customer)
    else:
        _add_with_next_code(session, customer)
    expressible.check_customer(session, customer)
    return customer


def _add_with_next_code(session: Session, customer: Customer) -> None:
    """Add with the next code; take the one behind it where that code was being typed in somewhere else just now."""
    letters = code_prefix(customer.type, customer.first_name, customer.last_name, customer.company_name)
    while True:
        (customer.code,) = account_code.take(session, letters)
        try:
            with session.begin_nested():
                rows.add(session, customer)
        except Conflict:
            if not account_code.is_taken(session, customer.code):
                raise
        else:
            return


def code_prefix(kind: str | None, first_name: str | None, last_name: str | None, company_name: str | None) -> str:
    """Return the letters of a customer's account code: of the company for companies, else of the person."""
    person = (first_name, last_name)
    if kind == "company" or not any(name and name.strip() for name in person):
        return account_code.prefix(company_name)
    return account_code.prefix(*person)


@act("customer")
def edit(session: Session, customer: Customer, *, version: int | None = None, **columns: Unpack[Edits]) -> Changes:
    """Change a customer; raise `Conflict` where it is no longer of the version that was looked at.

    Another phone number is not a verified one.
    """
    if version is not None and version != customer.version:
        raise Conflict(
            f"somebody else has changed customer {customer.code}: it is of version {customer.version} by now",
            "Look at it again, then decide: tollkeeper customer show.",
        )
    if "code" in columns:
        columns["code"] = columns["code"].upper()
    values = particulars.checked(columns, region=customer.country)
    if "phone" in values and values["phone"] != customer.phone:
        values.setdefault("phone_verified_at", None)
    rows.put(customer, values)
    changes = rows.save(session, customer)
    if "download_bps" in changes or "upload_bps" in changes:
        expressible.check_customer(session, customer)
    return changes


@act("customer")
def verify_phone(session: Session, customer: Customer) -> Changes:
    """Note that the customer has answered at its phone number."""
    return edit(session, customer, phone_verified_at=_now())


@act("customer")
def disable(session: Session, customer: Customer) -> Changes:
    """Switch a customer off."""
    return edit(session, customer, disabled=True)


@act("customer")
def enable(session: Session, customer: Customer) -> Changes:
    """Switch a disabled customer on again."""
    return edit(session, customer, disabled=False)


@act("customer")
def deactivate(session: Session, customer: Customer) -> tuple[Changes, list[Device]]:
    """Switch a customer off, and take the devices of its accounts back into the inventory; return those too.

    Its sub-accounts keep theirs: they may become somebody else's, or nobody's.
    """
    theirs = select(Account.id).where(Account.customer_id == customer.id)
    devices = list(session.scalars(select(Device).where(Device.account_id.in_(theirs)).order_by(Device.mac)))
    for one in devices:
        device.take_back(session, one)
    return edit(session, customer, disabled=True), devices


@act("customer")
def reactivate(session: Session, customer: Customer) -> Changes:
    """Switch a customer on again; its devices stay where they are."""
    return edit(session, customer, disabled=False)


@act("customer")
def suspend(session: Session, customer: Customer) -> Changes:
    """Suspend a customer's accounts by hand: what was for debt is so no longer, and no payment ends it."""
    by_hand: Edits = {
        "suspended": True,
        "suspended_for_debt": False,
        "suspended_at": None,
        "suspended_due_on": None,
    }
    return edit(session, customer, **by_hand)


@act("customer")
def unsuspend(session: Session, customer: Customer) -> Changes:
    """End a customer's suspension."""
    return edit(session, customer, suspended=False)


@act("customer")
def expire(session: Session, customer: Customer, *, expires_at: datetime | None) -> Changes:
    """Set from when on a customer has no authentication and no billing; None for never."""
    return edit(session, customer, expires_at=expires_at)


@act("customer")
def delete(session: Session, customer: Customer) -> Changes:
    """Hide a customer; its accounts no longer authenticate."""
    return edit(session, customer, deleted_at=customer.deleted_at or _now())


@act("customer")
def undelete(session: Session, customer: Customer) -> Changes:
    """Bring a hidden customer back."""
    return edit(session, customer, deleted_at=None)


def find(session: Session, code: str) -> Customer:
    """Return the customer of this account code, in capitals or not."""
    try:
        return rows.find(session, Customer, Customer.code, code.upper())
    except NotFound:
        acts.check_may_view(session, "customer")
        raise


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
