"""A dry run names who would be cut, and the router goes on hearing yes; a cancelled account is nobody's."""

import json
import subprocess
from typing import Any

import pytest

from tests.acceptance.conftest import AccountingProvider, Provider
from tests.fix_waiting import Eventually
from tests.terminal import TOLLKEEPER

pytestmark = pytest.mark.acceptance


def test_a_group_is_disabled_in_vain(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """The open session that accounting told of is named as cut; the next Access-Request is accepted all the same."""
    accounting_provider.fold.start()
    accepted = accounting_provider.authenticate("active", "active-password")
    accounting_provider.account("Start", User_Name="active", Acct_Session_Id="tried", Class=accepted["Class"])

    def named() -> None:
        found = dry_run(accounting_provider, "group", "disable", "home")
        (session,) = found["sessions"]
        assert (session["user_name"], session["effect"], session["reason"]) == ("active", "cut", "group_disabled")

    eventually(named)
    assert accounting_provider.explain("active")["outcome"] == "accept"
    assert accounting_provider.authenticate("active", "active-password").code == "Access-Accept"


def test_a_cancelled_account_is_unknown(provider: Provider, eventually: Eventually) -> None:
    """It is answered like nobody's, and its device's MAC too; taken up again, both are let in."""
    mac = "02:00:00:00:00:01"

    def answers() -> list[str | None]:
        return [provider.explain(name, mac=mac)["reason"] for name in ("device", mac)]

    run(provider, "account", "cancel", "device")
    eventually(lambda: told(answers(), "unknown_user"))
    assert provider.authenticate(mac, mac, Calling_Station_Id=mac).code == "Access-Reject"
    run(provider, "account", "uncancel", "device")
    eventually(lambda: told(answers(), "accepted"))


def told(reasons: list[str | None], expected: str) -> None:
    """Assert that each has this reason."""
    assert set(reasons) == {expected}


def dry_run(provider: AccountingProvider, *arguments: str) -> dict[str, Any]:
    """Return what a command says that it would do."""
    found: dict[str, Any] = json.loads(run(provider, *arguments, "--dry-run", "--json"))
    return found


def run(provider: Provider, *arguments: str) -> str:
    """Run a command that works; return what it prints."""
    command = [TOLLKEEPER, *arguments]
    return subprocess.run(command, env=provider.environ, check=True, capture_output=True, text=True).stdout
