"""How many records a second the fold takes from a spool into PostgreSQL, beside a plain row-at-a-time baseline.

    python -m tests.bench.folding [--sessions 50000] [--interims 4] [--batch 5000] [--profile]

Makes a private PostgreSQL that syncs, and a spool with a Start, some interims and a Stop of each session. The baseline
updates or inserts a row a record: with executemany in batches of the same size, and with a commit a record, as the SQL
modules of RADIUS servers do. It knows no order, no usage by day, no books.
"""

import argparse
import cProfile
import pstats
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import psycopg2

from demo import schema
from demo.cluster import Cluster
from demo.settings import Settings
from radiusd.accounting import batch
from radiusd.accounting.fold import Fold
from radiusd.accounting.fold import Settings as FoldSettings
from radiusd.accounting.ledger import Ledger
from radiusd.accounting.spool import Spool, SpooledRecord
from tests.integration.folding import body

STARTED_AT = int(time.time()) - 6 * 3600
ROUTERS = 200


def records(sessions: int, interims: int) -> Iterator[bytes]:
    """Yield every record, in the order of events."""
    for turn in range(interims + 2):
        kind = "start" if turn == 0 else "stop" if turn == interims + 1 else "interim"
        for number in range(sessions):
            octets = turn * (1_000_000 + number), turn * (9_000_000 + number)
            yield body(
                kind,
                event_at=STARTED_AT + 300 * turn + number * 300 // sessions,
                user_name=f"user{number:07d}",
                sid=f"{number:08x}",
                nas=f"10.0.{number % ROUTERS}.1",
                octets=octets,
                Class=f"0x544b{number:028x}",
                NAS_Port_Id=f"ether{number % 48}",
                Calling_Station_Id=f"02-00-00-{number >> 16:02x}-{number >> 8 & 255:02x}-{number & 255:02x}",
                Framed_IP_Address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
                Acct_Session_Time=300 * turn,
            )


def fill(dsn: str, accounts: int) -> None:
    """Add accounts of one customer each."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cur:
        cur.execute(
            "INSERT INTO customer_group (name) VALUES ('bench'); INSERT INTO package (name) VALUES ('bench');"
            "INSERT INTO customer (code, group_id, first_name)"
            " SELECT 'U' || n, 1, 'User ' || n FROM generate_series(1, %(n)s) AS n;"
            "INSERT INTO account (customer_id, package_id, user_name)"
            " SELECT n, 1, 'user' || lpad((n - 1)::text, 7, '0') FROM generate_series(1, %(n)s) AS n; ANALYZE",
            {"n": accounts},
        )


def baseline(dsn: str, bodies: Iterator[bytes], batch_records: int) -> float:
    """Return the records a second of a row at a time."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cur:
        cur.execute(
            "DROP TABLE IF EXISTS radacct;"
            "CREATE TABLE radacct (class text PRIMARY KEY, user_name text, nas inet, sid text,"
            " heard_at timestamptz,"
            " octets_in bigint, octets_out bigint, stopped boolean); CREATE INDEX ON radacct (user_name);"
            "CREATE INDEX ON radacct (nas, sid)"
        )
        connection.commit()
        started_at, count = time.perf_counter(), 0
        while bodies_now := list(islice(bodies, batch_records)):
            entries = batch.parse([_spooled(one) for one in bodies_now])
            rows = [
                (
                    r.session_class,
                    r.user_name,
                    r.nas_address,
                    r.acct_session_id,
                    r.event_at,
                    r.octets_in,
                    r.octets_out,
                    r.kind == "stop",
                )
                for _, r in entries
            ]
            cur.executemany(
                "INSERT INTO radacct VALUES (%s, %s, %s, %s, to_timestamp(%s), %s, %s, %s) ON CONFLICT (class)"
                " DO UPDATE SET heard_at = excluded.heard_at, octets_in = excluded.octets_in,"
                " octets_out = excluded.octets_out, stopped = excluded.stopped",
                rows,
            )
            connection.commit()
            count += len(rows)
        return count / (time.perf_counter() - started_at)


def _spooled(one: bytes) -> SpooledRecord:
    return SpooledRecord(0, time.time(), one)


def folded(dsn: str, folder: Path, bodies: Iterator[bytes], *, batch_records: int, profile: bool) -> float:
    """Return the records a second of the fold."""
    path = folder / "spool" / "spool.db"
    with closing(Spool(path)) as spool:
        count = 0
        while some := list(islice(bodies, 20_000)):
            spool.append([(time.time(), one) for one in some])
            count += len(some)
    fold = Fold(FoldSettings("bench", path, folder / "fold.json", batch_records), lambda: Ledger("bench", dsn))
    profiler = cProfile.Profile()
    started_at = time.perf_counter()
    if profile:
        profiler.enable()
    fold.drain()
    profiler.disable()
    seconds = time.perf_counter() - started_at
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(28)
    return count / seconds


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=50_000)
    parser.add_argument("--interims", type=int, default=4)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--no-baseline", action="store_true")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tk", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(Settings(folder / "pg"))
    try:
        cluster.create()
        cluster.start()
        schema.ensure(cluster, "bench")
        owner = cluster.dsn(role=schema.OWNER, database="bench")
        fill(owner, wanted.sessions)
        if not wanted.no_baseline:
            rate = baseline(owner, records(2_000, wanted.interims), 1)
            sys.stdout.write(f"a row, a commit: {rate:8.0f} records/s\n")
            rate = baseline(owner, records(5_000, wanted.interims), wanted.batch)
            sys.stdout.write(f"a row at a time: {rate:8.0f} records/s\n")
        dsn = cluster.dsn(role=schema.FOLD, database="bench")
        rate = folded(
            dsn,
            folder,
            records(wanted.sessions, wanted.interims),
            batch_records=wanted.batch,
            profile=wanted.profile,
        )
        sys.stdout.write(f"the fold:        {rate:8.0f} records/s\n")
        with closing(psycopg2.connect(owner)) as connection, connection.cursor() as cur:
            cur.execute("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'session'")
            sys.stdout.write("updates, of those in place: {}, {}\n".format(*cur.fetchone()))
    finally:
        cluster.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
