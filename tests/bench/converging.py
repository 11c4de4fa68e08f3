"""How long until all who are online are told: sessions on simulated routers that obey, refuse, lose packets, or lie.

    python -m tests.bench.converging 10000

makes a private PostgreSQL in a folder of its own and 20 routers on 127.0.1.0/24 that take 50 packets a second each (the
default of a NAS), so that telling 10,000 sessions once takes 10 s at least. A line a case: seconds until no session
waits any more, what was answered, and how the sessions ended up. Of those that lie, all that is shown is that they are
not believed: their sessions stay to be told again. A benchmark, not a test: nothing here passes or fails.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

from psycopg2.extensions import connection as Connection  # noqa: N812

from demo import schema
from demo.cluster import Cluster
from demo.settings import Settings
from provisioning import database as operations
from provisioning.enforcement import job, looking
from tests.simulated_nas import SimulatedNas
from vault.sealed import NAS_SECRET, make_key, read_seal

ROUTERS, PORT = 20, 13799
SECRET = b"xyzzy5461xyzzy5461"
SLOWER = "UPDATE package SET download_bps = 5000000, upload_bps = 1000000"
BLOCKED = "UPDATE account SET blocked = true"
# what the routers do, and what is changed
CASES = (
    ("ack", SLOWER),
    ("ack", BLOCKED),
    ("drop once", SLOWER),
    ("no coa", SLOWER),
    ("nak 503", BLOCKED),
    ("lie", BLOCKED),
)
_FILL = f"""
INSERT INTO customer_group (name) VALUES ('Homes');
INSERT INTO package (name, download_bps, upload_bps) VALUES ('Home', 50000000, 10000000);
INSERT INTO customer (code, group_id, first_name)
SELECT 'C' || lpad(n::text, 6, '0'), 1, 'N' || n FROM generate_series(1, %(sessions)s) AS n;
INSERT INTO account (customer_id, package_id, user_name)
SELECT n, 1, 'u' || n FROM generate_series(1, %(sessions)s) AS n;
INSERT INTO nas (name, address, secret, vendor, coa_port)
SELECT 'r' || n, ('127.0.1.' || n)::inet, %(secret)s, 'mikrotik', {PORT} FROM generate_series(1, {ROUTERS}) AS n;
INSERT INTO session (user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at, time_zone,
                     billing_day)
SELECT 'u' || n, n, ('127.0.1.' || 1 + n %% {ROUTERS})::inet, 's' || n, now(), now(), 'UTC', 1
FROM generate_series(1, %(sessions)s) AS n;
ANALYZE;
"""


def main(sessions: int) -> None:
    """Print a line a case."""
    with tempfile.TemporaryDirectory(prefix="tk", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        key = Path(folder) / "key"
        make_key(key)
        os.environ["TOLLKEEPER_KEY_FILE"] = str(key)
        cluster = Cluster(Settings(Path(folder) / "pg"), durable=False)
        cluster.create()
        cluster.start()
        try:
            for number, (behaviour, change) in enumerate(CASES):
                database = f"case_{number}"
                schema.ensure(cluster, database)
                with closing(cluster.connect(role=schema.OWNER, database=database)) as connection, _routers(behaviour):
                    _case(connection, sessions, behaviour, change, read_seal(key).seal(SECRET, NAS_SECRET))
        finally:
            cluster.stop()


def _case(connection: Connection, sessions: int, behaviour: str, change: str, secret: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"sessions": sessions, "secret": secret})
        _log_in(connection)
        cursor.execute(change)
        began = time.perf_counter()
        counts = job.work(connection.dsn, datetime.now(UTC))
        took = time.perf_counter() - began
        cursor.execute("SELECT state, count(*) FROM session_treatment GROUP BY 1 ORDER BY 1")
        ended = ", ".join(f"{number} {state}" for state, number in cursor)
    told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if name != "found")
    print(
        f"{behaviour:10} {'CoA' if change == SLOWER else 'Disconnect':10} {took:6.1f} s   {told}   ({ended})",
        flush=True,
    )


def _log_in(connection: Connection) -> None:
    """Give sessions the Class of a login that was answered now; the enforcer looks at all of them once."""
    now = datetime.now(UTC)
    with operations.transaction(connection.dsn) as session:
        (verdict,) = looking.look(session, [1], now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE session SET session_class = '0x544b' || %s || lpad(to_hex(id), 20, '0')", (verdict.desired,)
        )
    job.work(connection.dsn, now)


@contextmanager
def _routers(behaviour: str) -> Iterator[None]:
    """Have the routers listen, in a process of their own."""
    ready, over = multiprocessing.Event(), multiprocessing.Event()
    process = multiprocessing.Process(target=_serve, args=(behaviour, ready, over), daemon=True)
    process.start()
    ready.wait(10.0)
    try:
        yield
    finally:
        over.set()
        process.join(10.0)


def _serve(behaviour: str, ready: Event, over: Event) -> None:
    with ExitStack() as stack:
        for number in range(1, ROUTERS + 1):
            stack.enter_context(SimulatedNas(f"127.0.1.{number}", SECRET, port=PORT, behave=behaviour))
        ready.set()
        over.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
