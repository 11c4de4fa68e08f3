"""The database of a cluster: its roles, schema.sql loaded once, its version looked at ever after."""

import re
from contextlib import closing

import psycopg2

from demo.cluster import Cluster
from demo.errors import Refusal
from demo.settings import REPOSITORY

DATABASE = "tollkeeper"
OWNER = "tollkeeper"
HOOK = "tollkeeper_hook"
FOLD = "tollkeeper_fold"

_SCHEMA = REPOSITORY / "schema.sql"


def ensure(cluster: Cluster, database: str = DATABASE) -> bool:
    """Make roles, database and tables where they are missing; return whether the tables were.

    Raises `Refusal` where the tables are of another version than schema.sql.
    """
    with closing(cluster.connect()) as connection, connection.cursor() as cursor:
        for role in (OWNER, HOOK, FOLD):
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
            if cursor.rowcount == 0:
                cursor.execute(f"CREATE ROLE {role} LOGIN{' CREATEROLE' if role == OWNER else ''}")  # operators' logins
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [database])
        if cursor.rowcount == 0:
            cursor.execute(f"CREATE DATABASE {database} OWNER {OWNER}")
    found = _version(cluster, database)
    if found is not None and found != wanted_version():
        raise Refusal(
            f"the database has schema version {found}, these programs need {wanted_version()}",
            f"Use the programs that made {cluster.data}, or set TOLLKEEPER_HOME to an empty folder.",
        )
    if found is None:
        _load(cluster, database)
    return found is None


def wanted_version() -> int:
    """Return the version that schema.sql gives itself."""
    found = re.search(r"INSERT INTO installation \(schema_version\) VALUES \((\d+)\)", _SCHEMA.read_text("utf-8"))
    if found is None:
        raise AssertionError("schema.sql names no version")
    return int(found[1])


def _version(cluster: Cluster, database: str) -> int | None:
    with closing(cluster.connect(role=OWNER, database=database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('installation') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return None
        cursor.execute("SELECT schema_version FROM installation")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _load(cluster: Cluster, database: str) -> None:
    """Load schema.sql as the owner, all or nothing."""
    dsn = cluster.dsn(role=OWNER, database=database)
    try:
        with closing(psycopg2.connect(dsn)) as owner, owner, owner.cursor() as loading:
            loading.execute(_SCHEMA.read_text(encoding="utf-8"))
    except psycopg2.Error as exc:
        raise Refusal(f"schema.sql cannot be loaded: {exc}".strip()) from exc
