"""Roles: what operators may see (view) and change (edit, which includes view), by area (schema.sql, type `area`).

Nobody gives a permission that he does not have. The administrator's role may do everything, and stays so.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import database, reading, rows
from provisioning.acts import act
from provisioning.errors import BadInput, Forbidden
from provisioning.models import OperatorRole, OperatorRolePermission
from provisioning.models.base import AREAS
from provisioning.rows import Changes

Permissions = Mapping[str, str]  # area -> view or edit

_WORDS = ("view", "edit")
_MAY = text("SELECT may(CAST(:area AS area), CAST(:permission AS permission)), session_user")
_SEES_ALL = text("SELECT sees_all()")
_LISTING = """
    SELECT name, description, coalesce(permissions, '{}') AS permissions,
           (SELECT count(*) FROM operator WHERE role = operator_role.name) AS operators
    FROM operator_role LEFT JOIN (
        SELECT role, jsonb_object_agg(area, permission ORDER BY area) AS permissions
        FROM operator_role_permission GROUP BY role) AS given ON role = name
    WHERE coalesce(%(name)s, name) = name ORDER BY name
"""


def parse_permission(typed: str) -> tuple[str, str]:
    """Return area and permission of `customer=edit`; raise `BadInput`."""
    area, _, permission = typed.partition("=")
    if permission not in _WORDS:
        raise BadInput(f"{typed!r} is not a permission", "Write it as customer=edit, or customer=view.")
    return parse_area(area), permission


def parse_area(typed: str) -> str:
    """Return the name of an area; raise `BadInput`."""
    if typed not in AREAS:
        raise BadInput(f"{typed!r} is not an area", f"Choose one of {', '.join(AREAS)}.")
    return typed


@act("operator")
def add(session: Session, name: str, *, description: str = "", may: Permissions) -> OperatorRole:
    """Add a role that may do this; roles are the provider's, for all to use."""
    if not session.scalar(_SEES_ALL):
        raise Forbidden("roles are the provider's to make", "Ask there, or use one of: tollkeeper role list.")
    role = OperatorRole()
    rows.put(role, {"name": name, "description": description})
    rows.add(session, role)
    _give(session, role, may)
    return role


@act("operator")
def edit(
    session: Session,
    role: OperatorRole,
    *,
    description: str | None = None,
    may: Permissions | None = None,
    may_not: Iterable[str] = (),
) -> Changes:
    """Change a role, with effect on all its operators at once."""
    before = permissions(session, role)
    if description is not None:
        rows.put(role, {"description": description})
    changes = rows.save(session, role) if session.is_modified(role) else {}
    _give(session, role, may or {})
    _take(session, role, may_not)
    after = permissions(session, role)
    given = {area: (before.get(area), after.get(area)) for area in AREAS if before.get(area) != after.get(area)}
    return changes | given


@act("operator")
def remove(session: Session, role: OperatorRole) -> None:
    """Remove a role; refused while operators have it."""
    rows.remove(session, role)


def find(session: Session, name: str) -> OperatorRole:
    """Return the role of this name."""
    return rows.find(session, OperatorRole, OperatorRole.name, name)


def permissions(session: Session, role: OperatorRole) -> dict[str, str]:
    """Return what a role may do, by area."""
    query = select(OperatorRolePermission.area, OperatorRolePermission.permission).filter_by(role=role.name)
    return dict(session.execute(query.order_by(OperatorRolePermission.area)).tuples().all())


def listing(look: reading.Look, *, name: str | None = None) -> list[reading.Row]:
    """Return roles by name, each with its permissions and the number of its operators that may be seen."""
    look.check_may_view("operator")
    return look.rows(_LISTING, name=name)


def _give(session: Session, role: OperatorRole, may: Permissions) -> None:
    for area, permission in may.items():
        _check_has(session, area, permission)
        row = session.get(OperatorRolePermission, (role.name, area))
        if row is not None:
            _check_has(session, area, row.permission)
            row.permission = permission
        else:
            session.add(OperatorRolePermission(role=role.name, area=area, permission=permission))
    database.flush(session)


def _take(session: Session, role: OperatorRole, areas: Iterable[str]) -> None:
    for area in areas:
        row = session.get(OperatorRolePermission, (role.name, area))
        if row is not None:
            _check_has(session, area, row.permission)
            session.delete(row)
    database.flush(session)


def _check_has(session: Session, area: str, permission: str) -> None:
    permitted, operator = session.execute(_MAY, {"area": area, "permission": permission}).one()
    if not permitted:
        raise Forbidden(
            f"operator {operator} may not give or take what it does not have: {area}={permission}",
            "See what it has: tollkeeper operator whoami.",
        )
