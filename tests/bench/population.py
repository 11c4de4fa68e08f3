"""Fills a database with many customers, each with one account: `user0000000` with password `pw0000000`, and so on.

    python -m tests.bench.population 1000000

takes libpq's PG* variables and TOLLKEEPER_KEY_FILE. One group, one package (10/2 Mbit/s, four sessions), one NAS at
127.0.0.1 with the secret `testing123`, which needs no further set-up for the load generator.
"""

import io
import os
import sys
from pathlib import Path

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, Seal, read_seal

SECRET = "testing123"
_ROWS_AT_ONCE = 20_000


def fill(dsn: str, seal: Seal, accounts: int, sessions_allowed: int | None = 4) -> None:
    """Add `accounts` customers with an account each; the change feed hears of them as of any other change."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cur:
        group_id, package_id = _catalogue(cur, seal, sessions_allowed)
        cur.execute("CREATE TEMPORARY TABLE passwords (number integer, password bytea) ON COMMIT DROP")
        _audit(cur, "DISABLE")
        for first in range(0, accounts, _ROWS_AT_ONCE):  # so that Ctrl-C need not wait for a million
            numbers = range(first, min(first + _ROWS_AT_ONCE, accounts))
            _some(cur, seal, numbers, group_id=group_id, package_id=package_id)
        _audit(cur, "ENABLE")
    connection.autocommit = True
    with connection.cursor() as cur:
        cur.execute("ANALYZE")
    connection.close()


def _audit(cur: Cursor, switch: str) -> None:
    """Nobody asks who made these, and the audit takes longer than they do."""
    for relation in ("customer", "account"):
        cur.execute(f"ALTER TABLE {relation} {switch} TRIGGER audit_insert")


def _catalogue(cur: Cursor, seal: Seal, sessions_allowed: int | None) -> tuple[int, int]:
    cur.execute(
        "INSERT INTO nas (name, address, secret, vendor) VALUES ('bench', '127.0.0.1', %s, 'mikrotik')"
        " ON CONFLICT (address) DO UPDATE SET secret = excluded.secret",
        (seal.seal(SECRET.encode(), NAS_SECRET),),
    )
    cur.execute(
        "WITH added AS (INSERT INTO customer_group (name) VALUES ('bench') RETURNING id),"
        " sold AS (INSERT INTO package (name, download_bps, upload_bps, sessions_allowed, session_seconds)"
        "          VALUES ('bench', 10000000, 2000000, %s, 86400) RETURNING id)"
        " SELECT added.id, sold.id FROM added, sold",
        (sessions_allowed,),
    )
    ((group_id, package_id),) = cur.fetchall()
    return group_id, package_id


def _some(cur: Cursor, seal: Seal, numbers: range, *, group_id: int, package_id: int) -> None:
    cur.execute(
        "INSERT INTO customer (code, group_id, first_name)"
        " SELECT 'U' || lpad(n::text, 9, '0'), %s, 'User ' || n FROM generate_series(%s, %s) AS n",
        (group_id, numbers[0], numbers[-1]),
    )
    sealed = ((number, seal.seal(b"pw%07d" % number, ACCOUNT_PASSWORD).hex()) for number in numbers)
    lines = "".join(f"{number}\t\\\\x{password}\n" for number, password in sealed)
    cur.execute("TRUNCATE passwords")
    cur.copy_expert("COPY passwords FROM STDIN", io.StringIO(lines))
    cur.execute(
        "INSERT INTO account (customer_id, package_id, user_name, password, expires_at)"
        " SELECT customer.id, %s, 'user' || lpad(number::text, 7, '0'), password, now() + interval '1 year'"
        " FROM passwords JOIN customer ON customer.code = 'U' || lpad(number::text, 9, '0') ORDER BY number",
        (package_id,),
    )


if __name__ == "__main__":
    fill("", read_seal(Path(os.environ["TOLLKEEPER_KEY_FILE"])), int(sys.argv[1]))
