"""The database of an old FreeRADIUS: Debian's rlm_sql schema, and daloRADIUS's own tables as its users know them."""

import itertools
from contextlib import closing, contextmanager
from pathlib import Path

from tests.fix_cluster import missing_server

SCHEMA = Path("/etc/freeradius/3.0/mods-config/sql/main/postgresql/schema.sql")
_NUMBERS = itertools.count(1)

# the columns that daloRADIUS 1.x and 2.x have in common
DALORADIUS = """
CREATE TABLE userinfo (id serial PRIMARY KEY, username text, firstname text, lastname text, email text,
    department text, company text, workphone text, homephone text, mobilephone text, address text, city text,
    state text, country text, zip text, notes text, creationdate timestamp);
CREATE TABLE billing_plans (id serial PRIMARY KEY, planname text, plancost text, plancurrency text);
CREATE TABLE userbillinfo (id serial PRIMARY KEY, username text, planname text, email text);
"""


class OldRadius:
    """One old database."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.dsn = cluster.dsn(role="postgres", database=name)
        self.connection = cluster.connect(database=name)

    @classmethod
    @contextmanager
    def fresh(cls, cluster):
        """Give a fresh one, and drop it at the end."""
        try:
            schema = SCHEMA.read_text()
        except OSError as exc:
            missing_server(f"FreeRADIUS's own schema cannot be read: {exc}")
        name = f"old{next(_NUMBERS)}"
        _as_superuser(cluster, f"CREATE DATABASE {name}")
        made = cls(cluster, name)
        made.sql(schema)
        yield made
        made.connection.close()
        _as_superuser(cluster, f"DROP DATABASE {name} WITH (FORCE)")

    def sql(self, statement, *arguments):
        """Run a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)

    def check(self, user, *items):
        """Give a user check items: ("Expiration", ":=", "31 Dec 2026")."""
        self._put("radcheck", "username", user, items)

    def reply(self, user, *items):
        """Give a user reply items."""
        self._put("radreply", "username", user, items)

    def group(self, name, *, check=(), reply=()):
        """Make a group."""
        self._put("radgroupcheck", "groupname", name, check)
        self._put("radgroupreply", "groupname", name, reply)

    def join(self, user, *groups):
        """Put a user into groups, the first one first."""
        for priority, group in enumerate(groups):
            statement = "INSERT INTO radusergroup (username, groupname, priority) VALUES (%s, %s, %s)"
            self.sql(statement, user, group, priority)

    def user(self, name, *groups, password="secret"):
        """Make a user with a password, in groups."""
        self.check(name, ("Cleartext-Password", ":=", password))
        self.join(name, *groups)

    def _put(self, table, owner, name, items):
        for attribute, op, value in items:
            statement = f"INSERT INTO {table} ({owner}, attribute, op, value) VALUES (%s, %s, %s, %s)"
            self.sql(statement, name, attribute, op, value)


def _as_superuser(cluster, statement):
    with closing(cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
