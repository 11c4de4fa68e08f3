"""Simultaneous sessions are exact: what accounting says is open counts, and no ghost locks a customer out."""

import time

import pytest

from tests.acceptance.conftest import AccountingProvider
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

HERE, THERE = "02-00-00-00-00-0A", "02-00-00-00-00-0B"


@pytest.fixture
def online(accounting_provider: AccountingProvider, eventually: Eventually) -> AccountingProvider:
    """The account of one session at a time is online at HERE, confirmed by accounting: nothing is reserved any more."""
    accounting_provider.fold.start()
    accepted = accounting_provider.authenticate("single", "single-password", Calling_Station_Id=HERE)
    assert accepted.code == "Access-Accept"
    report(accounting_provider, "Start", HERE, Class=accepted["Class"])

    def confirmed() -> None:
        assert accounting_provider.status()["sessions"] == 1
        assert accounting_provider.explain("single", mac=THERE)["reason"] == "sessions_exceeded"

    eventually(confirmed)
    return accounting_provider


def report(provider: AccountingProvider, status: str, station: str, **attributes: str | int) -> None:
    """Send a record of the session at this place, and see that it is taken."""
    session = {"User_Name": "single", "Acct_Session_Id": f"of {station}", "Calling_Station_Id": station}
    assert provider.account(status, **session, **attributes).code == "Accounting-Response"


def reasons(provider: AccountingProvider) -> list[str]:
    """Return what the hook would say to the account here and there."""
    return [provider.explain("single", mac=station)["reason"] for station in (HERE, THERE)]


def test_an_open_session_holds_its_place(online: AccountingProvider) -> None:
    """Another device is refused, the same one may come again: its old session is a ghost."""
    assert online.authenticate("single", "single-password", Calling_Station_Id=THERE).code == "Access-Reject"
    assert online.authenticate("single", "single-password", Calling_Station_Id=HERE).code == "Access-Accept"


def test_a_restart_remembers_who_is_online(online: AccountingProvider) -> None:
    """The reservations are gone, the open session is not."""
    online.restart_radius()
    assert online.status()["reservations"] == 0
    assert reasons(online) == ["accepted", "sessions_exceeded"]


def test_a_stop_frees_the_place(online: AccountingProvider, eventually: Eventually) -> None:
    """The next device is let in a moment after the Stop."""
    report(online, "Stop", HERE, Acct_Terminate_Cause="User-Request", Acct_Session_Time=1)

    def freed() -> None:
        assert online.authenticate("single", "single-password", Calling_Station_Id=THERE).code == "Access-Accept"

    eventually(freed)


def test_a_reboot_of_the_router_frees_the_place(online: AccountingProvider, eventually: Eventually) -> None:
    """Accounting-On says that none of its older sessions is left; event times are whole seconds."""
    time.sleep(1.1)
    assert online.account("Accounting-On", Acct_Session_Id="boot").code == "Accounting-Response"

    def freed() -> None:
        assert reasons(online) == ["accepted", "accepted"]

    eventually(freed)
