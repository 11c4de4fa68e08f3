"""Reading the provider's rows, every one, from a real PostgreSQL."""

from contextlib import closing
from dataclasses import fields

import psycopg2
import pytest
from psycopg2.extensions import cursor
from structlog.testing import capture_logs

from policies.facts import AccountExtras
from radiusd.source import SCHEMA_VERSION, Source, WrongSchema
from tests.fix_database import Database
from tests.integration import rows_of_every_kind as rows
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, NotOurs, Seal


def test_every_column_of_every_row_is_read(sql: cursor, source: Source) -> None:
    """Into the right field of the right fact, the opened passwords among them."""
    assert rows.tables(source.load()[0]) == rows.tables(rows.expected())


def test_the_rows_of_this_test_leave_no_field_at_its_default() -> None:
    """So that a column in a wrong place, or forgotten, would be seen."""
    full = (rows.GROUPS[1], rows.PACKAGES[1], rows.CUSTOMERS[1], rows.FULL_NAS, rows.ACCOUNTS[2], rows.DEVICES[1])
    for row, plain in zip(
        (*full, rows.ACCOUNTS[2].extras),
        (
            *(rows.GROUPS[0], rows.PACKAGES[0], rows.CUSTOMERS[0], rows.PLAIN_NAS, rows.ACCOUNTS[0], rows.DEVICES[0]),
            AccountExtras(),
        ),
        strict=True,
    ):
        assert row is not None
        same = {field.name for field in fields(row) if getattr(row, field.name) == getattr(plain, field.name)}
        assert same <= {"pap_only"}


def test_an_empty_database_is_an_empty_state(sql: cursor, source: Source) -> None:
    """A provider begins with nothing."""
    rows.empty(sql)
    assert set(source.load()[0].counts().values()) == {0}


def test_another_key_opens_nothing(sql: cursor, as_hook: None) -> None:
    """It is said, and no state comes of it."""
    with closing(Source(Seal(bytes(32)))) as stranger, pytest.raises(NotOurs):
        stranger.load()


@pytest.mark.parametrize("version", [0, 1, 99])
def test_another_schema_version_is_refused(sql: cursor, source: Source, version: int) -> None:
    """Both numbers are told."""
    sql.execute("UPDATE installation SET schema_version = %s", (version,))
    with pytest.raises(
        WrongSchema, match=f"^database has schema version {version}, this program needs {SCHEMA_VERSION}$"
    ):
        source.load()


def test_a_database_without_its_version_is_refused(sql: cursor, source: Source) -> None:
    """Somebody loaded the tables and not the rest."""
    sql.execute("DELETE FROM installation")
    with pytest.raises(WrongSchema, match="no schema of ours"):
        source.load()


def test_the_hook_may_read_and_nothing_else(sql: cursor, database: Database) -> None:
    """No table and no view takes a row from it, and no secret of the vault's tables is open to it but by the views."""
    sql.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')")
    relations = [name for (name,) in sql.fetchall()]
    assert len(relations) > 15
    with closing(database.connect("tollkeeper_hook")) as connection, connection.cursor() as cur:
        for relation in relations:
            for statement in (f"DELETE FROM {relation}", f"INSERT INTO {relation} DEFAULT VALUES"):
                with pytest.raises(
                    (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ObjectNotInPrerequisiteState)
                ):
                    cur.execute(statement)
        for relation in ("account", "nas", "customer"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cur.execute(f"SELECT FROM {relation}")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cur.execute("TRUNCATE change_log")


def test_the_hooks_own_connection_is_read_only(sql: cursor, source: Source, database: Database, seal: Seal) -> None:
    """Even where somebody gives it the owner's role."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGUSER", "tollkeeper")
        with closing(Source(seal)) as owner:
            state, position = owner.load()
            assert not owner.catch_up(state, position).reload
    sql.execute("SELECT count(*) FROM change_log")
    assert sql.fetchone() is not None


def test_secrets_are_sealed_by_purpose(sql: cursor, source: Source, seal: Seal) -> None:
    """A NAS secret put into an account's password is not ours."""
    sql.execute("UPDATE account SET password = (SELECT secret FROM nas WHERE id = 1) WHERE id = 1")
    assert source.load()[0].accounts["plain"].password is None
    sealed = seal.seal(b"x", ACCOUNT_PASSWORD)
    with pytest.raises(NotOurs):
        seal.open(sealed, NAS_SECRET)


def test_one_bad_secret_spoils_one_row(sql: cursor, source: Source) -> None:
    """The account has no password, the NAS is none of ours; everybody else is loaded, and changes go on."""
    sql.execute("UPDATE account SET password = '\\x00' WHERE user_name = %s", (rows.ACCOUNTS[0].user_name,))
    sql.execute("UPDATE nas SET secret = '\\x00' WHERE id = 1")
    with capture_logs() as logs:
        state, position = source.load()

    assert state.accounts[rows.ACCOUNTS[0].user_name].password is None
    assert set(state.nas) == {2}
    assert [line["event"] for line in logs] == ["secret_does_not_open"] * 2

    sql.execute("UPDATE nas SET secret = '\\x01' WHERE id = 2")
    assert source.catch_up(state, position).number == 1
    assert state.nas == {}


def test_a_node_that_wants_routers_only(sql: cursor, as_hook: None, seal: Seal) -> None:
    """Nothing else is read, neither at first nor as a change; what concerns everything is heard of all the same."""
    with closing(Source(seal, relations=("nas",))) as source:
        state, position = source.load()
        sql.execute("INSERT INTO customer_group (name) VALUES ('unheard')")
        unheard = source.catch_up(state, position)
        secret = seal.seal(b"x" * 32, NAS_SECRET)
        sql.execute("INSERT INTO nas (name, address, secret) VALUES ('heard', '192.0.2.77', %s)", (secret,))
        heard = source.catch_up(state, position)

    assert (unheard.number, heard.number) == (0, 1)
    assert state.nas_by_address["192.0.2.77"].name == "heard"
    assert state.groups == state.accounts == {}
