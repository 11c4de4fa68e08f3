"""What the fold makes of records: sessions open and closed, usage, the books, in PostgreSQL."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from policies.accounting.record import Record
from radiusd.accounting import session_store, upkeep
from tests.fix_database import Database
from tests.integration.folding import CLASS, INTERIM_SECONDS, NAS, NOW, Node, body, with_subscribers


@pytest.fixture
def node(database: Database) -> Iterator[Node]:
    """Return a node with the subscribers in its database; its books balance at the end, whatever the test did."""
    with_subscribers(database)
    made = Node(database)
    yield made
    made.assert_balance()
    made.close()


def test_a_start_opens_a_session(node):
    """A Start makes an open session of its account."""
    node.fold(body("start", event_at=NOW))
    assert node.sessions(
        "account_id, user_name, host(nas_address), time_zone, billing_day, interim_seconds, flags"
    ) == [(1, "lisa", NAS, "Europe/Berlin", 1, INTERIM_SECONDS, [])]
    assert node.fates() == {"applied": 1}


def test_every_column_is_stored(node):
    """What a record says of its session is in the session's row."""
    node.fold(
        body(
            "interim",
            event_at=NOW,
            octets=(5 << 32, 7),
            Class=CLASS,
            NAS_Port_Id="ether1",
            Calling_Station_Id="02-00-00-00-00-09",
            Called_Station_Id="tab\there, \\N and \\backslash",
            Framed_IP_Address="192.0.2.77",
            Framed_IPv6_Prefix="2001:db8:1::/64",
            Delegated_IPv6_Prefix="2001:db8:100::/48",
            Acct_Session_Time=120,
        )
    )
    columns = (
        "session_class, port, calling_station_id, called_station_id, host(ipv4_address), ipv6_prefix,"
        " delegated_ipv6_prefix, session_seconds, octets_in, octets_out, extract(epoch FROM started_at)::bigint,"
        " extract(epoch FROM last_heard_at)::bigint, flags"
    )
    assert node.sessions(columns) == [
        (
            *(CLASS, "ether1", "02:00:00:00:00:09", "tab\there, \\N and \\backslash", "192.0.2.77"),
            *("2001:db8:1::/64", "2001:db8:100::/48", 120, 5 << 32, 7, NOW - 120, NOW, ["no_start"]),
        )
    ]


@pytest.mark.parametrize("limit", [1, 2, 5_000])
def test_a_session_from_start_to_stop(database, limit):
    """A session's records make one row, first among the open, then in the history with the same id."""
    with_subscribers(database)
    node = Node(database, limit=limit)
    node.fold(body("start", event_at=NOW), body("interim", event_at=NOW + 300, octets=(10, 20)))
    ((opened_id, octets_in, octets_out),) = node.sessions("id, octets_in, octets_out")
    assert (octets_in, octets_out) == (10, 20)
    node.fold(body("stop", event_at=NOW + 400, octets=(30, 40), Acct_Terminate_Cause="User-Request"))
    assert node.sessions() == []
    assert node.history("id, state, terminate_cause, octets_in, octets_out, session_seconds") == [
        (opened_id, "stopped", "User-Request", 30, 40, 400)
    ]
    assert node.usage() == {"lisa": (30, 40)}
    node.assert_balance()
    node.close()


def test_a_whole_session_in_a_batch(node):
    """A session that opened and ended between two batches goes into the history at once."""
    node.fold(body("start", event_at=NOW), body("stop", event_at=NOW + 10, octets=(1, 2)))
    assert node.sessions() == []
    assert node.history() == [("s1", "stopped", 1, 2)]


def test_the_class_identifies_a_session(node):
    """A record with the Class of a session is of that session, though its router speaks from another address."""
    node.fold(body("start", event_at=NOW, Class=CLASS))
    node.fold(body("interim", event_at=NOW + 300, nas="192.0.2.2", Class=CLASS, octets=(1, 1), Acct_Session_Time=300))
    assert node.sessions("octets_in, host(nas_address)") == [(1, NAS)]


def test_a_class_learnt_late_is_kept(node):
    """A session without a Class takes one from a later record, and is found by it from then on."""
    node.fold(body("start", event_at=NOW), body("interim", event_at=NOW + 60, Class=CLASS, Acct_Session_Time=60))
    node.fold(body("stop", event_at=NOW + 90, Class=CLASS, nas="192.0.2.9", Acct_Session_Time=90))
    assert node.history("session_class, state") == [(CLASS, "stopped")]


def test_a_session_id_used_again(node):
    """The same Acct-Session-Id an hour later is another session; a late record of the first still finds that."""
    node.fold(body("start", event_at=NOW), body("stop", event_at=NOW + 60, octets=(5, 5), Acct_Session_Time=60))
    node.fold(body("start", event_at=NOW + 1800))
    node.fold(body("stop", event_at=NOW + 61, octets=(6, 6), Acct_Session_Time=61))
    assert node.sessions() == [("lisa", "s1", 0, 0)]
    assert node.history() == [("s1", "stopped", 6, 6)]
    assert node.usage() == {"lisa": (6, 6)}


def test_duplicates_and_latecomers(node):
    """A record again is a duplicate, one that tells nothing new is superseded; neither changes session or usage."""
    stop = body("stop", event_at=NOW + 600, octets=(60, 60), Acct_Session_Time=600)
    node.fold(body("start", event_at=NOW), stop)
    node.fold(stop, body("interim", event_at=NOW + 300, octets=(30, 30), Acct_Session_Time=300))
    node.fold(stop)
    assert node.fates()["duplicate"] == 2
    assert node.sessions() == []
    assert node.history() == [("s1", "stopped", 60, 60)]
    assert node.usage() == {"lisa": (60, 60)}


def test_a_stop_before_its_start(node):
    """The Start that comes after the Stop, in another batch, opens nothing."""
    node.fold(body("stop", event_at=NOW + 60, octets=(9, 9), Acct_Session_Time=60))
    node.fold(body("start", event_at=NOW))
    assert node.sessions() == []
    assert node.history("state, flags, octets_in") == [("stopped", [], 9)]


def test_a_later_stop_moves_the_end(node):
    """Of two Stops the later one is the end, though it lies in another month's partition."""
    node.query("SELECT make_session_partitions(current_date - 31, 1)")
    first, second = NOW - 20 * 86400, NOW
    node.hear(body("stop", event_at=first, octets=(1, 1), Class=CLASS))
    node.hear(body("stop", event_at=second, octets=(2, 2), Class=CLASS))
    node.fold()
    assert node.history("extract(epoch FROM stopped_at)::bigint, octets_in") == [(second, 2)]


def test_nobody_of_ours(node):
    """A user that no account has keeps the session, in the provider's time zone, and uses nothing."""
    node.fold(body("stop", event_at=NOW, user_name="milhouse", octets=(5, 5)))
    assert node.history("user_name, account_id, time_zone, octets_in") == [("milhouse", None, "UTC", 5)]
    assert node.usage() == {}


def test_a_device_is_its_accounts(node):
    """A session whose user name is the MAC of a device that authenticates alone is of the device's account."""
    node.fold(body("stop", event_at=NOW, user_name="02-00-00-00-00-01", octets=(5, 5)))
    assert node.history("account_id, billing_day") == [(2, 31)]
    assert node.usage() == {"bart": (5, 5)}


def test_a_router_begins_anew(node):
    """Accounting-On ends the router's sessions of before, of this batch and of earlier ones; no other router's."""
    node.fold(body("start", event_at=NOW, sid="old"), body("start", event_at=NOW, sid="other", nas="192.0.2.2"))
    node.fold(
        body("start", event_at=NOW + 10, sid="same batch"),
        body("on", event_at=NOW + 20),
        body("start", event_at=NOW + 30, sid="new"),
    )
    assert node.sessions("acct_session_id") == [("new",), ("other",)]
    assert node.history("acct_session_id, state, extract(epoch FROM stopped_at)::bigint") == [
        ("old", "rebooted", NOW + 20),
        ("same batch", "rebooted", NOW + 20),
    ]


def test_told_late_of_a_session_before_a_reboot(node):
    """A session that is first heard of after its router began anew, and was before that, is over."""
    node.fold(body("on", event_at=NOW + 20), body("on", event_at=NOW + 20))
    node.fold(body("interim", event_at=NOW + 10, octets=(3, 3)), body("start", event_at=NOW + 25, sid="s2"))
    assert node.history() == [("s1", "rebooted", 3, 3)]
    assert node.sessions("acct_session_id") == [("s2",)]
    assert node.fates() == {"applied": 3, "duplicate": 1}


def test_an_earlier_reboot_told_late(node):
    """Off that comes after the On which followed it ends the session when it ended."""
    node.fold(body("start", event_at=NOW))
    node.fold(body("on", event_at=NOW + 50))
    node.fold(body("off", event_at=NOW + 20))
    assert node.history("state, extract(epoch FROM stopped_at)::bigint") == [("rebooted", NOW + 20)]


def test_usage_is_split_at_midnight(node):
    """A record across midnight, where the customer is, is divided by time; over days it is the whole."""
    midnight = (NOW // 86400) * 86400 - 86400  # of bart, who lives in UTC
    node.hear(body("start", event_at=midnight - 300, user_name="bart"))
    node.fold(body("stop", event_at=midnight + 100, user_name="bart", octets=(400, 4_000)))
    assert node.query("SELECT octets_in, octets_out FROM usage_day ORDER BY day") == [(300, 3_000), (100, 1_000)]


def test_a_late_record_moves_usage_to_its_day(node):
    """A record that comes late shows that the octets were the day before's: the sum stays."""
    midnight = (NOW // 86400) * 86400 - 86400
    node.fold(
        body("start", event_at=midnight - 300, user_name="bart"),
        body("stop", event_at=midnight + 100, user_name="bart", octets=(400, 400)),
    )
    node.fold(body("interim", event_at=midnight - 100, user_name="bart", octets=(400, 400)))
    assert node.query("SELECT octets_in, octets_out FROM usage_day ORDER BY day") == [(400, 400), (0, 0)]


def test_the_hook_hears_of_what_opens_and_closes(node, eventually):
    """Sessions that open, close or move are in the change log; interims are not, and are updated in place."""
    node.fold(*(body("start", event_at=NOW, sid=f"s{n}") for n in range(50)))
    opened = node.query("SELECT count(*) FROM change_log WHERE relation = 'session'")
    assert opened == [(50,)]
    for minute in range(1, 6):
        node.fold(*(body("interim", event_at=NOW + 60 * minute, sid=f"s{n}", octets=(minute, 1)) for n in range(50)))
    assert node.query("SELECT count(*) FROM change_log WHERE relation = 'session'") == opened

    def are_in_place():
        ((updated, in_place),) = node.query(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'session'"
        )
        assert updated == 250
        assert in_place > 0.9 * updated

    eventually(are_in_place)
    node.fold(*(body("stop", event_at=NOW + 400, sid=f"s{n}") for n in range(50)))
    assert node.query("SELECT count(*) FROM change_log WHERE relation = 'session'") == [(100,)]
    assert node.query("SELECT count(*) FROM hook_session") == [(0,)]


FULL = {
    "Class": CLASS,
    "NAS_Port_Id": "ether1",
    "Calling_Station_Id": "02:00:00:00:00:09",
    "Called_Station_Id": 'a "quoted", {braced}\nname',
    "Framed_IP_Address": "192.0.2.77",
    "Framed_IPv6_Prefix": "2001:db8:1::/64",
    "Delegated_IPv6_Prefix": "2001:db8:100::/48",
}
LASTING = (
    "user_name, account_id, host(nas_address), acct_session_id, session_class, started_at, interim_seconds, port,"
    " calling_station_id, called_station_id, ipv4_address, ipv6_prefix, delegated_ipv6_prefix, time_zone, billing_day"
)


def test_what_was_read_is_written_back(node):
    """A session keeps every column through interims, silence, its return and its end."""
    node.fold(body("start", event_at=NOW, **FULL))
    (opened,) = node.sessions(LASTING)
    assert None not in opened
    node.fold(body("interim", event_at=NOW + 60, Class=CLASS, octets=(1, 1)))
    with closing(node.ledger()) as ledger:
        ledger.heard(time.time())
        assert upkeep.close_silent(ledger) == 1
    assert node.history(LASTING) == [opened]
    node.fold(body("interim", event_at=NOW + 120, Class=CLASS, octets=(2, 2)))
    assert node.sessions(LASTING) == [opened]
    node.fold(body("stop", event_at=NOW + 180, Class=CLASS, octets=(3, 3)))
    assert node.history(LASTING) == [opened]


def test_the_past_does_not_slow_the_present(node):
    """Looking for a session among the closed ones reads indexes, and only of the months in which it can be."""
    node.query("SELECT make_session_partitions(current_date - 62, 0)")
    node.query(
        "INSERT INTO session_history (id, user_name, nas_address, acct_session_id, session_class, started_at,"
        " last_heard_at, session_seconds, octets_in, octets_out, time_zone, billing_day, flags, points, stopped_at,"
        " state) SELECT n, 'u' || n, '192.0.2.1', 'h' || n, '0x544b' || lpad(n::text, 28, '0'), at, at, 0, 0, 0, 'UTC',"
        " 1, '{}', '[]', at, 'stopped'"
        " FROM (SELECT n, now() - make_interval(mins => n * 4) AS at FROM generate_series(1, 20000) AS n) AS ended"
    )
    node.query("ANALYZE session_history")
    records = [
        Record("interim", NAS, f"u{n}", f"h{n}", NOW, session_class=f"0x544b{n:028d}") for n in range(30_000, 30_010)
    ]
    with closing(node.ledger()) as ledger, ledger.transaction() as cur:
        session_store.load(cur, records)
        looked = cur.query.decode()
        assert "session_history" in looked
        cur.execute("EXPLAIN " + looked)
        plan = "\n".join(line for (line,) in cur.fetchall())
    weeks_ago = datetime.fromtimestamp(NOW - 15 * 86400, UTC)  # a month that has just begun is read whole, rightly
    full = weeks_ago.strftime("session_history_%Y_%m")
    assert full in plan
    assert f"Seq Scan on {full}" not in plan
    past = datetime.fromtimestamp(NOW - 62 * 86400, UTC).strftime("session_history_%Y_%m")
    assert past not in plan
