"""A customer in debt is walled in, pays, and is out again, all within one session: nobody has to connect anew."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning import database as operations
from provisioning.dunning import job as dunning
from tests.command_line import Operator
from tests.simulated_nas import COA, DISCONNECT

FILTER_ID = 11  # RFC 2865 5.11
OWES = (
    "UPDATE customer_group SET suspension_days = 14, treatment_suspended = 'garden', garden_profile = 'unpaid',"
    " garden_download_bps = 256000, garden_upload_bps = 256000;"
    "INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)"
    " VALUES (1, 'INV-1', current_date - 60, current_date - 30, 49900)"
)


@pytest.fixture
def suspended(enforced):
    """Return a provider one of whose customers has been suspended for debt while he was online, and his session."""
    nas = enforced.nas("edge1", vendor="accel_ppp")  # speed and walls are Filter-Ids, both of which may change
    session = enforced.log_in("frikkie", nas)
    enforced.work()
    enforced.sql(OWES)
    at = datetime.now(UTC) + timedelta(seconds=1)
    with operations.transaction(enforced.dsn) as transaction:
        moment = dunning.due(transaction, at - timedelta(days=2), at)
    assert moment is not None
    with operations.transaction(enforced.dsn) as transaction:
        dunning.run(transaction, moment)
    return enforced, nas, session


def filters(heard):
    """Return the Filter-Ids of a request."""
    return [value.decode() for number, value in heard.attributes if number == FILTER_ID]


def test_a_payment_frees_the_session_that_is_online(suspended):
    """Walled in by CoA, let out by CoA in the second of the payment, never disconnected."""
    enforced, nas, session = suspended
    assert enforced.work() == {"found": 1, "coa_ack": 1}
    assert filters(nas.heard[-1]) == ["256/256", "unpaid"]

    Operator(enforced.accounting.database.environ).do("payment", "add", "FRI001", "499")
    assert enforced.work() == {"found": 1, "coa_ack": 1}

    assert [heard.code for heard in nas.heard] == [COA, COA]
    assert filters(nas.heard[-1]) == ["50000/10000"]
    assert enforced.sql("SELECT count(*) FROM session WHERE id = %s", session) == 1
    assert enforced.work() == {}


def test_a_part_of_the_debt_frees_nobody(suspended):
    """What is not paid in full stays behind the walls."""
    enforced, nas, _ = suspended
    enforced.work()
    Operator(enforced.accounting.database.environ).do("payment", "add", "FRI001", "100")
    assert enforced.work() == {}
    assert [heard.code for heard in nas.heard] == [COA]


def test_where_no_coa_is_taken_he_connects_anew(suspended):
    """A router that takes none is told to end the session."""
    enforced, nas, session = suspended
    enforced.sql("UPDATE nas SET takes_coa = false")
    assert enforced.work() == {"found": 1, "disconnect_ack": 1}
    assert [heard.code for heard in nas.heard] == [DISCONNECT]
    assert enforced.sql("SELECT count(*) FROM session WHERE id = %s", session) == 0
