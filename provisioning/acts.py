"""Acts: what operators do, as permissions and the audit know it.

An operation that changes something is decorated with `act("area")`. The outermost one under way asks whether the
operator may change that area, and gives the audit entry its name: `customer suspend` for provisioning/customer.py's
`suspend`, whatever other operations that calls. The database writes the entry (schema.sql, audit), and its
row-level security has the last word on what may be seen and changed; here is only the clear sentence.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.database import translated
from provisioning.errors import forbidden

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")

_BEGIN = text(
    "SELECT may(CAST(:area AS area), 'edit'), session_user, set_config('tollkeeper.act', :act, true),"
    " set_config('tollkeeper.detail', :detail, true), set_config('tollkeeper.audit_entry', '', true)"
)
_MAY_EDIT = text("SELECT may(CAST(:area AS area), 'edit'), session_user")
_MAY_VIEW = text("SELECT may(CAST(:area AS area), 'view'), session_user")


def act(
    area: str,
) -> Callable[
    [Callable[Concatenate[Session, Parameters], Returned]], Callable[Concatenate[Session, Parameters], Returned]
]:
    """Return a decorator for an operation that changes something of this area (schema.sql, type `area`)."""

    def decorate(
        function: Callable[Concatenate[Session, Parameters], Returned],
    ) -> Callable[Concatenate[Session, Parameters], Returned]:
        name = f"{function.__module__.rpartition('.')[2]} {function.__name__}".replace("_", " ")

        @functools.wraps(function)
        def acting(session: Session, /, *arguments: Parameters.args, **keywords: Parameters.kwargs) -> Returned:
            with begin(session, name, area=area):
                return function(session, *arguments, **keywords)

        return acting

    return decorate


@contextmanager
def begin(session: Session, name: str, *, area: str | None, detail: str = "") -> Iterator[None]:
    """Begin an act that is no single operation; raise `Forbidden`. Within another act it is a part of that one.

    None as area: everybody may.
    """
    if "act" in session.info:
        yield
        return
    with translated():
        permitted, operator, *_ = session.execute(_BEGIN, {"area": area, "act": name, "detail": detail}).one()
    if area is not None and not permitted:
        raise forbidden(operator, area, "change")
    session.info["act"] = name
    try:
        yield
    finally:
        del session.info["act"]


def may_view(session: Session, area: str) -> bool:
    """Return whether the operator may see this area."""
    with translated():
        return bool(session.execute(_MAY_VIEW, {"area": area}).scalar_one())


def check_may_view(session: Session, area: str) -> None:
    """Raise `Forbidden` where the operator may not see this area: otherwise it would seem to be empty."""
    with translated():
        permitted, operator = session.execute(_MAY_VIEW, {"area": area}).one()
    if not permitted:
        raise forbidden(operator, area, "see")


def check_may_edit(session: Session, area: str) -> None:
    """Raise `Forbidden` where the operator may not change this area, which is none of the act's own."""
    with translated():
        permitted, operator = session.execute(_MAY_EDIT, {"area": area}).one()
    if not permitted:
        raise forbidden(operator, area, "change")
