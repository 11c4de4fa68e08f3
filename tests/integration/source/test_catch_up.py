"""Reading what has changed in the provider's rows, from a real PostgreSQL."""

import random
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extensions import cursor

from radiusd.source import Source
from tests.fix_database import Database
from tests.integration.source.follower import Follower, assert_equal

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


def test_thousands_of_sessions_keep_no_change_waiting(sql: cursor, source: Source) -> None:
    """Other changes are there with the first read, sessions with the next ones; those closed meanwhile never."""
    follower = Follower(source)
    sql.execute(
        "UPDATE package SET sessions_allowed = 9;"
        "INSERT INTO session (user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at,"
        " time_zone, billing_day)"
        " SELECT 'plain', 1, '192.0.2.1', n::text, now(), now(), 'UTC', 1 FROM generate_series(1, 1200) AS n"
    )
    before = len(follower.state.sessions)
    follower.catch_up()
    assert 0 < len(follower.state.sessions) - before < 1200

    sql.execute("UPDATE account SET blocked = true WHERE id = 1; DELETE FROM session WHERE acct_session_id = '7'")
    follower.catch_up()
    assert follower.state.accounts["plain"].blocked
    assert len(follower.state.behind) > 0

    while follower.state.behind:
        follower.catch_up()
    assert len(follower.state.sessions) - before == 1199
    assert follower.state.sessions == source.load()[0].sessions
