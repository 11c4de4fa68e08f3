"""What routers are told when something changes for those who are online, and what is made of their answers."""

from datetime import timedelta

import pytest

from policies import treatment
from provisioning import database as operations
from provisioning.enforcement import job, settling
from tests.simulated_nas import COA, DISCONNECT

SLOWER = "UPDATE package SET download_bps = 5000000, upload_bps = 1000000"
BLOCK = "UPDATE account SET blocked = true WHERE user_name = 'frikkie'"


def vendors(heard):
    """Return the text of a request's vendor attributes."""
    return [value[6:].decode() for number, value in heard.attributes if number == 26]


def test_nothing_has_changed(enforced):
    """Whoever is treated as his login was told is left alone."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas)
    assert enforced.work() == {}
    assert nas.heard == []
    assert enforced.treatment(session) is None


def test_a_blocked_account_is_disconnected(enforced):
    """Its session alone, by all that names it; the attempt is kept, and the row goes with the session."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas, ipv4_address="192.0.2.9", calling_station_id="02-00-00-00-00-01")
    other = enforced.log_in("ann", nas)
    enforced.work()
    enforced.sql(BLOCK)

    assert enforced.work() == {"found": 1, "disconnect_ack": 1}
    (heard,) = nas.heard
    assert (heard.code, heard.is_signed) == (DISCONNECT, True)
    (attempt,) = enforced.attempts(session)
    assert (attempt["outcome"], attempt["error_cause"], attempt["reason"]) == ("ack", None, "account_blocked")
    assert [name for name, _ in attempt["attributes"]] == [
        *("User-Name", "NAS-IP-Address", "Acct-Session-Id", "Framed-IP-Address", "Calling-Station-Id"),
        "Event-Timestamp",
    ]
    assert enforced.attempts(other) == []
    enforced.work()
    assert enforced.treatment(session) is None


def test_a_speed_is_changed_by_coa(enforced):
    """Nobody is thrown out; and once it is told, it is not told again."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql(SLOWER)

    assert enforced.work() == {"found": 1, "coa_ack": 1}
    (heard,) = nas.heard
    assert (heard.code, vendors(heard)) == (COA, ["1M/5M"])
    known = enforced.treatment(session)
    assert (known["state"], known["applied"]) == ("agreed", known["desired"])
    assert enforced.work() == {}

    enforced.sql("UPDATE package SET download_bps = 50000000, upload_bps = 10000000")
    assert enforced.work() == {"found": 1, "coa_ack": 1}
    assert vendors(nas.heard[1]) == ["10M/50M"]


@pytest.mark.parametrize("columns", [{"vendor": "wispr"}, {"vendor": "mikrotik", "takes_coa": False}])
def test_where_no_coa_is_taken_it_is_a_disconnect(enforced, columns):
    """The next login is told the new speed."""
    nas = enforced.nas("edge1", **columns)
    session = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql(SLOWER)
    assert enforced.work() == {"found": 1, "disconnect_ack": 1}
    assert [heard.code for heard in nas.heard] == [DISCONNECT]
    assert enforced.attempts(session)[0]["reason"] == "accepted"


def test_a_router_that_takes_neither(enforced):
    """Nothing is sent, and the drift is known, with its reason."""
    nas = enforced.nas("edge1", takes_disconnect=False)
    session = enforced.log_in("frikkie", nas)
    enforced.sql(BLOCK)
    enforced.work()
    known = enforced.treatment(session)
    assert (known["state"], known["action"], known["reason"]) == ("impossible", "none", "account_blocked")
    assert nas.heard == []
    enforced.sql("UPDATE nas SET takes_disconnect = true")
    assert enforced.work() == {"found": 1, "disconnect_ack": 1}


def test_a_coa_that_is_refused_becomes_a_disconnect(enforced):
    """At once; the refusal and its cause are kept."""
    nas = enforced.nas("edge1")
    nas.behave = "no coa"
    session = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql(SLOWER)
    assert enforced.work() == {"found": 1, "coa_nak": 1, "disconnect_ack": 1}
    attempts = enforced.attempts(session)
    assert [(each["action"], each["outcome"], each["error_cause"], each["attempt"]) for each in attempts] == [
        ("coa", "nak", 406, 1),
        ("disconnect", "ack", None, 2),
    ]


def test_an_acknowledged_disconnect_is_proved_by_its_end(enforced):
    """A router that says yes and does nothing is told again when the session is heard of, and again."""
    nas = enforced.nas("edge1")
    nas.behave = "lie"
    session = enforced.log_in("frikkie", nas)
    enforced.sql(BLOCK)
    enforced.work()
    assert enforced.treatment(session)["state"] == "acknowledged"
    enforced.work(60)
    assert len(nas.heard) == 1

    enforced.sql("UPDATE session SET last_heard_at = %s", enforced.treatment(session)["acknowledged_at"])
    enforced.work(120)
    assert len(nas.heard) == 1  # under way when the router said yes
    enforced.sql("UPDATE session SET last_heard_at = now() + interval '2 minutes'")
    enforced.work(180)
    assert len(nas.heard) == 2


def test_a_session_that_nobody_hears_of_is_told_again_after_two_interims(enforced):
    """It may go on without accounting."""
    nas = enforced.nas("edge1")
    nas.behave = "lie"
    enforced.log_in("frikkie", nas, interim_seconds=300)
    enforced.sql(BLOCK)
    enforced.work()
    enforced.work(590)
    assert len(nas.heard) == 1
    enforced.work(610)
    assert len(nas.heard) == 2


def test_a_session_that_the_router_does_not_know_is_not_hammered(enforced):
    """Error-Cause 503: its Stop is on its way, or was lost."""
    nas = enforced.nas("edge1")
    nas.behave = "nak 503"
    session = enforced.log_in("frikkie", nas)
    enforced.sql(BLOCK)
    enforced.work()
    enforced.work(300)
    assert len(nas.heard) == 1
    assert enforced.treatment(session)["state"] == "acknowledged"
    assert enforced.attempts(session)[0]["error_cause"] == 503


def test_pauses_double_and_end(enforced):
    """15 s, 30 s ... ten minutes; after eight attempts somebody has to look at it."""
    nas = enforced.nas("edge1")
    nas.behave = "nak 506"
    session = enforced.log_in("frikkie", nas)
    enforced.sql(BLOCK)
    enforced.work()
    pauses = []
    while (known := enforced.treatment(session))["state"] == "waiting":
        pauses.append(known["next_attempt_at"] - enforced.attempts(session)[-1]["answered_at"])
        due = (known["next_attempt_at"] - enforced.began).total_seconds()
        enforced.work(due - 1)
        assert len(nas.heard) == len(pauses)
        enforced.work(due)
    assert [pause.total_seconds() for pause in pauses] == [15, 30, 60, 120, 240, 480, 600]
    assert enforced.treatment(session)["state"] == "failed"
    enforced.work(100_000)
    assert len(nas.heard) == 8


def test_a_router_to_which_there_is_no_way(enforced):
    """Known at once, and tried again later."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas)
    enforced.sql("UPDATE nas SET address = '255.255.255.255'")
    enforced.sql("UPDATE session SET nas_address = '255.255.255.255'")
    enforced.sql(BLOCK)
    assert enforced.work() == {"found": 1, "disconnect_unreachable": 1}
    assert enforced.treatment(session)["state"] == "waiting"


@pytest.mark.parametrize("statement", [SLOWER, BLOCK])
def test_a_login_that_nobody_knows_of(enforced, statement):
    """Without a Class of ours a speed is left as it is; a refusal is brought about."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas, knows=False)
    enforced.sql(statement)
    enforced.work()
    assert len(nas.heard) == (statement == BLOCK)
    assert len(enforced.attempts(session)) == (statement == BLOCK)
    assert enforced.treatment(session) is None


def test_another_login_within_the_session_is_believed(enforced):
    """802.1X: its new Class says what it was told since."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql(SLOWER)
    enforced.work()
    desired = enforced.treatment(session)["desired"]
    enforced.sql("UPDATE session SET session_class = %s", f"0x544b{desired}{'9' * 20}")
    enforced.sql("UPDATE package SET priority = priority")
    enforced.work()
    assert len(nas.heard) == 1
    enforced.sql("UPDATE session SET session_class = %s", f"0x544b{'1' * 8}{'9' * 20}")
    enforced.sql("UPDATE package SET priority = priority")
    enforced.work()
    assert len(nas.heard) == 2


def test_an_order_ends_a_session_that_may_be_there(enforced):
    """Whatever the rules say; it goes when the session is over."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql(
        "INSERT INTO disconnect_order (session_id, account_id, user_name, nas_address)"
        " SELECT id, account_id, user_name, nas_address FROM session"
    )
    assert enforced.work() == {"found": 1, "disconnect_ack": 1}
    assert enforced.attempts(session)[0]["reason"] == "ordered"
    enforced.work()
    assert enforced.sql("SELECT count(*) FROM disconnect_order") == 0


def test_what_was_claimed_and_never_sent_is_sent_when_its_lease_ends(enforced):
    """Whoever took it was killed; until then nobody else sends it."""
    nas = enforced.nas("edge1")
    nas.behave = "nak 506"
    session = enforced.log_in("frikkie", nas)
    enforced.sql(BLOCK)
    enforced.work()
    at = enforced.began + timedelta(minutes=5)
    with operations.transaction(enforced.dsn) as opened:
        taken = settling.claim(opened, {nas.address: 1}, at, lease=at + job.LEASE, not_these=[])
    assert taken == {session: 2}

    nas.behave = "ack"
    enforced.work(5 * 60 + 30)
    assert len(nas.heard) == 1
    enforced.work(5 * 60 + 61)
    assert [(each["attempt"], each["outcome"]) for each in enforced.attempts(session)] == [(1, "nak"), (3, "ack")]


def test_a_refusal_that_is_taken_back_in_time_is_not_told(enforced):
    """What waits is looked at once more before it is sent."""
    nas = enforced.nas("edge1")
    nas.behave = "nak 506"
    session = enforced.log_in("frikkie", nas)
    enforced.sql(BLOCK)
    enforced.work()
    enforced.sql("UPDATE account SET blocked = false")
    enforced.work(3600)
    assert len(nas.heard) == 1
    known = enforced.treatment(session)
    assert (known["state"], treatment.kind_of(known["desired"])) == ("agreed", "access")
