"""The fixtures that other tests stand on."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from radiusd.source import SCHEMA_VERSION
from tests.fix_database import Database
from tests.fix_proxy import Proxy
from vault.sealed import ACCOUNT_PASSWORD, Seal


def test_a_database_has_the_schema(database: Database) -> None:
    """A fresh database holds schema.sql, and nothing else."""
    with database.connect().cursor() as cursor:
        cursor.execute("SELECT schema_version, (SELECT count(*) FROM account) FROM installation")
        assert cursor.fetchone() == (SCHEMA_VERSION, 0)


def test_a_database_belongs_to_one_test(database: Database) -> None:
    """What another test wrote (this one runs in any order, with itself) is not seen."""
    with database.connect().cursor() as cursor:
        cursor.execute("INSERT INTO customer_group (name) VALUES ('home')")
        cursor.execute("SELECT count(*) FROM customer_group")
        assert cursor.fetchone() == (1,)


def test_the_hook_only_reads(database: Database) -> None:
    """The hook's role is refused when it writes."""
    with database.connect("tollkeeper_hook").cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("UPDATE account SET blocked = true")


@pytest.mark.parametrize("role", ["tollkeeper_hook", "tollkeeper_fold"])
def test_who_only_answers_makes_no_roles(database: Database, role: str) -> None:
    """The right to make roles is the owner's alone, who gives operators their logins."""
    with database.connect(role).cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("CREATE ROLE somebody")


def test_the_seal_is_the_databases(database: Database, seal: Seal) -> None:
    """The key file in the environment opens what the fixture sealed."""
    assert Path(database.environ["TOLLKEEPER_KEY_FILE"]).stat().st_mode & 0o077 == 0
    assert seal.open(seal.seal(b"arctangent", ACCOUNT_PASSWORD), ACCOUNT_PASSWORD) == b"arctangent"


def test_a_proxy_cuts_refuses_and_relays_again(database: Database, proxy: Proxy) -> None:
    """A stopped proxy ends its connections and refuses new ones; started again, it relays."""
    dsn = database.dsn.replace(str(database.cluster.settings.run), str(proxy.folder))
    with closing(psycopg2.connect(dsn)) as before, before.cursor() as cursor:
        cursor.execute("SELECT 1")
        proxy.stop()
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(dsn)
    proxy.start()
    with closing(psycopg2.connect(dsn)) as after, after.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
