"""Operators: who acts. Each is a login role of PostgreSQL, so what it may do holds in every program.

The password is turned into its SCRAM verifier here, and never leaves this machine. Nobody gives a role that may do
more than he may himself, nor takes over an operator who has one (schema.sql, is_within_mine).
"""

from typing import Any, TypedDict, Unpack

from psycopg2.extensions import connection as Connection  # noqa: N812  (a class, whatever its name says)
from psycopg2.extensions import encrypt_password
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from provisioning import acts, reading, rows
from provisioning.acts import act
from provisioning.database import translated
from provisioning.errors import BadInput, Conflict, Forbidden
from provisioning.models import Operator
from provisioning.rows import Changes

ADMINISTRATOR = "administrator"
_SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 128

_WITHIN = text("SELECT is_within_mine(:role), session_user")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('operator'))")
_LOGIN = text("SELECT set_operator_login(:name, :verifier)")
_LISTING = """
    SELECT operator.id, operator.name, role, reseller.name AS reseller, full_name, email, enabled, operator.version,
           operator.created_at
    FROM operator LEFT JOIN reseller ON reseller.id = reseller_id
    WHERE operator.name > %(after)s
      AND (%(reseller)s::text IS NULL OR reseller.name = %(reseller)s) AND (%(role)s::text IS NULL OR role = %(role)s)
    ORDER BY operator.name LIMIT %(limit)s OFFSET %(offset)s
"""
_WHO = """
    SELECT session_user::text AS name, asks_as_owner() AS owner, operator.role, full_name,
           (SELECT name FROM reseller WHERE id = my_reseller()) AS reseller,
           (SELECT coalesce(jsonb_object_agg(area, CASE WHEN may(area, 'edit') THEN 'edit' ELSE 'view' END), '{}')
            FROM unnest(enum_range(NULL::area)) AS area WHERE may(area, 'view')) AS permissions
    FROM (VALUES (0)) AS one LEFT JOIN operator ON operator.name = session_user
"""


class Columns(TypedDict, total=False):
    """What can be set besides the name and the role; as in schema.sql."""

    reseller_id: int | None
    full_name: str | None
    email: str | None


class Edits(Columns, total=False):
    """What can be changed."""

    role: str
    enabled: bool


@act("operator")
def add(session: Session, name: str, *, role: str, password: str, **columns: Unpack[Columns]) -> Operator:
    """Add an operator with its login; of a reseller, or of that of the operator who adds it."""
    _check_password(password)
    _check_within(session, role)
    operator = Operator()
    rows.put(operator, {"name": name, "role": role, **columns})
    rows.add(session, operator)
    _set_login(session, operator, password)
    return operator


@act("operator")
def edit(session: Session, operator: Operator, **columns: Unpack[Edits]) -> Changes:
    """Change an operator, from its next statement on; refuse to take the last enabled administrator away."""
    _check_within(session, operator.role)
    if "role" in columns:
        _check_within(session, columns["role"])
    if (
        columns.get("role", ADMINISTRATOR) != ADMINISTRATOR
        or columns.get("reseller_id")
        or not columns.get("enabled", 1)
    ):
        _check_not_last(session, operator)
    rows.put(operator, columns)
    return rows.save(session, operator)


@act("operator")
def disable(session: Session, operator: Operator) -> Changes:
    """Let an operator do nothing any more, nor log in; refused for oneself."""
    _check_not_oneself(session, operator)
    return edit(session, operator, enabled=False)


@act("operator")
def enable(session: Session, operator: Operator) -> Changes:
    """Let a disabled operator in again."""
    return edit(session, operator, enabled=True)


def passwd(session: Session, operator: Operator, *, password: str) -> None:
    """Give an operator another password; everybody may do so for himself."""
    _check_password(password)
    area = None if operator.name == _who_asks(session) else "operator"
    with acts.begin(session, "operator passwd", area=area):
        if area is not None:
            _check_within(session, operator.role)
        _set_login(session, operator, password)


@act("operator")
def remove(session: Session, operator: Operator) -> None:
    """Remove an operator and its login; refused for oneself, and for the last enabled administrator."""
    _check_not_oneself(session, operator)
    _check_within(session, operator.role)
    _check_not_last(session, operator)
    rows.remove(session, operator)


def find(session: Session, name: str) -> Operator:
    """Return the operator of this name."""
    return rows.find(session, Operator, Operator.name, name)


def oneself(session: Session) -> Operator:
    """Return the operator who asks; raise `Conflict` for the schema's owner, who is none."""
    name = _who_asks(session)
    found = session.scalars(select(Operator).where(Operator.name == name)).one_or_none()
    if found is None:
        raise Conflict(f"{name} is no operator", "Say whose password it is: tollkeeper operator passwd NAME.")
    return found


def listing(
    look: reading.Look,
    *,
    reseller: str | None = None,
    role: str | None = None,
    after: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[reading.Row]:
    """Return operators by name, from the one behind `after` on; None for a filter that is not wanted."""
    look.check_may_view("operator")
    return look.rows(_LISTING, reseller=reseller, role=role, after=after, limit=limit, offset=offset)


def whoami(look: reading.Look) -> reading.Row:
    """Return who asks: name, owner (of the schema: no operator), role, reseller, permissions by area."""
    (found,) = look.rows(_WHO)
    return found


def _set_login(session: Session, operator: Operator, password: str) -> None:
    with translated():
        session.execute(_LOGIN, {"name": operator.name, "verifier": _verifier(session, operator.name, password)})


def _verifier(session: Session, name: str, password: str) -> str:
    driver: Any = session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise AssertionError
    verifier: str = encrypt_password(password, name, driver, "scram-sha-256")
    return verifier


def _who_asks(session: Session) -> str:
    return str(session.scalar(text("SELECT session_user")))


def _check_password(password: str) -> None:
    if not password.isprintable():
        raise BadInput("the password has a character that cannot be printed", "Leave out control characters.")
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise BadInput(
            f"an operator's password is {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters long",
            "Have one made: --generate.",
        )


def _check_within(session: Session, role: str) -> None:
    within, operator = session.execute(_WITHIN, {"role": role}).one()
    if not within:
        raise Forbidden(
            f"operator {operator} may not do all that the role {role} may, so not give or take it",
            "See what it may: tollkeeper operator whoami.",
        )


def _check_not_oneself(session: Session, operator: Operator) -> None:
    if operator.name == _who_asks(session):
        raise Conflict("operators do not lock themselves out", "Ask another one to do it.")


def _check_not_last(session: Session, operator: Operator) -> None:
    """Refuse to take the last enabled administrator of the provider away; one such question at a time."""
    if operator.role != ADMINISTRATOR or operator.reseller_id is not None or not operator.enabled:
        return
    session.execute(_ONE_AT_A_TIME)
    others = select(func.count()).select_from(Operator).where(Operator.id != operator.id, Operator.enabled)
    others = others.where(Operator.role == ADMINISTRATOR, Operator.reseller_id.is_(None))
    if not session.scalar(others):
        raise Conflict(
            f"operator {operator.name} is the last enabled administrator",
            "Add another one first: tollkeeper operator add NAME --role administrator.",
        )
