"""The customer portal's logins: user name, password, and links to choose another password.

Rules: passwords are kept as argon2id only. A link's token is 32 random octets, known to whom it is given; the database
has its SHA-256. It works once, until it expires, and a new one, another password or another user name voids it.
User names are in lower case, as people type their e-mail addresses in either. A deleted customer has no login.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from provisioning import database, portal_passwords, rows
from provisioning.acts import act
from provisioning.errors import Conflict, NotFound
from provisioning.models import Customer, PortalReset
from provisioning.rows import Changes

_TOKEN_OCTETS = 32


@act("customer")
def set_user_name(session: Session, customer: Customer, user_name: str) -> Changes:
    """Give a customer a portal login, or another user name."""
    rows.put(customer, {"portal_user_name": user_name.strip().lower()})
    changes = rows.save(session, customer)
    if changes:
        _void_links(session, customer)
    return changes


@act("customer")
def passwd(session: Session, customer: Customer, *, password: str) -> Changes:
    """Set another portal password; raise `Conflict` where there is no user name."""
    _check_login(customer)
    customer.portal_password_hash = portal_passwords.hash_password(password)
    _void_links(session, customer)
    return rows.save(session, customer)


@act("customer")
def remove(session: Session, customer: Customer) -> Changes:
    """Take a customer's portal login away."""
    _void_links(session, customer)
    rows.put(customer, {"portal_user_name": None, "portal_password_hash": None})
    return rows.save(session, customer)


@act("customer")
def reset(session: Session, customer: Customer, *, hours: int) -> tuple[str, datetime]:
    """Return a token with which the customer chooses another password once, and until when; older ones are void."""
    _check_login(customer)
    _void_links(session, customer)
    token = secrets.token_urlsafe(_TOKEN_OCTETS)
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    rows.add(session, PortalReset(token_sha256=_digest(token), customer_id=customer.id, expires_at=expires_at))
    return token, expires_at


@act("customer")
def redeem(session: Session, token: str, *, password: str) -> Customer:
    """Set the password of the customer to whom this token was given, and use it up; raise `NotFound`."""
    now = datetime.now(UTC)
    hashed = portal_passwords.hash_password(password)
    using = (
        update(PortalReset)
        .where(PortalReset.token_sha256 == _digest(token), PortalReset.used_at.is_(None), PortalReset.expires_at > now)
        .values(used_at=now.replace(microsecond=0))
        .returning(PortalReset.customer_id)
    )
    with database.translated():
        customer_id = session.scalars(using).one_or_none()
    customer = None if customer_id is None else session.get(Customer, customer_id)
    if customer is None or customer.deleted_at is not None:
        raise NotFound("the token is unknown, used or expired", "Make another: tollkeeper portal reset CODE.")
    customer.portal_password_hash = hashed
    rows.save(session, customer)
    return customer


@act("customer")
def check(session: Session, user_name: str, *, password: str) -> Customer | None:
    """Return the customer whose portal user name and password these are, None for nobody's.

    It takes the same time for a user name that nobody has. A hash with the parameters of old is made anew.
    """
    query = select(Customer).where(
        Customer.portal_user_name == user_name.strip().lower(), Customer.deleted_at.is_(None)
    )
    customer = session.scalars(query).one_or_none()
    hashed = None if customer is None else customer.portal_password_hash
    if not portal_passwords.is_right(password, hashed) or customer is None or hashed is None:
        return None
    if portal_passwords.is_outdated(hashed):
        customer.portal_password_hash = portal_passwords.hash_password(password)
        rows.save(session, customer)
    return customer


def _check_login(customer: Customer) -> None:
    if customer.portal_user_name is None:
        raise Conflict(
            f"customer {customer.code} has no portal user name",
            f"Give it one: tollkeeper portal set {customer.code} USER_NAME.",
        )


def _void_links(session: Session, customer: Customer) -> None:
    unused = delete(PortalReset).where(PortalReset.customer_id == customer.id, PortalReset.used_at.is_(None))
    with database.translated():
        session.execute(unused)


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()
