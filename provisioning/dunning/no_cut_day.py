"""Days on which nobody is suspended for debt: holidays of the provider's."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import acts, rows
from provisioning.acts import act
from provisioning.errors import NotFound
from provisioning.models import NoCutDay


@act("money")
def add(session: Session, day: date, *, name: str = "") -> NoCutDay:
    """Add a day; what it is called is for people."""
    added = NoCutDay(day=day)
    rows.put(added, {"name": name})
    return rows.add(session, added)


@act("money")
def remove(session: Session, day: date) -> None:
    """Remove a day; raise `NotFound`."""
    found = session.get(NoCutDay, day)
    if found is None:
        raise NotFound(f"{day} is no no-cut day", "List them with: tollkeeper suspension day list.")
    rows.remove(session, found)


def listing(session: Session) -> list[NoCutDay]:
    """Return all of them, the earliest first."""
    acts.check_may_view(session, "money")
    return list(session.scalars(select(NoCutDay).order_by(NoCutDay.day)))
