"""Reading the provider's rows: everything, and what has changed, from a real PostgreSQL."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields

import psycopg2
import pytest
from psycopg2.extensions import cursor
from structlog.testing import capture_logs

from demo.cluster import Cluster
from policies.facts import AccountExtras
from radiusd.source import Position, Source, WrongSchema
from radiusd.state import State
from tests.fix_database import Database, fresh_database
from tests.integration import rows_of_every_kind as rows
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, NotOurs, Seal

Follow = Callable[[], None]


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for all tests of this file, emptied before each."""
    with fresh_database(cluster) as made:
        yield made


@pytest.fixture
def sql(database: Database, seal: Seal) -> Iterator[cursor]:
    """A cursor of the owner's, in autocommit mode, on a database with a row of every kind."""
    with closing(database.connect()) as connection, connection.cursor() as cur:
        rows.empty(cur)
        rows.insert(cur, seal)
        yield cur


@pytest.fixture
def as_hook(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq's variables, as the hook finds them."""
    for name, value in {**database.environ, "PGUSER": "tollkeeper_hook"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def source(as_hook: None, seal: Seal) -> Iterator[Source]:
    """A connection of the hook's."""
    with closing(Source(seal)) as made:
        yield made


def assert_equal(state: State, source: Source) -> None:
    """A state that was kept up to date is the one that is read afresh."""
    assert rows.tables(state) == rows.tables(source.load()[0])


class Follower:
    """A state that is brought up to date."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.state, self.position = source.load()
        self.read = 0

    def catch_up(self) -> int:
        """Catch up without loading everything; return how many changes there were."""
        changes = self.source.catch_up(self.state, self.position)
        assert not changes.reload
        assert changes.lag_seconds >= 0
        self.position = changes.position
        self.read += changes.number
        return changes.number


# --------------------------------------------------------------------------------------------------- load


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
    with pytest.raises(WrongSchema, match=f"^database has schema version {version}, this program needs 2$"):
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


# ------------------------------------------------------------------------------------------------ catch_up

CHANGES = {
    "group: insert": "INSERT INTO customer_group (name) VALUES ('third')",
    "group: update": "UPDATE customer_group SET enabled = NOT enabled",
    "group: delete": "INSERT INTO customer_group (name) VALUES ('x'); DELETE FROM customer_group WHERE name = 'x'",
    "customer: insert": "INSERT INTO customer (code, group_id, first_name) VALUES ('THIRD', 2, 'x')",
    "customer: update": "UPDATE customer SET suspended = NOT suspended WHERE id = 1",
    "customer: no parent": "UPDATE customer SET parent_id = NULL",
    "customer: key": "UPDATE customer SET code = 'RENAMED' WHERE id = 1",
    "package: insert": "INSERT INTO package (name, sessions_allowed) VALUES ('third', 7)",
    "package: update": "UPDATE package SET download_bps = 5, upload_bps = 5 WHERE id = 1",
    "package: rename": "UPDATE package SET name = 'renamed' WHERE id = 2",
    "time_band: insert": "INSERT INTO time_band VALUES (1, 1, 127, 0, 60, 1, 1)",
    "time_band: update": "UPDATE time_band SET position = position + 10",
    "time_band: move": "UPDATE time_band SET package_id = 1 WHERE position = 1",
    "time_band: delete": "DELETE FROM time_band",
    "package_profile: insert": "INSERT INTO package_profile VALUES (1, 'huawei', 'a', 'b')",
    "package_profile: update": "UPDATE package_profile SET download_profile = 'other'",
    "package_profile: move": "UPDATE package_profile SET package_id = 1",
    "package_profile: delete": "DELETE FROM package_profile WHERE vendor = 'cisco'",
    "nas: update": "UPDATE nas SET vendor = 'cisco' WHERE id = 1",
    "nas: move": "UPDATE nas SET address = '192.0.2.77' WHERE id = 1",
    "nas: change places": "UPDATE nas SET address = '192.0.2.9' WHERE id = 1;"
    "UPDATE nas SET address = '192.0.2.1' WHERE id = 2; UPDATE nas SET address = '2001:db8::2' WHERE id = 1",
    "nas: delete": "DELETE FROM account_nas WHERE nas_id = 1; DELETE FROM nas WHERE id = 1",
    "nas: successor": "DELETE FROM account_nas; DELETE FROM nas WHERE id = 1; UPDATE nas SET address = '192.0.2.1'",
    "account: insert": "INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'third')",
    "account: update": "UPDATE account SET blocked = NOT blocked",
    "account: rename": "UPDATE account SET user_name = 'renamed' WHERE id = 1",
    "account: exchange names": "UPDATE account SET user_name = 'x' WHERE id = 1;"
    "UPDATE account SET user_name = 'plain' WHERE id = 3; UPDATE account SET user_name = 'né@mo.example' WHERE id = 1",
    "account: delete": "DELETE FROM account WHERE id = 3",
    "account: move": "UPDATE account SET customer_id = 2, package_id = 2",
    "account_nas: insert": "INSERT INTO account_nas VALUES (1, 1)",
    "account_nas: update": "UPDATE account_nas SET account_id = 1",
    "account_nas: delete": "DELETE FROM account_nas",
    "package_change: insert": "INSERT INTO package_change (account_id, package_id, activates_at) VALUES (1, 2, now())",
    "package_change: apply": "UPDATE package_change SET applied_at = now() WHERE applied_at IS NULL"
    " AND cancelled_at IS NULL",
    "package_change: move": "UPDATE package_change SET account_id = 2",
    "package_change: delete": "DELETE FROM package_change",
    "device: insert": "INSERT INTO device (account_id, mac) VALUES (2, '02:00:00:00:00:03')",
    "device: update": "UPDATE device SET authorised = NOT authorised, mac_auth = NOT mac_auth",
    "device: another mac": "UPDATE device SET mac = '02:00:00:00:00:09' WHERE account_id = 1",
    "device: another account": "UPDATE device SET account_id = 2",
    "device: delete": "DELETE FROM device WHERE account_id = 1",
    "everything at once": "DELETE FROM account; DELETE FROM customer WHERE id = 2; DELETE FROM customer;"
    "DELETE FROM customer_group; DELETE FROM package; DELETE FROM nas",
    "nothing": "SELECT 1",
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_followed(sql: cursor, source: Source, change: str) -> None:
    """After it, the state is the one that would be read afresh."""
    follower = Follower(source)
    sql.execute(CHANGES[change])
    assert (follower.catch_up() > 0) == (change != "nothing")
    assert_equal(follower.state, source)
    assert follower.catch_up() == 0


def test_any_order_of_changes_is_followed(sql: cursor, source: Source) -> None:
    """Several at a time, in random order; those that a constraint refuses change nothing."""
    follower = Follower(source)
    order = list(CHANGES)
    random.shuffle(order)
    for number, change in enumerate(order):
        try:
            sql.execute(CHANGES[change])
        except psycopg2.IntegrityError:
            continue
        if number % 3 == 0:
            follower.catch_up()
    follower.catch_up()
    assert_equal(follower.state, source)


def test_a_renamed_account_takes_its_devices_along(sql: cursor, source: Source) -> None:
    """MAC authentication then finds the new name."""
    follower = Follower(source)
    sql.execute("UPDATE account SET user_name = 'renamed' WHERE id = 1")
    follower.catch_up()
    assert follower.state.devices["02:00:00:00:00:01"].user_name == "renamed"
    assert "plain" not in follower.state.accounts


def test_a_row_that_did_not_change_is_the_same_object(sql: cursor, source: Source) -> None:
    """Only what changed is read, however much there is."""
    follower = Follower(source)
    before = dict(follower.state.accounts)
    sql.execute("UPDATE account SET blocked = true WHERE id = 1; UPDATE customer_group SET enabled = NOT enabled")
    follower.catch_up()
    kept = {name for name, row in follower.state.accounts.items() if before[name] is row}
    assert kept == {"hashed", "né@mo.example"}


def test_what_was_taken_back_was_never_there(sql: cursor, source: Source, database: Database) -> None:
    """A rolled-back transaction is no change."""
    follower = Follower(source)
    with closing(database.connect()) as connection, connection.cursor() as cur:
        cur.execute("BEGIN; UPDATE account SET blocked = true; ROLLBACK")
    assert follower.catch_up() == 0
    assert_equal(follower.state, source)


def test_a_transaction_that_commits_late_is_not_missed(sql: cursor, source: Source, database: Database) -> None:
    """It began and wrote before others that were read long ago."""
    follower = Follower(source)
    with closing(database.connect()) as connection, connection.cursor() as late:
        late.execute("BEGIN; UPDATE package SET priority = 1 WHERE id = 1")
        for number in range(1, 6):
            sql.execute("UPDATE package SET priority = %s WHERE id = 2", (number,))
            assert follower.catch_up() == 1
        late.execute("COMMIT")
    assert follower.catch_up() == 1
    assert follower.state.packages[1].priority == 1
    assert_equal(follower.state, source)


@pytest.mark.parametrize("round_", range(8))
def test_no_interleaving_misses_a_change_or_reads_one_twice(
    sql: cursor, source: Source, database: Database, round_: int
) -> None:
    """Transactions that begin, write, commit and roll back in any order, and reads in between."""
    writers = [database.connect() for _ in range(4)]
    sql.execute("INSERT INTO package (name) SELECT 'p' || n FROM generate_series(1, 4) AS n RETURNING id")
    ids = [row[0] for row in sql.fetchall()]
    cursors = [writer.cursor() for writer in writers]
    is_open = [False] * len(writers)
    pending = [0] * len(writers)
    committed = 0
    follower = Follower(source)
    for step in range(120):
        which = random.randrange(len(writers))
        cur = cursors[which]
        action = random.choice(["begin", "write", "write", "commit", "rollback", "read", "read"])
        if action == "read":
            follower.catch_up()
            assert follower.read == committed
        elif action == "write":
            cur.execute("UPDATE package SET session_seconds = %s WHERE id = %s", (60 + step, ids[which]))
            pending[which] += 1
            committed += 0 if is_open[which] else pending[which]
            pending[which] = pending[which] if is_open[which] else 0
        elif action == "begin" and not is_open[which]:
            cur.execute("BEGIN")
            is_open[which] = True
        elif action in ("commit", "rollback") and is_open[which]:
            cur.execute(action)
            committed += pending[which] if action == "commit" else 0
            is_open[which], pending[which] = False, 0
    for which, cur in enumerate(cursors):
        committed += pending[which]
        if is_open[which]:
            cur.execute("COMMIT")
    follower.catch_up()
    assert follower.read == committed
    assert_equal(follower.state, source)
    for writer in writers:
        writer.close()


def test_a_transaction_in_progress_at_the_load_is_not_missed(sql: cursor, source: Source, database: Database) -> None:
    """What the load could not see comes with the next read."""
    with closing(database.connect()) as connection, connection.cursor() as late:
        late.execute("BEGIN; UPDATE account SET blocked = true WHERE id = 1")
        follower = Follower(source)
        late.execute("COMMIT")
    assert follower.catch_up() == 1
    assert follower.state.accounts["plain"].blocked


def test_a_savepoints_changes_are_read(sql: cursor, source: Source, database: Database) -> None:
    """Subtransactions have ids of their own; the log has that of the whole."""
    follower = Follower(source)
    with closing(database.connect()) as connection, connection.cursor() as cur:
        cur.execute("BEGIN; SAVEPOINT one; UPDATE account SET blocked = true WHERE id = 1; RELEASE one")
        assert follower.catch_up() == 0
        cur.execute("SAVEPOINT two; UPDATE account SET suspended = true WHERE id = 2; ROLLBACK TO two; COMMIT")
    assert follower.catch_up() == 1
    assert_equal(follower.state, source)


# -------------------------------------------------------------------------------------------------- reload


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
    before = {name: dict(table) for name, table in vars(state).items()}
    sql.execute("UPDATE account SET blocked = true; TRUNCATE device")
    changes = source.catch_up(state, position)
    assert changes == (position, 0, 0.0, True)
    assert rows.tables(state) == before


# ------------------------------------------------------------------------------------------- notifications


def test_a_notification_wakes(sql: cursor, source: Source) -> None:
    """A change ends the wait at once; without one it lasts as long as it should."""
    source.listen()
    assert not source.wait(0.05)
    sql.execute("UPDATE account SET blocked = true")
    assert source.wait(5.0)
    assert not source.wait(0.0)


def test_a_change_that_touches_no_row_wakes_nobody(sql: cursor, source: Source) -> None:
    """A statement without effect is no change."""
    source.listen()
    follower = Follower(source)
    sql.execute("UPDATE account SET blocked = true WHERE false")
    assert not source.wait(0.1)
    assert follower.catch_up() == 0


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
