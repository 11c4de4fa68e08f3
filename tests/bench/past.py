"""Years of a provider's past: closed sessions and the daily ledger, made by PostgreSQL itself, a month a statement.

Rows as the fold leaves them: each month's sessions in the order in which they ended, of accounts at random; a row of
usage for each account and day. A month is filled first, and gets its indexes when it is attached: a third of the time.
Constraints of other tables are not asked (session_replication_role), since every row is of an account that is there.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from demo import schema
from tests.bench.node import Node

OCTETS_A_SESSION = 750  # on disk, with its eight indexes
OCTETS_A_DAY = 110

_ROWS_AT_ONCE = 200_000

_SETTINGS = (
    "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '128MB';"
    f"SET synchronous_commit = off; SET ROLE {schema.OWNER}"
)
_NUMBERED = """
CREATE TEMPORARY TABLE numbered AS
SELECT row_number() OVER (ORDER BY id) - 1 AS number, id, user_name FROM account;
CREATE UNIQUE INDEX ON numbered (number); ANALYZE numbered
"""
_SESSIONS = r"""
INSERT INTO {name} (id, user_name, account_id, nas_address, acct_session_id, session_class, started_at, last_heard_at,
                    interim_seconds, port, calling_station_id, called_station_id, ipv4_address, session_seconds,
                    octets_in, octets_out, time_zone, billing_day, flags, points, stopped_at, terminate_cause, state)
SELECT n, user_name, account_id, '10.255.0.0'::inet + number %% 200, to_hex(n), '0x544b' || left(md5(n::text), 28),
       stopped_at - seconds * interval '1 second', stopped_at, 300, 'ether' || number %% 48,
       '02:00:00:' || regexp_replace(lpad(to_hex(number), 6, '0'), '(..)(..)(..)', '\1:\2:\3'), 'service1',
       '10.0.0.0'::inet + number, seconds, seconds * 20000, seconds * 180000, 'UTC', 1, '{{}}', '[]', stopped_at,
       'User-Request', 'stopped'
FROM (SELECT n, 3600 + (hashint8(n) & 65535)::bigint AS seconds,
             (hashint8(n * 7919) & 2147483647) %% %(accounts)s AS wanted,
             %(first)s::timestamptz
                 + (n - %(lowest)s) * (%(end)s::timestamptz - %(first)s) / %(count)s AS stopped_at
      FROM generate_series(%(from)s::bigint, least(%(to)s, %(lowest)s + %(count)s - 1)) AS n) AS made
JOIN LATERAL (SELECT number, id AS account_id, user_name FROM numbered WHERE number = wanted) AS whose ON true
"""
_USAGE = """
INSERT INTO usage_day (account_id, day, period_start, octets_in, octets_out)
SELECT id, day, date_trunc('month', day), 1000 * (hashint8(id + n) & 1048575)::bigint,
       9000 * (hashint8(id - n) & 1048575)::bigint
FROM numbered CROSS JOIN (SELECT day::date, row_number() OVER () AS n
                          FROM generate_series(%s::date, %s::date, interval '1 day') AS day) AS days
"""


class Month(NamedTuple):
    """A partition: from the first moment of `first` to that of `end`."""

    first: date
    end: date

    @property
    def name(self) -> str:
        """The partition's, as schema.sql has it."""
        return f"session_history_{self.first:%Y_%m}"


def months(until: date, count: int) -> list[Month]:
    """Return that many months, the last one being that of `until`."""
    found = []
    end = (until.replace(day=1) + timedelta(days=31)).replace(day=1)
    for _ in range(count):
        first = (end - timedelta(days=1)).replace(day=1)
        found.append(Month(first, end))
        end = first
    return found[::-1]


def fill(node: Node, sessions: int, count: int) -> Iterator[str]:
    """Make `sessions` closed ones and the usage of `count` months; yield what was made, `steps` times."""
    now = datetime.now(UTC)
    wanted = months(now.date(), count)
    with closing(node.cluster.connect(database=node.database)) as connection, connection.cursor() as cur:
        cur.execute(_SETTINGS)
        cur.execute(_NUMBERED)
        restore = _unindexed(cur)
        lowest = 1
        for number, month in enumerate(wanted, 1):
            until = sessions * number // count + 1
            _month(cur, month, min(month.end, now.date()), lowest, until - lowest, node.accounts)
            lowest = until
            yield f"{month.first:%Y-%m} sessions"
            cur.execute(_USAGE, (month.first, min(month.end - timedelta(days=1), now.date())))
            yield f"{month.first:%Y-%m} usage"
        for statement in restore:
            cur.execute(statement)
        cur.execute("SELECT setval('session_id_seq', %s)", (sessions + 1,))
        yield "indexes of usage"
        cur.execute("RESET ROLE")
        cur.execute("VACUUM (ANALYZE) session_history, usage_day")
        yield "vacuum"


def steps(count: int) -> int:
    """Return how often `fill` yields."""
    return 2 * count + 2


def _month(cur: Cursor, month: Month, end: date, lowest: int, count: int, accounts: int) -> None:
    cur.execute("SELECT to_regclass(%s) IS NOT NULL", (month.name,))
    if cur.fetchone() == (True,):  # made ahead, and empty
        cur.execute(f"DROP TABLE {month.name}")
    cur.execute(f"CREATE TABLE {month.name} (LIKE session_history INCLUDING CONSTRAINTS INCLUDING STORAGE)")
    values = {
        "first": f"{month.first} 00:00+00",
        "end": f"{end} 00:00+00" if end > month.first else f"{month.first} 00:01+00",
        "lowest": lowest,
        "count": count,
        "accounts": accounts,
    }
    for first in range(lowest, lowest + count, _ROWS_AT_ONCE):  # so that Ctrl-C need not wait for a month
        cur.execute(_SESSIONS.format(name=month.name), {**values, "from": first, "to": first + _ROWS_AT_ONCE - 1})
    cur.execute(
        f"ALTER TABLE session_history ATTACH PARTITION {month.name} FOR VALUES FROM (%s) TO (%s)",
        (values["first"], f"{month.end} 00:00+00"),
    )


def _unindexed(cur: Cursor) -> list[str]:
    """Take the ledger's indexes away; return what makes them again."""
    cur.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'usage_day'::regclass AND contype = 'p'"
    )
    (name, key), *_ = cur.fetchall()
    cur.execute("SELECT indexdef, indexname FROM pg_indexes WHERE tablename = 'usage_day' AND indexname <> %s", (name,))
    others = cur.fetchall()
    cur.execute(f"ALTER TABLE usage_day DROP CONSTRAINT {name}")
    for _, index in others:
        cur.execute(f"DROP INDEX {index}")
    return [f"ALTER TABLE usage_day ADD CONSTRAINT {name} {key}", *(definition for definition, _ in others)]
