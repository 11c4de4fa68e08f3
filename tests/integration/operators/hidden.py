"""What an operator does not see: all rows, as the owner has them, less those that are visible to him."""

from contextlib import closing

import psycopg2

from tests.integration.operators.market import Market

# written for every act, whoever does it; the entries and changes of the audit themselves are looked at
_EVERYBODYS = {"audit_head", "change_log", "change_log_floor", "customer_code_sequence", "allowance_due"}
TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition ORDER BY relname
"""


def rows(connection, table):
    """Return a table's rows as text, None where they may not be read."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(f'SELECT to_jsonb(r)::text FROM "{table}" AS r')
        except psycopg2.errors.InsufficientPrivilege:
            connection.rollback()
            return None
        return {text for (text,) in cursor}


def hidden(market: Market, operator: str) -> dict[str, set[str]]:
    """Return by table the rows that this operator does not see."""
    with closing(market.database.connect()) as owner, closing(psycopg2.connect(market.dsn(operator))) as connection:
        found = {}
        for table in tables(owner):
            found[table] = rows(owner, table) - (rows(connection, table) or set())
        return found


def tables(connection):
    """Return the names of all tables whose rows are somebody's."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor if name not in _EVERYBODYS]
