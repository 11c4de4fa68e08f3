"""The jobs of the scheduler's own: package changes written down, and what is removed when nobody needs it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from provisioning import database as databases
from provisioning.scheduling import changes, upkeep

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(database):
    """Return a session as the owner; what it does is committed at the end."""
    with Session(databases.make_engine(database.dsn), autoflush=False) as made, made.begin():
        yield made


@pytest.fixture
def sql(accounting):
    """Return what runs a statement at a provider with packages 1 to 3, and accounts frikkie, office and ann."""
    accounting.sql("INSERT INTO customer_group (name) VALUES ('Homes')")
    accounting.sql("INSERT INTO package (name, price_cents) VALUES ('S', 100), ('M', 200), ('L', 300)")
    accounting.sql("INSERT INTO customer (code, group_id, first_name) VALUES ('FRI001', 1, 'Frikkie')")
    accounting.sql(
        "INSERT INTO account (customer_id, package_id, user_name)"
        " SELECT 1, 1, name FROM unnest('{frikkie,office,ann}'::text[]) AS name"
    )
    return accounting.sql


def add(sql, account_id, package_id, at, price=None):
    """Add a package change."""
    sql(
        "INSERT INTO package_change (account_id, package_id, activates_at, price_cents) VALUES (%s, %s, %s, %s)",
        *(account_id, package_id, at, price),
    )


def packages(sql):
    """Return the package of each account, by id."""
    return sql("SELECT array_agg(package_id ORDER BY id) FROM account")


def test_changes_are_due_at_their_second(sql, session):
    """The first that is open is due, one that nobody wrote down in time too; none that is to come."""
    assert changes.due(session, NOON, NOON + MINUTE) is None
    add(sql, 1, 2, NOON + 2 * MINUTE)
    assert changes.due(session, NOON, NOON + MINUTE) is None
    assert changes.due(session, NOON, NOON + 2 * MINUTE) == NOON + 2 * MINUTE
    add(sql, 2, 2, NOON - MINUTE)
    assert changes.due(session, NOON, NOON + MINUTE) == NOON - MINUTE


def test_changes_are_written_into_their_accounts(sql, session):
    """Each account gets the last of what is due, with its prices; all are applied at that moment, in one act."""
    add(sql, 1, 2, NOON - MINUTE)
    add(sql, 1, 3, NOON, price=999)
    add(sql, 2, 2, NOON)
    add(sql, 3, 2, NOON + MINUTE)

    assert changes.run(session, NOON) == {"applied": 3, "cancelled": 0}
    assert changes.run(session, NOON) == {"applied": 0, "cancelled": 0}
    session.commit()

    assert packages(sql) == [3, 2, 1]
    assert sql("SELECT price_cents FROM account WHERE id = 1") == 999
    assert sql("SELECT count(*) FROM package_change WHERE applied_at = %s", NOON) == 3
    assert sql("SELECT act FROM audit_entry ORDER BY id DESC LIMIT 1") == "change apply"


def test_a_cancelled_change_is_none(sql, session):
    """What was cancelled is neither due nor written."""
    add(sql, 1, 2, NOON)
    sql("UPDATE package_change SET cancelled_at = now()")

    assert changes.due(session, NOON - MINUTE, NOON) is None
    assert changes.run(session, NOON) == {"applied": 0, "cancelled": 0}


def test_a_change_that_may_not_be_any_more_is_cancelled(sql, session):
    """A package that went to another reseller meanwhile is not given, and nobody else waits for that."""
    sql("INSERT INTO reseller (name) VALUES ('Karoo')")
    add(sql, 1, 2, NOON)
    add(sql, 2, 3, NOON)
    sql("UPDATE package SET reseller_id = 1 WHERE id = 2")

    assert changes.run(session, NOON) == {"applied": 1, "cancelled": 1}
    session.commit()

    assert packages(sql) == [1, 3, 1]


def test_upkeep_is_hourly(session):
    """It is due at the last whole hour, once."""
    assert upkeep.due(session, NOON, NOON + timedelta(minutes=59)) is None
    assert upkeep.due(session, NOON, NOON + timedelta(minutes=200)) == NOON + timedelta(hours=3)
    assert upkeep.due(session, NOON + timedelta(hours=3), NOON + timedelta(minutes=200)) is None


def test_upkeep_removes_what_is_old(sql, session):
    """Records of runs and attempts go after ninety days, links a day after they expired, changes after a day."""
    days = (NOON - timedelta(days=91), NOON - timedelta(days=89))
    for day in days:
        sql(
            "INSERT INTO job_run (job, ran_for, started_at, ended_at, node, outcome)"
            " VALUES ('upkeep', %s, now(), now(), 'aaa1', 'done')",
            day,
        )
        sql(
            "INSERT INTO enforcement_attempt (session_id, user_name, nas_address, action, attributes, reason, attempt,"
            " sent_at, outcome) VALUES (1, 'frikkie', '192.0.2.1', 'coa', '[]', '', 1, %s, 'ack')",
            day,
        )
    for letter, hours in (("a", 25), ("b", 23)):
        expired = NOON - timedelta(hours=hours)
        sql("INSERT INTO portal_reset VALUES (%s, 1, %s)", letter * 64, expired)
    sql("UPDATE change_log SET logged_at = now() - interval '25 hours' WHERE relation = 'package'")

    counts = upkeep.run(session, NOON)
    session.commit()

    assert counts == {"job_runs": 1, "attempts": 1, "portal_links": 1, "changes": 3}
    assert sql("SELECT array_agg(DISTINCT ran_for) FROM job_run") == [days[1]]
    assert sql("SELECT sent_at FROM enforcement_attempt") == days[1]
    assert sql("SELECT array_agg(token_sha256) FROM portal_reset") == ["b" * 64]
    assert sql("SELECT count(*) FROM change_log WHERE relation = 'package'") == 0
    assert sql("SELECT to_regclass('session_history_2027_06') IS NOT NULL")
