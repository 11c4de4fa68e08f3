"""The demo provider, entered through the same operations as the command line's.

Rule: it is entered into an empty database, all or nothing, and never again: what the operator changed or removed
since then stays so. With it comes the first operator, whose password is returned once and kept nowhere.
"""

from datetime import UTC, datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from demo import subscribers
from provisioning import account, customer, database, device, group, nas, operator, package, passwords
from provisioning.allowances import topup
from provisioning.models import Customer, CustomerGroup, Nas
from vault.sealed import Seal

NAS_NAME = "localhost"
NAS_ADDRESS = "127.0.0.1"
FIRST_OPERATOR = "admin"

_USE = text("""
    INSERT INTO usage_day (account_id, day, period_start, octets_out)
    SELECT account.id, today, billing_period_start(today, billing_day), :octets
    FROM account JOIN customer ON customer.id = customer_id CROSS JOIN installation,
         local_day(now(), coalesce(customer.time_zone, installation.time_zone)) AS today
    WHERE account.id = :account_id
""")  # as the fold does


def ensure(dsn: str, seal: Seal) -> str | None:
    """Enter the demo provider where the database is empty; return the first operator's password then, else None."""
    with database.transaction(dsn) as session:
        empty = not any(session.scalar(select(func.count()).select_from(row)) for row in (CustomerGroup, Nas))
        if not empty:
            return None
        _enter(session, seal, datetime.now(UTC).replace(microsecond=0))
        password = passwords.generate_password()
        operator.add(session, FIRST_OPERATOR, role=operator.ADMINISTRATOR, password=password)
    return password


def _enter(session: Session, seal: Seal, now: datetime) -> None:
    groups = {name: group.add(session, name, **columns).id for name, columns in subscribers.GROUPS.items()}
    packages = {name: package.add(session, name, **columns).id for name, columns in subscribers.PACKAGES.items()}
    secret = passwords.generate_secret()
    nas.add(session, NAS_NAME, address=NAS_ADDRESS, secret=secret, seal=seal, vendor="mikrotik")
    customers: dict[str, Customer] = {}
    for one in subscribers.all_at(now):
        parent = customers[one.parent].id if one.parent else None
        customers[one.user_name] = _enter_customer(session, one, group_id=groups[one.group], parent_id=parent)
        _enter_account(session, one, customers[one.user_name].id, package_id=packages[one.package], seal=seal)


def _enter_customer(session: Session, one: subscribers.Subscriber, *, group_id: int, parent_id: int | None) -> Customer:
    columns: customer.Columns = {
        "first_name": one.user_name.capitalize(),
        "last_name": "Example",
        "parent_id": parent_id,
        **one.of_customer,
    }
    return customer.add(session, group_id=group_id, **columns)


def _enter_account(
    session: Session, one: subscribers.Subscriber, customer_id: int, *, package_id: int, seal: Seal
) -> None:
    entered = account.add(
        session,
        one.user_name,
        customer_id=customer_id,
        package_id=package_id,
        password=one.password,
        pap_only=one.pap_only,
        seal=seal,
        **one.of_account,
    )
    if one.used_octets:
        session.execute(_USE, {"account_id": entered.id, "octets": one.used_octets})
        topup.settle(session, entered)
    if one.mac:
        device.add(session, one.mac, account_id=entered.id, mac_auth=True)
