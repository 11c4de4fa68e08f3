"""How long it takes to take over an rlm_sql database of many users, and how much memory.

    python -m tests.bench.migrating [--users 100000]

Makes a private PostgreSQL that syncs, fills an old database (a password, a package group, for one in ten an address of
its own and daloRADIUS's particulars), and runs plan, apply, and apply again, each in a process of its own.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo import schema
from demo.cluster import Cluster
from demo.settings import Settings
from tests.old_radius import DALORADIUS, OldRadius
from vault import sealed

_FILL = """
INSERT INTO radcheck (username, attribute, op, value)
SELECT 'user' || n || '@example', 'Cleartext-Password', ':=', 'pw' || n FROM generate_series(1, {users}) AS n;
INSERT INTO radusergroup (username, groupname, priority)
SELECT 'user' || n || '@example', 'plan' || n % 20, 1 FROM generate_series(1, {users}) AS n;
INSERT INTO radgroupreply (groupname, attribute, op, value)
SELECT 'plan' || n, 'Mikrotik-Rate-Limit', ':=', (n + 1) || 'M/' || (n + 1) * 5 || 'M' FROM generate_series(0, 19) AS n;
INSERT INTO radreply (username, attribute, op, value)
SELECT 'user' || n || '@example', 'Framed-IP-Address', '=', host('10.0.0.0'::inet + n)
FROM generate_series(1, {users}, 10) AS n;
INSERT INTO userinfo (username, firstname, lastname, email, mobilephone, address, city)
SELECT 'user' || n || '@example', 'First' || n, 'Last' || n, 'user' || n || '@example.net',
       '+27825550' || 100 + n % 900, n || ' Kerk Street', 'Paarl' FROM generate_series(1, {users}, 10) AS n;
"""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=100_000)
    users = parser.parse_args().users
    folder = Path(tempfile.mkdtemp(prefix="tk", dir="/tmp"))
    folder.chmod(0o755)
    settings = Settings(folder / "pg")
    cluster = Cluster(settings, durable=True)
    try:
        cluster.create()
        cluster.start()
        schema.ensure(cluster, "tollkeeper")
        sealed.make_key(settings.key_file)
        with OldRadius.fresh(cluster) as old:
            old.sql(DALORADIUS + _FILL.format(users=users))
            environ = {**os.environ, **settings.environ(), **cluster.environ(role=schema.OWNER, database="tollkeeper")}
            _run(environ, "group", "add", "Homes")
            for what in ("--plan", "--apply", "--apply"):
                _measure(environ, what, old.dsn)
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def _measure(environ: dict[str, str], what: str, dsn: str) -> None:
    began = time.perf_counter()
    said = json.loads(_run(environ, "import", "radius", dsn, "--group", "Homes", what, "--yes", "--json"))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{what}: {seconds:.1f} s, peak {peak} MiB so far, {said['counts']}")


def _run(environ: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "provisioning.cli", *arguments]
    return subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
