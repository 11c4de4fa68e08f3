"""The driver of PostgreSQL: how it connects, and what its errors mean to an operator. Nothing heavy is imported.

libpq's own variables (PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSFILE, ...) say which database; there is no parser
of our own. Driver errors are translated here, once.
"""

import os
import re
from typing import Any

import psycopg2
from psycopg2 import errorcodes

from provisioning.constraints import SENTENCES
from provisioning.errors import BadInput, Conflict, Forbidden, OperatorError, Unreachable, WrongSchema

SCHEMA_VERSION = 4
_TIMEOUT_SECONDS = "5"

_AGAIN = "Nothing was changed; run the command again."
_REFUSALS = {
    errorcodes.READ_ONLY_SQL_TRANSACTION: "This is a replica; set PGHOST to the primary.",
    errorcodes.DEADLOCK_DETECTED: _AGAIN,
    errorcodes.SERIALIZATION_FAILURE: _AGAIN,
    errorcodes.LOCK_NOT_AVAILABLE: _AGAIN,
    errorcodes.ADMIN_SHUTDOWN: _AGAIN,
    errorcodes.IDLE_IN_TRANSACTION_SESSION_TIMEOUT: _AGAIN,
    errorcodes.DISK_FULL: "Make room on the database's disk.",
}
# libpq gives no SQLSTATE while it connects
_NO_ENTRY = (
    (
        r'password authentication failed for user "(.*)"$',
        "the password of operator {} is wrong, or nobody is named so",
        "Put it into ~/.pgpass, or PGPASSWORD; another operator can give you a new one: tollkeeper operator passwd.",
    ),
    (
        r"no password supplied$",
        "the database wants the operator's password",
        "Put it into ~/.pgpass, or PGPASSWORD, beside PGUSER.",
    ),
    (
        r'role "(.*)" is not permitted to log in$',
        "operator {} is disabled",
        "Another operator can change that: tollkeeper operator enable.",
    ),
)


def connect(dsn: str = "", **parameters: Any) -> psycopg2.extensions.connection:
    """Connect to the database of a libpq string, completed by libpq's variables; with further parameters of libpq's."""
    timeout = os.environ.get("PGCONNECT_TIMEOUT", _TIMEOUT_SECONDS)
    parameters = {"connect_timeout": timeout, "application_name": "tollkeeper", **parameters}
    opened: psycopg2.extensions.connection = psycopg2.connect(dsn, **parameters)
    return opened


def check_version(found: int | None) -> None:
    """Refuse a database whose schema this program does not know, None for one without; raise `WrongSchema`."""
    if found is None:
        raise WrongSchema("database has no Tollkeeper schema", "Load schema.sql into it, or set PGDATABASE to another.")
    if found != SCHEMA_VERSION:
        raise WrongSchema(
            f"database has schema version {found}, this program needs {SCHEMA_VERSION}",
            "Run the Tollkeeper that goes with the database, or set PGDATABASE to another.",
        )


def translate(failure: BaseException | None) -> OperatorError:
    """Return what an error of the driver means to an operator."""
    if not isinstance(failure, psycopg2.Error) or failure.pgcode is None:
        return _unreachable(failure)
    cause = failure.diag.message_primary or "for no reason given"
    if failure.pgcode == errorcodes.NOT_NULL_VIOLATION:
        return BadInput(f"{failure.diag.column_name} is missing", "Give it a value.")
    if (sentence := SENTENCES.get(failure.diag.constraint_name or "")) is not None:
        return Conflict(sentence[0].format(value=_offending_key(failure)), sentence[1])
    if failure.pgcode == errorcodes.INSUFFICIENT_PRIVILEGE:
        return Forbidden(f"database refused: {cause}", "See what you may do: tollkeeper operator whoami.")
    if failure.pgcode.startswith(errorcodes.CLASS_DATA_EXCEPTION):
        return BadInput(f"database cannot hold a value: {cause}", "Check what was typed.")
    return Conflict(f"database refused: {cause}", _REFUSALS.get(failure.pgcode, "The database's log says more."))


def _unreachable(failure: BaseException | None) -> OperatorError:
    cause = str(failure).strip().split("\n")[0].removeprefix("FATAL:  ").rstrip(".")
    for said, message, hint in _NO_ENTRY:
        if match := re.search(said, cause):
            return Forbidden(message.format(*match.groups()), hint)
    return Unreachable(
        f"database does not answer: {cause}",
        "Start it with bin/up, or set PGHOST, PGPORT, PGDATABASE and PGUSER to one that runs.",
    )


def _offending_key(failure: psycopg2.Error) -> str:
    match = re.search(r"=\((.*)\) already exists", failure.diag.message_detail or "")
    return match[1] if match else "as given"  # whom row-level security concerns is not told more
