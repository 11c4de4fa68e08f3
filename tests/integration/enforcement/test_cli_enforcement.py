"""The command line: what is not as it should be, what routers were told, a session ended by hand."""

import threading

import pytest

from provisioning import database as operations
from provisioning.enforcement import ordering
from tests.command_line import Operator


@pytest.fixture
def operator(enforced):
    """Return the schema's owner at the command line."""
    return Operator(enforced.accounting.database.environ)


def test_drift_says_what_is_and_what_should_be(enforced, operator):
    """A speed, a refusal, and why nothing has come of them."""
    nas = enforced.nas("edge1")
    nas.behave = "nak 501"
    slow, blocked = enforced.log_in("ann", nas), enforced.log_in("frikkie", nas)
    enforced.work()
    assert operator.json("enforcement", "drift") == []
    enforced.sql("UPDATE account SET blocked = true WHERE user_name = 'frikkie'")
    enforced.sql("UPDATE customer SET download_bps = 5000000, upload_bps = 1000000 WHERE code = 'ANN001'")
    enforced.work()

    found = {one["session_id"]: one for one in operator.json("enforcement", "drift")}
    assert set(found) == {slow, blocked}
    assert found[slow]["applied"] == [["Mikrotik-Rate-Limit", ":=", "10M/50M"]]
    assert found[slow]["desired"] == [["Mikrotik-Rate-Limit", ":=", "1M/5M"]]
    assert (found[slow]["action"], found[slow]["customer"], found[slow]["is_to_end"]) == ("disconnect", "ANN001", False)
    assert (found[blocked]["reason"], found[blocked]["desired"]) == ("account_blocked", None)
    assert found[blocked]["last_error_cause"] == "501 Administratively-Prohibited"
    assert [one["session_id"] for one in operator.json("enforcement", "drift", "--account", "ann")] == [slow]
    assert operator.json("enforcement", "drift", "--nas", "192.0.2.200") == []
    text = operator.do("enforcement", "drift", "--nas", "edge1")
    assert "Mikrotik-Rate-Limit 1M/5M" in text
    assert "no session" in text


def test_attempts_are_listed_and_begun_anew(enforced, operator):
    """The last first, page by page; retry does not wait for the pause to end."""
    nas = enforced.nas("edge1")
    nas.behave = "no coa"
    session = enforced.log_in("ann", nas)
    enforced.work()
    enforced.sql("UPDATE package SET upload_bps = 1000000")
    nas.on_ack = lambda heard: None
    nas.behave = "nak 506"
    enforced.work()
    listed = operator.json("enforcement", "attempts")
    assert [(one["action"], one["outcome"], one["error_cause"]) for one in listed] == [
        ("disconnect", "nak", "506 Resources-Unavailable"),
        ("coa", "nak", "506 Resources-Unavailable"),
    ]
    assert listed[0]["milliseconds"] >= 0
    behind = operator.json("enforcement", "attempts", "--after", str(listed[0]["id"]), "--account", "ann")
    assert [one["id"] for one in behind] == [listed[1]["id"]]
    assert operator.json("enforcement", "attempts", "--nas", "edge1", "--limit", "1") == listed[:1]

    assert operator.json("enforcement", "retry", "--account", "frikkie") == {"sessions": 0}
    assert operator.json("enforcement", "retry", "--all") == {"sessions": 1}
    nas.behave = "ack"
    enforced.work(60)
    assert enforced.attempts(session)[-1]["outcome"] == "ack"


def test_a_session_is_ended_by_hand(enforced, operator):
    """By id or all of a user's; what the router says is shown, and kept with who ordered it."""
    nas = enforced.nas("edge1")
    one, other = enforced.log_in("ann", nas), enforced.log_in("frikkie", nas)
    assert operator.json("session", "disconnect", str(one)) == [
        {"session_id": one, "user_name": "ann", "nas": "edge1", "outcome": "ack", "error_cause": None}
    ]
    assert operator.do("session", "disconnect", "--user", "frikkie") == (
        f"session {other} of frikkie on edge1: the router has ended it\n"
    )
    assert [heard.user_name for heard in nas.heard] == ["ann", "frikkie"]
    assert [entry["act"] for entry in operator.json("audit", "list")].count("session disconnect") == 2


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        ("nak 503", "the router refused (503 Session-Context-Not-Found)"),
        ("", "the router cannot be told"),
    ],
)
def test_a_router_that_does_not_end_it(enforced, operator, behave, said):
    """Exit status 1, and why."""
    nas = enforced.nas("edge1", takes_disconnect=bool(behave))
    nas.behave = behave
    session = enforced.log_in("ann", nas)
    result = operator.run("session", "disconnect", str(session))
    assert (result.exit_code, result.stdout) == (1, f"session {session} of ann on edge1: {said}\n")


def test_a_dry_run_ends_nothing(enforced, operator):
    """It says whom it would concern."""
    nas = enforced.nas("edge1")
    session = enforced.log_in("ann", nas)
    assert "disconnect" in operator.do("session", "disconnect", str(session), "--dry-run")
    assert nas.heard == []
    assert enforced.sql("SELECT count(*) FROM disconnect_order") == 0


def test_who_cannot_reach_routers_waits_for_the_scheduler(enforced, monkeypatch):
    """An operator without the installation's key: the order is carried out, and the answer comes back."""
    for name, value in enforced.accounting.database.environ.items():
        monkeypatch.setenv(name, value)
    nas = enforced.nas("edge1")
    session = enforced.log_in("ann", nas)
    with operations.transaction() as opened:
        ordered = ordering.disconnect(opened, user_name="ann")
    scheduler = threading.Thread(target=enforced.work)
    scheduler.start()
    found = ordering.carried_out(ordered, enforced.began, sends=False)
    scheduler.join()
    assert found == [{"session_id": session, "user_name": "ann", "nas": "edge1", "outcome": "ack", "error_cause": None}]


def test_how_a_router_is_told_is_the_operators_to_say(enforced, operator):
    """Whether it takes CoA and Disconnect, and how many a second."""
    enforced.nas("edge1")
    changed = operator.json(
        "nas", "edit", "edge1", "--takes-coa", "no", "--takes-no-disconnect", "--coa-packets-a-second", "7"
    )["changed"]
    assert changed == {
        "takes_coa": [None, False],
        "takes_disconnect": [True, False],
        "coa_packets_a_second": [1000, 7],
    }
    assert operator.json("nas", "edit", "edge1", "--takes-coa", "vendor")["changed"] == {"takes_coa": [False, None]}
    cause = operator.refused("nas", "edit", "edge1", "--coa-packets-a-second", "0")
    assert cause == "packets a second are 1 to 10000"


BAD = [
    (["session", "disconnect"], "it is not said which session is to end"),
    (["session", "disconnect", "1", "--user", "ann"], "it is not said which session is to end"),
    (["session", "disconnect", "77"], "no session with the id 77 is open"),
    (["session", "disconnect", "--user", "nemo"], "no session of 'nemo' is open"),
    (["enforcement", "retry"], "it is not said what to begin anew with"),
    (["enforcement", "retry", "--all", "--account", "ann"], "it is not said what to begin anew with"),
    (["enforcement", "drift", "--account", "nemo"], "no account is named 'nemo'"),
    (["enforcement", "attempts", "--nas", "edge9"], "no NAS is named 'edge9'"),
]


def test_bad_input(operator):
    """One line and a hint."""
    assert [operator.refused(*arguments) for arguments, _ in BAD] == [cause for _, cause in BAD]


def test_ordered_twice_is_told_twice(enforced, operator):
    """A router that said yes and did nothing, or that was tried often enough, is told again at once."""
    nas = enforced.nas("edge1")
    nas.behave = "lie"
    session = enforced.log_in("ann", nas)
    operator.do("session", "disconnect", str(session))
    operator.do("session", "disconnect", str(session))
    assert len(nas.heard) == 2
    enforced.sql("UPDATE session_treatment SET state = 'failed', attempts = 8")
    operator.do("session", "disconnect", "--user", "ann")
    assert [each["attempt"] for each in enforced.attempts(session)] == [1, 1, 1]
