"""Fills a database with customers as a provider has them: names, phones, addresses, accounts, sessions, money.

For the benchmarks of lists, searches and profiles; made by SQL, the same at every run. A customer has one account, half
of the accounts are online, some customers are others' sub-accounts, a fifth are a reseller's.
"""

from pathlib import Path

from psycopg2.extensions import connection as Connection  # noqa: N812  (a class, whatever its name says)

RESELLER = "Karoo Net"
_SIZES = {"groups": 8, "packages": 12}
_STATEMENTS = Path(__file__).with_suffix(".sql")

# nobody asks who made them, or follows it, and that takes longer than making them
_QUIET = (
    *("customer", "contact", "address", "note", "external_id", "account", "device", "package_change", "invoice"),
    *("payment", "session"),
)


def fill(connection: Connection, customers: int) -> None:
    """Fill an empty database; the connection is in autocommit mode."""
    with connection.cursor() as cursor:
        for relation in _QUIET:
            cursor.execute(f"ALTER TABLE {relation} DISABLE TRIGGER USER")
        cursor.execute(_STATEMENTS.read_text(encoding="utf-8").format(**_SIZES, customers=customers))
        for relation in _QUIET:
            cursor.execute(f"ALTER TABLE {relation} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")
