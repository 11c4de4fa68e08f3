"""The change log: what the triggers write, for whoever writes the rows."""

import select
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extensions import cursor

from demo.cluster import Cluster
from tests.fix_database import Database, fresh_database
from tests.integration import rows_of_every_kind as rows
from vault.sealed import Seal


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for all tests of this file, emptied before each."""
    with fresh_database(cluster) as made:
        yield made


@pytest.fixture
def sql(database: Database, seal: Seal) -> Iterator[cursor]:
    """A cursor of the owner's on a database with a row of every kind, and an empty log."""
    with closing(database.connect()) as connection, connection.cursor() as cur:
        rows.empty(cur)
        rows.insert(cur, seal)
        cur.execute("DELETE FROM change_log")
        yield cur


def logged(cur: cursor) -> set[tuple[str, str]]:
    """Return relation and key of the entries."""
    cur.execute("SELECT relation, key FROM change_log")
    return set(cur.fetchall())


@pytest.mark.parametrize(
    ("statement", "entries"),
    [
        ("UPDATE customer_group SET enabled = false WHERE id = 1", {("group", "1")}),
        ("UPDATE customer SET disabled = true", {("customer", "1"), ("customer", "2")}),
        ("UPDATE package SET priority = 1 WHERE id = 2", {("package", "2")}),
        ("DELETE FROM time_band", {("package", "2")}),
        ("UPDATE time_band SET package_id = 1 WHERE position = 1", {("package", "1"), ("package", "2")}),
        ("INSERT INTO package_profile VALUES (1, 'huawei', 'a', 'b')", {("package", "1")}),
        ("UPDATE nas SET vendor = 'cisco' WHERE id = 2", {("nas", "2")}),
        ("UPDATE account SET blocked = true WHERE id = 1", {("account", "plain")}),
        (
            "UPDATE account SET user_name = 'x' WHERE id = 1",
            {("account", "plain"), ("account", "x"), ("device", "02:00:00:00:00:01")},
        ),
        ("DELETE FROM account_nas", {("account", "né@mo.example")}),
        ("UPDATE package_change SET comment = 'x'", {("account", "né@mo.example")}),
        ("DELETE FROM device WHERE account_id = 1", {("device", "02:00:00:00:00:01")}),
        (
            "UPDATE device SET mac = '02:00:00:00:00:09' WHERE account_id = 1",
            {("device", "02:00:00:00:00:01"), ("device", "02:00:00:00:00:09")},
        ),
        ("UPDATE installation SET time_zone = 'UTC'", {("installation", "*")}),
        ("TRUNCATE device", {("device", "*")}),
        ("TRUNCATE time_band", {("package", "*")}),
        ("UPDATE account SET blocked = true WHERE false", set()),
        ("DELETE FROM device WHERE false", set()),
    ],
)
def test_what_was_written_is_logged(sql: cursor, statement: str, entries: set[tuple[str, str]]) -> None:
    """By the key that a reader finds the row by, the old one and the new one."""
    sql.execute(statement)
    assert logged(sql) == entries


def test_a_deleted_account_takes_its_devices_along(sql: cursor) -> None:
    """What the database deletes by itself is logged as well."""
    sql.execute("DELETE FROM account WHERE id = 3")
    assert {("account", "né@mo.example"), ("device", "02:00:00:00:00:02")} <= logged(sql)


def test_a_statement_is_one_entry_a_row(sql: cursor) -> None:
    """Ten thousand rows in one statement are ten thousand entries of one transaction."""
    sql.execute(
        "INSERT INTO account (customer_id, package_id, user_name)"
        " SELECT 1, 1, 'u' || n FROM generate_series(1, 10000) AS n"
    )
    sql.execute("SELECT count(*), count(DISTINCT key), count(DISTINCT xid) FROM change_log")
    assert sql.fetchone() == (10_000, 10_000, 1)


def test_a_group_of_any_size_is_one_entry(sql: cursor) -> None:
    """A thousand customers of a group that is switched off are one change."""
    sql.execute(
        "INSERT INTO customer (code, group_id, first_name) SELECT 'C' || n, 1, n FROM generate_series(1, 1000) n"
    )
    sql.execute("DELETE FROM change_log; UPDATE customer_group SET enabled = false WHERE id = 1")
    assert logged(sql) == {("group", "1")}


def test_what_was_rolled_back_is_not_logged(sql: cursor) -> None:
    """It never happened."""
    sql.execute("BEGIN; UPDATE account SET blocked = true; ROLLBACK")
    assert logged(sql) == set()


def test_whoever_may_write_the_table_need_not_write_the_log(sql: cursor, database: Database) -> None:
    """A helper of the operator's, with a role of its own, is covered; the log itself it cannot touch."""
    with closing(database.connect("postgres")) as superuser, superuser.cursor() as cur:
        cur.execute(
            f"CREATE ROLE helper_{database.name} LOGIN; GRANT SELECT, UPDATE ON account TO helper_{database.name};"
            f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO helper_{database.name};"
            f"CREATE POLICY helped ON account TO helper_{database.name} USING (true)"
        )
        try:
            cur.execute(f"SET ROLE helper_{database.name}")
            cur.execute("UPDATE account SET blocked = true WHERE id = 1")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cur.execute("DELETE FROM change_log")
        finally:
            cur.execute("RESET ROLE")
            cur.execute(f"DROP OWNED BY helper_{database.name}; DROP ROLE helper_{database.name}")
    assert logged(sql) == {("account", "plain")}


@pytest.mark.parametrize(("statement", "wakes"), [("true", True), ("false", False)])
def test_a_commit_wakes_who_listens(sql: cursor, database: Database, statement: str, wakes: bool) -> None:
    """Once a transaction, when it is over, and only where a row was written."""
    with closing(database.connect("tollkeeper_hook")) as listener, listener.cursor() as cur:
        cur.execute("LISTEN tollkeeper_change")
        sql.execute("BEGIN")
        for _ in range(3):
            sql.execute(f"UPDATE account SET blocked = NOT blocked WHERE {statement}")
        assert not select.select([listener], [], [], 0.05)[0]
        sql.execute("COMMIT")
        assert bool(select.select([listener], [], [], 5.0 if wakes else 0.1)[0]) == wakes
        listener.poll()
        assert len(listener.notifies) == int(wakes)


def test_pruning_takes_what_is_old(sql: cursor) -> None:
    """The number is told, and the floor is where the youngest of it was."""
    sql.execute("UPDATE account SET blocked = true WHERE id = 1")
    sql.execute("UPDATE change_log SET logged_at = now() - interval '2 days' RETURNING xid")
    (old,) = sql.fetchone() or (None,)
    sql.execute("UPDATE account SET suspended = true WHERE id = 2")
    sql.execute("SELECT prune_change_log('1 day')")
    assert sql.fetchone() == (1,)
    assert logged(sql) == {("account", "hashed")}
    sql.execute("SELECT xid FROM change_log_floor")
    assert sql.fetchone() == (old,)


def test_pruning_nothing_moves_no_floor(sql: cursor) -> None:
    """Readers in step stay in step; the floor never goes down."""
    sql.execute("UPDATE change_log_floor SET xid = '77'")
    sql.execute("SELECT prune_change_log('1 day')")
    assert sql.fetchone() == (0,)
    sql.execute("SELECT xid FROM change_log_floor")
    assert sql.fetchone() == ("77",)


def test_the_log_is_read_by_its_index(sql: cursor) -> None:
    """However long it is, a reader in step reads only its end."""
    sql.execute("INSERT INTO change_log (relation, key, xid) SELECT 'group', '1', '3' FROM generate_series(1, 20000)")
    sql.execute("ANALYZE change_log")
    sql.execute("EXPLAIN SELECT relation, key FROM change_log WHERE xid >= pg_current_xact_id()")
    assert "change_log_xid" in "".join(row[0] for row in sql.fetchall())
