"""Fixtures that every test may use; tests/fix_*.py hold them, a file a subject.

database    a fresh database with schema.sql in it, on a private PostgreSQL; dropped after the test.
            .name, .dsn (libpq string, role tollkeeper, the owner), .hook_dsn (role tollkeeper_hook, reads only),
            .superuser_dsn, .home (a fresh TOLLKEEPER_HOME), .key_file, .environ (PG* and TOLLKEEPER_* for a subprocess,
            with a fresh key), .connect(role=...) (a psycopg2 connection in autocommit mode)
seal        the `vault.sealed.Seal` of that database's key
eventually  eventually(assertion, within_seconds=30): calls `assertion` until it raises no AssertionError
udp_ports   udp_ports(2): that many UDP ports on 127.0.0.1 that nobody listens on
proxy       a relay in front of that database: connect with host=proxy.folder; proxy.stop(), .deaf(), .start()
accounting  writes sessions, usage and quarantine into that database as a fold would; tests/fix_sessions.py
spool       the `radiusd.accounting.spool.Spool` of that database's home
cluster     the private PostgreSQL itself (`demo.cluster.Cluster`), of the whole test run

tests/acceptance/conftest.py adds `provider`, a running FreeRADIUS.

A missing server skips these tests with the reason on a laptop, and fails them where CI is set.
"""

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes, or its making, is the machine's doing
settings.register_profile("tollkeeper", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tollkeeper")

pytest_plugins = [
    "tests.fix_cluster",
    "tests.fix_database",
    "tests.fix_proxy",
    "tests.fix_waiting",
    "tests.fix_sessions",
]


@pytest.hookimpl(trylast=True)  # after pytest-randomly
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes long, a file each: begun last, one process would be at it while the others have nothing."""
    items.sort(key=lambda item: not ("/acceptance/" in str(item.path) or "/clock/" in str(item.path)))
