"""Fills a database with many customers, each with one account: `user0000000` with password `pw0000000`, and so on.

    python -m tests.bench.population 1000000

takes libpq's PG* variables and TOLLKEEPER_KEY_FILE. One group, one package (10/2 Mbit/s, four sessions), one NAS at
127.0.0.1 with the secret `testing123`, which needs no further set-up for the load generator.
"""

import io
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psycopg2

from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, Seal, read_seal

SECRET = "testing123"
_LINES_AT_ONCE = 20_000


def fill(dsn: str, seal: Seal, accounts: int, sessions_allowed: int | None = 4) -> None:
    """Add `accounts` customers with an account each; the change feed hears of them as of any other change."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cur:
        cur.execute("INSERT INTO customer_group (name) VALUES ('bench') RETURNING id")
        (group_id,) = cur.fetchone()
        cur.execute(
            "INSERT INTO package (name, download_bps, upload_bps, sessions_allowed, session_seconds)"
            " VALUES ('bench', 10000000, 2000000, %s, 86400) RETURNING id",
            (sessions_allowed,),
        )
        (package_id,) = cur.fetchone()
        cur.execute(
            "INSERT INTO nas (name, address, secret, vendor) VALUES ('bench', '127.0.0.1', %s, 'mikrotik')"
            " ON CONFLICT (address) DO UPDATE SET secret = excluded.secret",
            (seal.seal(SECRET.encode(), NAS_SECRET),),
        )
        for relation in ("customer", "account"):  # nobody asks who made them, and the audit takes longer than they do
            cur.execute(f"ALTER TABLE {relation} DISABLE TRIGGER audit_insert")
        cur.execute(
            "INSERT INTO customer (code, group_id, first_name)"
            " SELECT 'U' || lpad(n::text, 9, '0'), %s, 'User ' || n FROM generate_series(0, %s - 1) AS n",
            (group_id, accounts),
        )
        cur.execute("CREATE TEMPORARY TABLE passwords (number integer, password bytea) ON COMMIT DROP")
        lines = _lines(seal, accounts)
        while chunk := "".join(islice(lines, _LINES_AT_ONCE)):
            cur.copy_expert("COPY passwords FROM STDIN", io.StringIO(chunk))
        cur.execute(
            "INSERT INTO account (customer_id, package_id, user_name, password, expires_at)"
            " SELECT customer.id, %s, 'user' || lpad(number::text, 7, '0'), password, now() + interval '1 year'"
            " FROM passwords JOIN customer ON customer.code = 'U' || lpad(number::text, 9, '0')",
            (package_id,),
        )
        for relation in ("customer", "account"):
            cur.execute(f"ALTER TABLE {relation} ENABLE TRIGGER audit_insert")
    connection.autocommit = True
    with connection.cursor() as cur:
        cur.execute("ANALYZE")
    connection.close()


def _lines(seal: Seal, accounts: int) -> Iterator[str]:
    for number in range(accounts):
        sealed = seal.seal(f"pw{number:07d}".encode(), ACCOUNT_PASSWORD)
        yield f"{number}\t\\\\x{sealed.hex()}\n"


if __name__ == "__main__":
    fill("", read_seal(Path(os.environ["TOLLKEEPER_KEY_FILE"])), int(sys.argv[1]))
