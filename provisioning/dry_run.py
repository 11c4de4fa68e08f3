"""A dry run: what an act would change, and what those who are online would notice of it. Nothing stays.

The act is done behind a savepoint. Its rows are read from the audit, which the database's triggers write; open sessions
are decided as things would be; then everything is taken back, and they are decided as things are. Of what is
outside PostgreSQL nothing can be taken back: an operation that writes files or talks to somebody asks
`intent.current().dry_run` first.

Known weakness: numbers that the database gives out (ids) are not given again, as after any rollback.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, any_, cast, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from provisioning import effect, reach
from provisioning.effect import Noticed
from provisioning.intent import Intent
from provisioning.models import Account, Customer, CustomerGroup, Package, Reseller

FEW = 20

_COUNT = text("SELECT count(*) FROM my_changes()")
_CHANGES = text(
    "SELECT relation, key, code, before, after FROM my_changes() AS change"
    " LEFT JOIN customer ON customer.id = change.customer_id ORDER BY change.id LIMIT :most"
)
# rows that others are known by; what a column holds as an id, people know by name
_NAMES: Mapping[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[str]]] = {
    "account_id": (Account.id, Account.user_name),
    "customer_id": (Customer.id, Customer.code),
    "parent_id": (Customer.id, Customer.code),
    "group_id": (CustomerGroup.id, CustomerGroup.name),
    "package_id": (Package.id, Package.name),
    "default_package_id": (Package.id, Package.name),
    "reseller_id": (Reseller.id, Reseller.name),
}
_NAMES_OF_RESELLERS = {**_NAMES, "parent_id": (Reseller.id, Reseller.name)}


class Change(NamedTuple):
    """A row: what it is called, whom it concerns (a code), columns before (None: added) and after (None: removed)."""

    relation: str
    key: str
    customer: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass
class Effect:
    """All that a dry run found out: how many rows would change, and which, or the first few of them.

    `unseen` are areas that the operator may not see, so that `noticed` is not known.
    """

    rows: int = 0
    changes: list[Change] = field(default_factory=list)
    customers: int = 0
    noticed: list[Noticed] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


@contextmanager
def pretended(session: Session, wanted: Intent) -> Iterator[None]:
    """Take back what is done in this block; say in `wanted.effect` what it was."""
    session.execute(text("SAVEPOINT dry_run"))
    yield
    session.flush()
    found = wanted.effect = wanted.effect or Effect()
    found.rows += session.execute(_COUNT).scalar_one()
    found.changes += _changes(session, most=None if wanted.in_full else FEW)
    found.customers += reach.customers(session)
    found.unseen = effect.unseen(session)
    watched = None if found.unseen else effect.watch(session, wanted.tell)
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # last, as it seals the audit, which others wait for
    session.expunge_all()  # so that the rows that were read can be shown as they would have been
    session.execute(text("ROLLBACK TO SAVEPOINT dry_run"))
    if watched is not None:
        found.noticed += effect.compare(session, watched, wanted.tell)
    session.rollback()


def _changes(session: Session, *, most: int | None) -> list[Change]:
    changes = [Change(*row) for row in session.execute(_CHANGES, {"most": most}).tuples()]
    for columns, of_resellers in ((_NAMES, False), (_NAMES_OF_RESELLERS, True)):
        found = (change for change in changes if (change.relation == "reseller") == of_resellers)
        sides = [side for change in found for side in (change.before, change.after) if side]
        for column, (key, name) in columns.items():
            _name(session, [side for side in sides if side.get(column) is not None], column, key, name)
    return changes


def _name(
    session: Session,
    sides: Sequence[dict[str, Any]],
    column: str,
    key: InstrumentedAttribute[int],
    name: InstrumentedAttribute[str],
) -> None:
    """Put names in the place of ids; an id whose row is gone, or not to be seen, stays."""
    ids = cast(list({side[column] for side in sides}), ARRAY(BigInteger))  # there may be a hundred thousand
    names = dict(iter(session.execute(select(key, name).where(key == any_(ids))).tuples())) if sides else {}
    for side in sides:
        if side[column] in names:
            side[column] = names[side[column]]
