"""What a reseller's operator may have done to sessions: his own ones are ended, and told anew."""

from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest

from provisioning import database as operations
from provisioning.enforcement import looking, ordering
from tests.integration.operators.market import NORTH, SOUTH


@pytest.fixture
def owner(market):
    """Return a cursor of the schema's owner; enforcement's tables are put back as they were, as others look there."""
    with closing(market.database.connect()) as connection, connection.cursor() as cursor:
        for table in ("session_treatment", "disconnect_order"):
            cursor.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table}")
        yield cursor
        for table in ("session_treatment", "disconnect_order"):
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")


def session_of(owner, names):
    """Return the open session of a reseller's customer, and its account."""
    owner.execute(
        "SELECT session.id, session.account_id FROM session JOIN account ON account.id = account_id"
        " WHERE account.user_name = %s",
        (names.account,),
    )
    return owner.fetchone()


def test_what_failed_is_begun_anew_for_ones_own_only(market, owner):
    """Others' sessions stay as they are, also where all were meant."""
    owner.execute("UPDATE session_treatment SET state = 'failed'")
    told = market.operator("nora").json("enforcement", "retry", "--all")
    owner.execute(
        "SELECT user_name FROM session_treatment JOIN account ON account.id = account_id WHERE state = 'waiting'"
    )
    begun = [name for (name,) in owner]
    assert NORTH.account in begun
    assert SOUTH.account not in begun
    assert told == {"sessions": len(begun)}


def test_only_ones_own_session_can_be_ended(market, owner):
    """Another's is not there; of one's own the order is written, in one's name."""
    (ours, account), (theirs, _) = session_of(owner, NORTH), session_of(owner, SOUTH)
    owner.execute("DELETE FROM disconnect_order WHERE session_id = %s", (ours,))
    nora = market.operator("nora")
    assert nora.refused("session", "disconnect", str(theirs)) == f"no session with the id {theirs} is open"
    assert nora.run("session", "disconnect", str(ours), "--dry-run").exit_code == 0
    owner.execute("SELECT FROM disconnect_order WHERE session_id = %s", (ours,))
    assert owner.rowcount == 0
    with operations.transaction(market.dsn("nora")) as session:
        ordering.disconnect(session, session_id=ours)
    owner.execute("SELECT operator, account_id FROM disconnect_order WHERE session_id = %s", (ours,))
    assert owner.fetchone() == ("nora", account)


def test_an_order_under_a_false_name_is_not_carried_out(market, owner):
    """Whose a session is, its own row says: one's own account beside another's session ends nothing."""
    (_, account), (theirs, _) = session_of(owner, NORTH), session_of(owner, SOUTH)
    owner.execute("DELETE FROM disconnect_order WHERE session_id = %s", (theirs,))
    with closing(psycopg2.connect(market.dsn("nora"))) as connection, connection.cursor() as nora:
        nora.execute(
            "INSERT INTO disconnect_order (session_id, account_id, user_name, nas_address)"
            " VALUES (%s, %s, 'x', '192.0.2.1')",
            (theirs, account),
        )
        connection.commit()
    with operations.transaction(market.database.dsn) as session:
        verdicts = looking.look(session, [theirs], datetime.now(UTC))
    assert [one.reason == looking.ORDERED for one in verdicts] == [False]
