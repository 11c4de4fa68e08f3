"""When everything is read again, because what changed cannot be told."""

from contextlib import closing

import pytest
from psycopg2.extensions import cursor

from demo.cluster import Cluster
from radiusd.source import Position, Source
from tests.fix_database import fresh_database
from tests.integration import rows_of_every_kind as rows
from tests.integration.source.follower import Follower, assert_equal
from vault.sealed import Seal


@pytest.mark.parametrize(
    "table", ["account_nas", "device", "time_band", "package_profile", "package_change", "customer_group CASCADE"]
)
def test_a_truncated_table_has_everything_loaded(sql: cursor, source: Source, table: str) -> None:
    """TRUNCATE does not say which rows were there."""
    state, position = source.load()
    sql.execute(f"TRUNCATE {table}")
    assert source.catch_up(state, position).reload


def test_another_time_zone_of_the_provider_has_everything_loaded(sql: cursor, source: Source) -> None:
    """It is in every customer that has none of its own."""
    state, position = source.load()
    sql.execute("UPDATE installation SET time_zone = 'Europe/Berlin'")
    assert source.catch_up(state, position).reload
    assert source.load()[0].customers[1].time_zone == "Europe/Berlin"


def test_another_database_has_everything_loaded(sql: cursor, source: Source) -> None:
    """The one that was restored from elsewhere is not the one that was read."""
    state, position = source.load()
    sql.execute("ALTER TABLE installation DISABLE TRIGGER USER; UPDATE installation SET id = gen_random_uuid()")
    assert source.catch_up(state, position).reload


def test_a_restored_dump_has_everything_loaded(
    sql: cursor, source: Source, cluster: Cluster, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the id of the database that was dumped, and transactions that mean something else."""
    state, position = source.load()
    sql.execute("SELECT id FROM installation")
    (installation,) = sql.fetchone() or (None,)
    with fresh_database(cluster) as restored:
        with closing(restored.connect()) as connection, connection.cursor() as cur:
            cur.execute("UPDATE installation SET id = %s; DELETE FROM change_log", (installation,))
        monkeypatch.setenv("PGDATABASE", restored.name)
        with closing(Source(seal)) as other:
            assert other.catch_up(state, position).reload
    assert not source.catch_up(state, position).reload


def test_a_position_of_the_future_has_everything_loaded(sql: cursor, source: Source) -> None:
    """The database was set back to a backup."""
    state, position = source.load()
    future = position.xmin + 1000
    assert source.catch_up(state, Position(position.database, f"{future}:{future}:")).reload


def test_a_pruned_log_has_everything_loaded(sql: cursor, source: Source) -> None:
    """Who was away while changes were pruned has missed them."""
    state, position = source.load()
    sql.execute("UPDATE account SET blocked = true")
    sql.execute("SELECT prune_change_log('0 seconds')")
    assert source.catch_up(state, position).reload


def test_pruning_what_was_read_harms_nobody(sql: cursor, source: Source) -> None:
    """Who is in step misses nothing."""
    follower = Follower(source)
    sql.execute("UPDATE account SET blocked = true")
    follower.catch_up()
    sql.execute("SELECT prune_change_log('0 seconds')")
    follower.catch_up()
    sql.execute("UPDATE account SET suspended = true")
    follower.catch_up()
    assert_equal(follower.state, source)


@pytest.mark.parametrize(("number", "reloads"), [(100_000, False), (100_001, True)])
def test_very_many_changes_have_everything_loaded(sql: cursor, source: Source, number: int, reloads: bool) -> None:
    """Beyond a hundred thousand that is quicker."""
    state, position = source.load()
    sql.execute("INSERT INTO change_log (relation, key) SELECT 'group', '1' FROM generate_series(1, %s)", (number,))
    changes = source.catch_up(state, position)
    assert (changes.reload, changes.number) == (reloads, 0 if reloads else number)


def test_a_reload_leaves_state_and_position_alone(sql: cursor, source: Source) -> None:
    """The old state is answered from until the new one is there."""
    state, position = source.load()
    before = {name: table.copy() for name, table in vars(state).items()}
    sql.execute("UPDATE account SET blocked = true; TRUNCATE device")
    changes = source.catch_up(state, position)
    assert changes == (position, 0, 0.0, True)
    assert rows.tables(state) == before
