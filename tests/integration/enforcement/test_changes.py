"""Which sessions are looked at when something changes, or a moment comes; and that none is forgotten."""

from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import database as operations
from provisioning.enforcement import changes, looking, settling

CAPPED = "UPDATE package SET cap_treatment = 'throttle', throttle_download_bps = 1000000, throttle_upload_bps = 1000000"


@pytest.fixture
def online(enforced):
    """Return the provider with frikkie, office and ann online, and all of that looked at."""
    nas = enforced.nas("edge1")
    for number, user_name in enumerate(("frikkie", "office", "ann"), start=1):
        enforced.log_in(user_name, nas, calling_station_id=f"0200.0000.000{number}")
    enforced.work()
    enforced.edge = nas
    return enforced


def told(online, seconds=0):
    """Return who was told something."""
    online.work(seconds)
    return sorted(heard.user_name for heard in online.edge.requests())


# a change, and who is told something
CHANGES = [
    (["UPDATE account SET suspended = true WHERE user_name = 'office'"], ["office"]),
    (["UPDATE account SET cancelled_at = now() WHERE user_name = 'office'"], ["office"]),
    (["UPDATE account SET lock_to_devices = true WHERE user_name = 'office'"], ["office"]),
    ([CAPPED, "UPDATE account SET cap_reached = true WHERE user_name = 'ann'"], ["ann"]),
    (["UPDATE customer SET disabled = true WHERE code = 'FRI001'"], ["frikkie", "office"]),
    (
        ["UPDATE customer SET parent_id = 1 WHERE id = 2", "UPDATE customer SET suspended = true WHERE id = 1"],
        ["ann", "frikkie", "office"],
    ),
    (["UPDATE customer SET download_bps = 1000, upload_bps = 1000 WHERE id = 2"], ["ann"]),
    (["UPDATE customer_group SET enabled = false"], ["ann", "frikkie", "office"]),
    (["UPDATE package SET upload_bps = 1000000"], ["ann", "frikkie", "office"]),
    (["INSERT INTO package_profile VALUES (1, 'mikrotik', 'gold', 'gold')"], ["ann", "frikkie", "office"]),
    (["INSERT INTO package_profile VALUES (1, 'nokia', 'gold', 'gold')"], []),
    (["INSERT INTO device (mac, account_id, authorised) VALUES ('02:00:00:00:00:03', 3, false)"], ["ann"]),
    (["UPDATE nas SET vendor = 'wispr'"], ["ann", "frikkie", "office"]),
    (["DELETE FROM nas"], ["ann", "frikkie", "office"]),
    (["UPDATE account_nas SET nas_id = nas_id"], []),
    (
        [
            "INSERT INTO nas (name, address, secret) VALUES ('else', '192.0.2.77', '')",
            "INSERT INTO account_nas SELECT 3, id FROM nas WHERE name = 'else'",
        ],
        ["ann"],
    ),
    (["UPDATE package SET sessions_allowed = 1"], []),
    (["INSERT INTO device (mac, account_id) VALUES ('02:00:00:00:00:07', 3)"], []),
    (["UPDATE customer SET first_name = 'Annatjie', labels = '{vip}' WHERE id = 2"], []),
    (["UPDATE package SET ipv4_pool = 'other', idle_seconds = 60"], []),
    (["TRUNCATE time_band"], []),
]  # fmt: skip


def test_a_change_is_brought_to_whom_it_concerns(online):
    """To those, and to nobody else."""
    for statements, concerned in CHANGES:
        with Session(operations.make_engine(online.dsn)) as session:  # rolled back
            for statement in statements:
                session.execute(text(statement))
            found = changes.read(session, online.began)
            verdicts = looking.look(session, found.session_ids, online.began)
            settling.put(session, verdicts, online.began)
            names = session.scalars(
                text("SELECT user_name FROM session JOIN session_treatment ON session_id = id"
                     " WHERE session_treatment.state IN ('waiting', 'impossible') ORDER BY 1")
            )  # fmt: skip
            assert list(names) == concerned, statements


def test_a_change_that_is_committed_late_is_seen(online):
    """Though others were committed, and looked at, after it was made."""
    with closing(online.accounting.database.connect()) as connection, connection.cursor() as slow:
        connection.autocommit = False
        slow.execute("UPDATE account SET blocked = true WHERE user_name = 'ann'")
        online.sql("UPDATE account SET blocked = true WHERE user_name = 'office'")
        assert told(online) == ["office"]
        connection.commit()
    assert told(online) == ["ann", "office"]


def test_a_log_that_was_pruned_is_made_up_for(online):
    """What was missed is found by looking at all."""
    online.sql("UPDATE account SET blocked = true WHERE user_name = 'ann'")
    online.sql("SELECT prune_change_log('0 seconds')")
    assert told(online) == ["ann"]


def test_a_login_that_was_answered_before_the_change(online):
    """Its Start comes after it, and its Class gives it away."""
    session = online.log_in("ann", online.edge, port="ether2")
    online.sql("DELETE FROM session WHERE user_name = 'ann'")
    online.work()
    online.sql("UPDATE account SET blocked = true WHERE user_name = 'ann'")
    online.work()
    late = online.accounting.opened(
        user_name="ann",
        nas_address=online.edge.address,
        acct_session_id="late",
        session_class=f"0x544b1abcdef0{session:020x}",
    )
    assert told(online) == ["ann"]
    assert online.attempts(late)[0]["outcome"] == "ack"


@pytest.mark.parametrize(
    ("statement", "concerned"),
    [
        ("UPDATE account SET expires_at = %s WHERE user_name = 'ann'", ["ann"]),
        ("UPDATE customer SET expires_at = %s WHERE id = 1", ["frikkie", "office"]),
    ],
)
def test_who_is_still_there_after_the_last_second_is_disconnected(online, statement, concerned):
    """Session-Timeout has some seconds to do it."""
    last = online.sql("SELECT date_trunc('second', %s::timestamptz) + interval '1 hour'", online.began)
    online.sql(statement, last)
    online.work()
    seconds = (last - online.began).total_seconds()
    assert told(online, seconds + 4.5) == []
    assert told(online, seconds + 6) == concerned


def test_a_package_to_come_is_told_at_its_moment(online):
    """Whether or not it has been written into the account by then."""
    at = online.sql("SELECT date_trunc('second', %s::timestamptz) + interval '1 hour'", online.began)
    online.sql("INSERT INTO package (name, download_bps, upload_bps) VALUES ('Fast', 100000000, 20000000)")
    online.sql("INSERT INTO package_change (account_id, package_id, activates_at) VALUES (3, 2, %s)", at)
    online.work()
    seconds = (at - online.began).total_seconds()
    assert told(online, seconds - 1) == []
    assert told(online, seconds + 6) == ["ann"]


def test_one_too_many_is_left_in(online):
    """A limit that is lowered holds for the next login."""
    online.log_in("ann", online.edge, calling_station_id="02:00:00:00:00:09")
    online.sql("UPDATE package SET sessions_allowed = 1")
    assert told(online) == []


def test_payment_lets_out_of_the_walled_garden_without_a_reconnect(enforced):
    """Where the vendor has a CoA that takes the walls down; the session's short end goes with them."""
    nas = enforced.nas("edge1", vendor="accel_ppp")
    enforced.sql("UPDATE customer_group SET treatment_suspended = 'garden', garden_profile = 'unpaid'")
    enforced.sql("UPDATE customer SET suspended = true WHERE id = 2")
    session = enforced.log_in("ann", nas)
    free = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql("UPDATE customer SET suspended = false WHERE id = 2")

    assert enforced.work() == {"found": 1, "coa_ack": 1}
    (attempt,) = enforced.attempts(session)
    assert attempt["attributes"][-2:] == [["Filter-Id", "50000/10000"], ["Session-Timeout", str(2**31 - 1)]]

    enforced.sql("UPDATE customer SET suspended = true WHERE id = 1")
    assert enforced.work() == {"found": 1, "coa_ack": 1}
    assert enforced.attempts(free)[0]["attributes"][-2:] == [["Filter-Id", "unpaid"], ["Session-Timeout", "300"]]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customer_group SET garden_pool = 'walled'",
        "UPDATE account SET ipv4_address = '192.0.2.99' WHERE user_name = 'ann'",
    ],
)
def test_addresses_take_another_login(enforced, statement):
    """Walls with a pool of their own, or an address that holds outside only: a Disconnect."""
    nas = enforced.nas("edge1", vendor="accel_ppp")
    enforced.sql("UPDATE customer_group SET treatment_suspended = 'garden', garden_profile = 'unpaid'")
    enforced.sql(statement)
    enforced.log_in("ann", nas)
    enforced.work()
    enforced.sql("UPDATE customer SET suspended = true WHERE id = 2")
    assert enforced.work() == {"found": 1, "disconnect_ack": 1}
