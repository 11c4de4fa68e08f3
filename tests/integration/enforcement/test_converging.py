"""Many sessions on routers of every sort converge, whatever the routers do; the measurement is in the README."""

from datetime import timedelta

from psycopg2.extras import execute_values

from provisioning import database as operations
from provisioning.enforcement import job, looking
from tests.simulated_nas import DISCONNECT

EACH = 25
# what a router does -> what its sessions come to be
ENDS = {
    "ack": "over",
    "drop once": "over",
    "late": "over",
    "nak 503": "acknowledged",
    "nak 506": "waiting",
    "lie": "acknowledged",
    "drop": "waiting",
    "forge": "waiting",
    "forge ma": "waiting",
    "elsewhere": "waiting",
}


def many_online(enforced, routers):
    """Have customers of their own online on each router, all told the same at their login."""
    enforced.sql("INSERT INTO customer (code, group_id, company_name) VALUES ('MAN001', 1, 'Many')")
    owner = enforced.sql("SELECT max(id) FROM customer")
    names = [(owner, 1, f"{number}-{one}") for number in range(len(routers)) for one in range(EACH)]
    execute_values(
        enforced.accounting.cursor, "INSERT INTO account (customer_id, package_id, user_name) VALUES %s", names
    )
    for number, nas in enumerate(routers):
        enforced.sql(
            "INSERT INTO session (user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at,"
            " time_zone, billing_day) SELECT user_name, id, %s, user_name, %s, %s, 'UTC', 1 FROM account"
            " WHERE user_name LIKE %s",
            *(nas.address, enforced.began, enforced.began, f"{number}-%"),
        )
    with operations.transaction(enforced.dsn) as session:
        verdict = looking.look(session, [enforced.sql("SELECT min(id) FROM session")], enforced.began)[0]
    enforced.sql("UPDATE session SET session_class = '0x544b' || %s || lpad(id::text, 20, '0')", verdict.desired)
    enforced.work()


def test_whatever_routers_do_each_is_known_for_what_it_does(enforced):
    """Those that obey are done in one pass, though others are dead; false answers are counted, and not believed."""
    ended, routers = [], [enforced.nas(f"edge{number}") for number in range(len(ENDS))]
    for nas, behaviour in zip(routers, ENDS, strict=True):
        nas.behave = behaviour
        nas.late_seconds, nas.on_ack = 0.6, ended.append
    many_online(enforced, routers)
    enforced.sql("UPDATE customer SET suspended = true WHERE code = 'MAN001'")

    with job.enforcer(enforced.dsn, enforced.began, waits_seconds=(0.5, 1.0, 2.0)) as one_pass:
        counts = one_pass.run()
    enforced.sql("DELETE FROM session WHERE user_name = ANY(%s)", [heard.user_name for heard in ended])

    assert counts["found"] == EACH * len(ENDS)
    enforced.work(-1)  # what has ended meanwhile is taken away
    for nas, (behaviour, end) in zip(routers, ENDS.items(), strict=True):
        found = enforced.sql(
            "SELECT array_agg(DISTINCT coalesce(known.state, 'unknown')) FROM session"
            " LEFT JOIN session_treatment AS known ON session_id = session.id WHERE session.nas_address = %s",
            nas.address,
        )
        assert found == (None if end == "over" else [end]), behaviour
        assert {heard.code for heard in nas.heard} == {DISCONNECT}
        assert len(nas.requests()) == EACH
        assert all(heard.is_signed for heard in nas.heard)
    false = enforced.sql("SELECT count(*) FROM enforcement_attempt WHERE discarded > 0 AND outcome = 'timeout'")
    assert false == 3 * EACH


def test_a_change_is_looked_at_while_a_dead_router_is_waited_for(enforced):
    """Who is blocked meanwhile is off before the dead router's requests have failed."""
    dead, nas = enforced.nas("edge1"), enforced.nas("edge2")
    dead.behave = "drop"
    enforced.log_in("ann", dead)
    enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql("UPDATE account SET blocked = true WHERE user_name = 'ann'")
    dead.on_hearing = lambda: enforced.sql("UPDATE account SET blocked = true WHERE user_name = 'frikkie'")

    with job.enforcer(enforced.dsn, enforced.began + timedelta(seconds=1), waits_seconds=(0.7, 1.4, 2.1)) as one_pass:
        assert one_pass.run() == {"found": 2, "disconnect_ack": 1, "disconnect_timeout": 1}
    assert enforced.sql("SELECT array_agg(user_name ORDER BY id) FROM enforcement_attempt") == ["frikkie", "ann"]


def test_a_pass_ends_though_a_router_is_dead(enforced):
    """So that the scheduler can stop: what is under way counts as unanswered, and is told again after its pause."""
    dead = enforced.nas("edge1")
    dead.behave = "drop"
    session = enforced.log_in("ann", dead)
    enforced.work()
    enforced.sql("UPDATE account SET blocked = true WHERE user_name = 'ann'")
    with job.enforcer(enforced.dsn, enforced.began, waits_seconds=(600, 600), longest_seconds=0.5) as one_pass:
        assert one_pass.run() == {"found": 1, "disconnect_timeout": 1}
    assert [each["outcome"] for each in enforced.attempts(session)] == ["timeout"]
    dead.behave = "ack"
    assert enforced.work(60) == {"disconnect_ack": 1}
