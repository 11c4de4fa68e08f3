"""A real FreeRADIUS with rlm_sql, as the one that is moved away from: Debian's queries, pap, chap, mschap, detail."""

import subprocess
from pathlib import Path

from psycopg2.extensions import parse_dsn

from tests.fix_cluster import missing_server

RADDB = Path("/etc/freeradius/3.0")
DRIVER = Path("/usr/lib/freeradius/rlm_sql_postgresql.so")
SECRET = "old-secret-of-the-old-server"

_CONFIGURATION = """
name = radiusd
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
run_dir = {folder}
confdir = {raddb}
modconfdir = {raddb}/mods-config
proxy_requests = no
max_requests = 16384
log {{
    destination = stdout
}}
security {{
    reject_delay = 0
}}
thread pool {{
    start_servers = 2
    max_servers = 4
}}
client here {{
    ipaddr = 127.0.0.1
    secret = {secret}
}}
modules {{
    expr {{
    }}
    pap {{
    }}
    chap {{
    }}
    mschap {{
    }}
    expiration {{
    }}
    detail recorder {{
        filename = {folder}/detail/%{{Packet-Src-IP-Address}}/auth-detail
        header = "%t id=%I"
        log_packet_header = yes
    }}
    sql {{
        dialect = "postgresql"
        driver = "rlm_sql_postgresql"
        server = "{host}"
        port = {port}
        login = "{user}"
        radius_db = "{dbname}"
        acct_table1 = "radacct"
        acct_table2 = "radacct"
        postauth_table = "radpostauth"
        authcheck_table = "radcheck"
        groupcheck_table = "radgroupcheck"
        authreply_table = "radreply"
        groupreply_table = "radgroupreply"
        usergroup_table = "radusergroup"
        client_table = "nas"
        group_attribute = "SQL-Group"
        pool {{
            start = 1
            min = 1
            max = 4
            spare = 1
        }}
        $INCLUDE ${{modconfdir}}/sql/main/postgresql/queries.conf
    }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {auth_port}
    }}
    authorize {{
        recorder
        chap
        mschap
        sql
        expiration
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
        Auth-Type CHAP {{
            chap
        }}
        Auth-Type MS-CHAP {{
            mschap
        }}
    }}
    session {{
        sql
    }}
    post-auth {{
        recorder
        Post-Auth-Type REJECT {{
            recorder
        }}
    }}
}}
"""


class OldServer:
    """Starts and stops it."""

    def __init__(self, folder: Path, old, port: int):
        self.folder, self.port, self.secret = folder, port, SECRET
        self.log = folder / "log"
        self._dsn = parse_dsn(old.dsn)
        self._process = None

    def start(self, eventually):
        """Start it, and wait until it serves."""
        if not DRIVER.exists():
            missing_server(f"{DRIVER} is missing: apt-get install freeradius-postgresql")
        words = {"folder": self.folder, "raddb": RADDB, "secret": SECRET, "auth_port": self.port, **self._dsn}
        (self.folder / "radiusd.conf").write_text(_CONFIGURATION.format(**words))
        (self.folder / "detail").mkdir()
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                ["freeradius", "-f", "-l", "stdout", "-d", self.folder, "-n", "radiusd"],
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/bin", "TZ": "UTC"},
            )

        def serves():
            assert "Ready to process requests" in self.log.read_text(), self.log.read_text()[-2000:]

        eventually(serves)

    def stop(self):
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
