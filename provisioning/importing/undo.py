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

_AT_ONCE = 1000
_LATER = {  # what may have come to a row since, that no foreign key tells of, or that would be removed with it
    "customer": (
        "SELECT EXISTS (SELECT FROM note WHERE customer_id = :id) OR EXISTS (SELECT FROM attachment WHERE"
        " customer_id = :id) OR EXISTS (SELECT FROM contact WHERE customer_id = :id)"
        " OR EXISTS (SELECT FROM portal_reset WHERE customer_id = :id)"
        " OR EXISTS (SELECT FROM address WHERE customer_id = :id)"
        " OR EXISTS (SELECT FROM external_id WHERE customer_id = :id)"
    ),
    "account": (
        "SELECT EXISTS (SELECT FROM session_history WHERE account_id = :id) OR EXISTS (SELECT FROM device WHERE"
        " account_id = :id) OR EXISTS (SELECT FROM package_change WHERE account_id = :id)"
        " OR EXISTS (SELECT FROM account_nas WHERE account_id = :id)"
    ),
}


def undo(session: Session, run: ImportRun, *, partial: bool = False) -> list[str]:
    """Take an import back; return what stays, and why. Raise `Conflict` where something has to, unless `partial`."""
    if run.undone_at is not None:
        raise Conflict(f"import {run.id} was taken back already", "See: tollkeeper import list.")
    with acts.begin(session, "import undo", area="import", detail=f"import {run.id}"):
        stays = [why for row in _backwards(session, run.id) if (why := _take_back(session, row)) is not None]
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


def _take_back(session: Session, row: ImportRow) -> str | None:
    """Take one row back; return why it stays, None where it does not."""
    what = f"{row.relation.replace('_', ' ')} {_name(session, row)}"
    try:
        with database.translated(), session.begin_nested():
            if row.before is None:
                return _remove(session, row, what)
            return _restore(session, row, what)
    except OperatorError as exc:
        return f"{what}: {exc.message}"


def _remove(session: Session, row: ImportRow, what: str) -> str | None:
    key = row.row_key
    if (question := _LATER.get(row.relation)) is not None and session.execute(text(question), key).scalar():
        return f"{what}: something belongs to it since"
    if row.relation in ("invoice", "payment"):
        money: Invoice | Payment | None = (
            session.get(Invoice, key["id"]) if row.relation == "invoice" else session.get(Payment, key["id"])
        )
        if money is not None:
            balance.release(session, money)
    session.execute(text(f"DELETE FROM {row.relation} WHERE {_where(key)}"), key)  # noqa: S608
    return None


def _restore(session: Session, row: ImportRow, what: str) -> str | None:
    before, after = row.before or {}, row.after
    query = text(f"SELECT to_jsonb(r) FROM {row.relation} AS r WHERE {_where(row.row_key)}")  # noqa: S608
    now: Mapping[str, Any] | None = session.execute(query, row.row_key).scalar()
    if now is None:
        return f"{what}: it is not there any more"
    if any(now[column] != value for column, value in after.items()):
        return f"{what}: somebody has changed it since"
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


def _name(session: Session, row: ImportRow) -> str:
    column = {"customer": "code", "account": "user_name", "device": "mac", "invoice": "number", "payment": "receipt"}
    if row.relation not in column:
        return ", ".join(str(value) for value in row.row_key.values())
    query = text(f"SELECT {column[row.relation]} FROM {row.relation} WHERE id = :id")  # noqa: S608
    return str(session.execute(query, row.row_key).scalar() or row.row_key["id"])
