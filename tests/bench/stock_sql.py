"""Stock rlm_sql with PostgreSQL, as Debian ships it: the usual way, on the same cluster as ours.

One radcheck row a user, all in one group with the reply attributes and a limit of sessions.
"""

from contextlib import closing
from pathlib import Path

from demo.cluster import PORT, Cluster
from demo.errors import Refusal
from tests.bench.stock import RADDB, REPLY, Stock

DATABASE = "radius"
_SCHEMA = RADDB / "mods-config/sql/main/postgresql/schema.sql"
_USERS = """
INSERT INTO radcheck (username, attribute, op, value)
SELECT 'user' || lpad(n::text, 7, '0'), 'Cleartext-Password', ':=', 'pw' || lpad(n::text, 7, '0')
FROM generate_series(0, %(accounts)s - 1) AS n;
INSERT INTO radusergroup (username, groupname, priority)
SELECT 'user' || lpad(n::text, 7, '0'), 'bench', 1 FROM generate_series(0, %(accounts)s - 1) AS n;
INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('bench', 'Simultaneous-Use', ':=', '4');
"""


def make(folder: Path, cluster: Cluster, accounts: int) -> Stock:
    """Make the database with the users in it, and the configuration."""
    try:
        schema = _SCHEMA.read_text("utf-8")
    except OSError as exc:
        raise Refusal(f"{_SCHEMA} cannot be read", "Run it as root, or as a member of group freerad.") from exc
    with closing(cluster.connect()) as connection, connection.cursor() as cur:
        cur.execute(f"CREATE DATABASE {DATABASE}")
    with closing(cluster.connect(database=DATABASE)) as connection, connection.cursor() as cur:
        cur.execute(schema)
        cur.execute(_USERS, {"accounts": accounts})
        for name, value in REPLY.items():
            cur.execute(
                "INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES ('bench', %s, '=', %s)",
                (name, value.strip('"')),
            )
        cur.execute("ANALYZE")
    return Stock("rlm_sql.conf.in", folder, {"PGHOST": cluster.settings.run, "PGPORT": PORT, "DATABASE": DATABASE})
