"""Taking an import back: what it added goes, what it changed gets its old values, the last first.

What somebody has changed since stays as it is now, and what something depends on since stays; it is told which.
Unless told to do the rest, nothing is done then.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning import acts, balance, database
from provisioning.errors import Conflict, NotFound, OperatorError
from provisioning.models import ImportRow, ImportRun, Invoice, Payment

_AT_ONCE = 100
# what may have come to rows since, that no foreign key tells of, or that would be removed with them
_BELONGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "customer": {
        "customer_id": ("note", "attachment", "contact", "portal_reset", "address", "external_id"),
        "parent_id": ("customer",),
    },
    "account": {"account_id": ("session", "session_history", "usage_day", "device", "package_change", "account_nas")},
}
_AREAS = {
    **dict.fromkeys(("address", "external_id", "note"), "customer"),
    **dict.fromkeys(("device", "account_nas"), "account"),
    **dict.fromkeys(("invoice", "payment"), "money"),
}


def undo(session: Session, run: ImportRun, *, partial: bool = False) -> list[str]:
    """Take an import back; return what stays, and why. Raise `Conflict` where something has to, unless `partial`."""
    if run.undone_at is not None:
        raise Conflict(f"import {run.id} was taken back already", "See: tollkeeper import list.")
    with acts.begin(session, "import undo", area="import", detail=f"import {run.id}"):
        for relation in session.scalars(select(ImportRow.relation).where(ImportRow.run_id == run.id).distinct()):
            acts.check_may_edit(session, _AREAS.get(relation, relation))
        stays = [why for row in _backwards(session, run.id) for why in _take_back(session, row)]
        if stays and not partial:
            raise Conflict(
                f"{stays[0]}" + (f", and {len(stays) - 1} more cannot be taken back" if len(stays) > 1 else ""),
                "Give --partial to take back the rest.",
            )
        run.undone_at = datetime.now(UTC).replace(microsecond=0)
        database.flush(session)
    return stays


def find(session: Session, run_id: int) -> ImportRun:
    """Return the import of this id."""
    found = session.get(ImportRun, run_id)
    if found is None:
        acts.check_may_view(session, "import")
        raise NotFound(f"no import has the id {run_id}", "List them with: tollkeeper import list.")
    return found


def listing(session: Session, *, limit: int = 100, offset: int = 0) -> list[ImportRun]:
    """Return imports, the last first."""
    acts.check_may_view(session, "import")
    return list(session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit).offset(offset)))


def _backwards(session: Session, run_id: int) -> Iterator[ImportRow]:
    before = 2**31 - 1
    query = select(ImportRow).where(ImportRow.run_id == run_id).order_by(ImportRow.position.desc()).limit(_AT_ONCE)
    while rows := list(session.scalars(query.where(ImportRow.position < before))):
        yield from rows
        before = rows[-1].position


def _take_back(session: Session, row: ImportRow) -> list[str]:
    """Take rows back that were added together, or one that was changed; return why some stay."""
    if row.before is None:
        return _remove(session, row.relation, list(zip(*row.row_key.values(), strict=True)), tuple(row.row_key))
    what = _name(session, row.relation, row.row_key)
    try:
        with database.translated(), session.begin_nested():
            why = _restore(session, row)
    except OperatorError as exc:
        why = exc.message
    return [] if why is None else [f"{what}: {why}"]


def _remove(session: Session, relation: str, keys: list[tuple[Any, ...]], columns: tuple[str, ...]) -> list[str]:
    """Remove rows together; where the database refuses that, the halves of them, and so on down to the one at fault."""
    stays: list[str] = []
    if (belongs := _with_something(session, relation, keys)) is not None:
        kept = [key for key in keys if key[0] in belongs]
        keys = [key for key in keys if key[0] not in belongs]
        stays = [f"{_name(session, relation, {'id': one})}: something belongs to it since" for (one,) in kept]
    if not keys:
        return stays
    try:
        with database.translated(), session.begin_nested():
            for (row_id,) in keys if relation in ("invoice", "payment") else ():
                money: Invoice | Payment | None = (
                    session.get(Invoice, row_id) if relation == "invoice" else session.get(Payment, row_id)
                )
                if money is not None:
                    balance.release(session, money)
            _delete(session, relation, keys, columns)
    except OperatorError as exc:
        if len(keys) == 1:
            one = dict(zip(columns, keys[0], strict=True))
            return [*stays, f"{_name(session, relation, one)}: {exc.message}"]
        middle = len(keys) // 2  # the later ones first
        stays += _remove(session, relation, keys[middle:], columns)
        stays += _remove(session, relation, keys[:middle], columns)
    return stays


def _with_something(session: Session, relation: str, keys: list[tuple[Any, ...]]) -> set[int] | None:
    """Return the ids of those to which something belongs that the import did not bring."""
    if relation not in _BELONGS:
        return None
    questions = " UNION ".join(
        f"SELECT {column} FROM {other} WHERE {column} = ANY(:ids)"  # noqa: S608 - names of our own
        for column, others in _BELONGS[relation].items()
        for other in others
    )
    return set(session.scalars(text(questions), {"ids": [row_id for (row_id,) in keys]}))


def _delete(session: Session, relation: str, keys: list[tuple[Any, ...]], columns: tuple[str, ...]) -> None:
    own = ", ".join(f"row.{column}" for column in columns)
    wanted = [dict(zip(columns, key, strict=True)) for key in keys]
    session.execute(
        text(
            f"DELETE FROM {relation} AS row USING"  # noqa: S608 - names of our own
            f" json_populate_recordset(NULL::{relation}, CAST(:wanted AS json)) AS wanted"
            f" WHERE ({own}) = ({own.replace('row.', 'wanted.')})"
        ),
        {"wanted": json.dumps(wanted)},
    )


def _restore(session: Session, row: ImportRow) -> str | None:
    before, after = row.before or {}, row.after
    query = text(f"SELECT to_jsonb(r) FROM {row.relation} AS r WHERE {_where(row.row_key)}")  # noqa: S608
    now: Mapping[str, Any] | None = session.execute(query, row.row_key).scalar()
    if now is None:
        return "it is not there any more"
    if any(now[column] != value for column, value in after.items()):
        return "somebody has changed it since"
    columns = ", ".join(f"{column} = old.{column}" for column in before)
    statement = (
        f"UPDATE {row.relation} AS r SET {columns}"  # noqa: S608
        f" FROM jsonb_populate_record(NULL::{row.relation}, CAST(:before AS jsonb)) AS old"
        f" WHERE {_where(row.row_key, 'r.')}"
    )
    session.execute(text(statement), {**row.row_key, "before": json.dumps(before)})
    return None


def _where(key: Mapping[str, Any], of: str = "") -> str:
    return " AND ".join(f"{of}{column} = :{column}" for column in key)


def _name(session: Session, relation: str, key: Mapping[str, Any]) -> str:
    column = {"customer": "code", "account": "user_name", "device": "mac", "invoice": "number", "payment": "receipt"}
    what = relation.replace("_", " ")
    if relation not in column:
        return f"{what} {', '.join(map(str, key.values()))}"
    query = text(f"SELECT {column[relation]} FROM {relation} WHERE id = :id")  # noqa: S608
    return f"{what} {session.execute(query, key).scalar() or key['id']}"
