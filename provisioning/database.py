"""Sessions with PostgreSQL, and what its driver's errors mean to an operator.

libpq's own variables (PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSFILE, ...) say which database; there is no parser
of our own. Driver errors are translated here, once.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import errorcodes
from sqlalchemy import create_engine, exc, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import NullPool

from provisioning import acting, intent
from provisioning.constraints import SENTENCES
from provisioning.errors import BadInput, Conflict, OperatorError, Unreachable, WrongSchema

SCHEMA_VERSION = 3
_TIMEOUT_SECONDS = "5"

_AGAIN = "Nothing was changed; run the command again."
_REFUSALS = {
    errorcodes.INSUFFICIENT_PRIVILEGE: "Set PGUSER to the owner of the schema.",
    errorcodes.READ_ONLY_SQL_TRANSACTION: "This is a replica; set PGHOST to the primary.",
    errorcodes.DEADLOCK_DETECTED: _AGAIN,
    errorcodes.SERIALIZATION_FAILURE: _AGAIN,
    errorcodes.LOCK_NOT_AVAILABLE: _AGAIN,
    errorcodes.ADMIN_SHUTDOWN: _AGAIN,
    errorcodes.DISK_FULL: "Make room on the database's disk.",
}


def make_engine(dsn: str = "") -> Engine:
    """Return an engine for the database of a libpq string, completed by libpq's variables."""

    def connect() -> psycopg2.extensions.connection:
        timeout = os.environ.get("PGCONNECT_TIMEOUT", _TIMEOUT_SECONDS)
        return psycopg2.connect(dsn, connect_timeout=timeout, application_name="tollkeeper")

    return create_engine("postgresql+psycopg2://", creator=connect, poolclass=NullPool, use_native_hstore=False)


@contextmanager
def transaction(dsn: str = "") -> Iterator[Session]:
    """Give a session on a database of the right version; commit at the end, roll back on any exception."""
    with translated(), Session(make_engine(dsn), autoflush=False, expire_on_commit=False) as session, session.begin():
        check_schema(session)
        if (name := intent.current().act_as) is not None:
            acting.act_as(session, name)
        yield session


def check_schema(session: Session) -> None:
    """Refuse a database whose schema this program does not know; raise `WrongSchema`."""
    if session.scalar(text("SELECT to_regclass('installation') IS NULL")):
        raise WrongSchema("database has no Tollkeeper schema", "Load schema.sql into it, or set PGDATABASE to another.")
    version = session.scalar(text("SELECT schema_version FROM installation"))
    if version != SCHEMA_VERSION:
        raise WrongSchema(
            f"database has schema version {version}, this program needs {SCHEMA_VERSION}",
            "Run the Tollkeeper that goes with the database, or set PGDATABASE to another.",
        )


def flush(session: Session) -> None:
    """Send what was changed so far, so that what the database refuses is known here and now."""
    with translated():
        session.flush()


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as what they mean to an operator."""
    try:
        yield
    except exc.DBAPIError as failure:
        raise _translate(failure.orig) from failure
    except StaleDataError as failure:
        raise Conflict("somebody else has changed it in the meantime", "Look at it again, then decide.") from failure


def _translate(failure: BaseException | None) -> OperatorError:
    if not isinstance(failure, psycopg2.Error) or failure.pgcode is None:
        return _unreachable(failure)
    cause = failure.diag.message_primary or "for no reason given"
    if failure.pgcode == errorcodes.NOT_NULL_VIOLATION:
        return BadInput(f"{failure.diag.column_name} is missing", "Give it a value.")
    if (sentence := SENTENCES.get(failure.diag.constraint_name or "")) is not None:
        return Conflict(sentence[0].format(value=_offending_key(failure)), sentence[1])
    if failure.pgcode.startswith(errorcodes.CLASS_DATA_EXCEPTION):
        return BadInput(f"database cannot hold a value: {cause}", "Check what was typed.")
    return Conflict(f"database refused: {cause}", _REFUSALS.get(failure.pgcode, "The database's log says more."))


def _unreachable(failure: BaseException | None) -> OperatorError:
    cause = str(failure).strip().split("\n")[0].removeprefix("FATAL:  ").rstrip(".")
    return Unreachable(
        f"database does not answer: {cause}",
        "Start it with bin/up, or set PGHOST, PGPORT, PGDATABASE and PGUSER to one that runs.",
    )


def _offending_key(failure: psycopg2.Error) -> str:
    match = re.search(r"=\((.*)\) already exists", failure.diag.message_detail or "")
    return match[1] if match else "given"
