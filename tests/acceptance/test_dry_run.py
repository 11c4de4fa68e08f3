"""A dry run names who is online and would be cut, and the router goes on hearing yes."""

import json
import subprocess
from typing import Any

import pytest

from tests.acceptance.conftest import AccountingProvider
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


def dry_run(provider: AccountingProvider, *arguments: str) -> dict[str, Any]:
    """Return what a command says that it would do."""
    command = [TOLLKEEPER, *arguments, "--dry-run", "--json"]
    done = subprocess.run(command, env=provider.environ, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
