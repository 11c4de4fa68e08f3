"""A data cap as the customer meets it: used up, throttled, topped up, and at full speed at once."""

from datetime import UTC, datetime

import pytest

from provisioning import account as accounts
from provisioning.allowances import job, topup
from tests.acceptance.conftest import AccountingProvider
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

GB = 10**9
FULL, THROTTLED = "5M/20M", "1M/1M"


def test_a_topup_ends_the_throttling_at_once(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """The Stop that passes the cap slows the next login down; the top-up's own commit restores the speed."""
    provider = accounting_provider
    provider.fold.start()
    with provider.session() as session:
        first = topup.add(session, accounts.find(session, "capped"), octets=30 * GB)
        assert first.used_octets == 0

    def logs_in_at(speed: str) -> None:
        answer = provider.authenticate("capped", "capped-password")
        assert answer["Mikrotik-Rate-Limit"].split()[0] == speed

    eventually(lambda: logs_in_at(FULL))
    stop = {"Acct-Input-Gigawords": 10, "Acct-Output-Gigawords": 1}  # 47 GB
    assert provider.account("Stop", User_Name="capped", Acct_Session_Id="c1", Acct_Session_Time=60, **named(stop))

    def settled() -> None:
        with provider.session() as session:
            job.run(session, datetime.now(UTC))
        logs_in_at(THROTTLED)

    eventually(settled)
    with provider.session() as session:
        topup.add(session, accounts.find(session, "capped"), octets=GB)
    eventually(lambda: logs_in_at(FULL))


def named(pairs: dict[str, int]) -> dict[str, int]:
    """Return attributes as keyword arguments."""
    return {name.replace("-", "_"): value for name, value in pairs.items()}
