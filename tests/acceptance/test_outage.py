"""The database goes away: every answer stays the same, and changes flow again when it is back."""

import time
from contextlib import closing

import pytest

from tests.acceptance.conftest import Provider
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

ASKED = ["active", "fibre", "blocked", "expired", "suspended", "garden", "capped", "closed", "static"]


def answers(provider: Provider) -> list[tuple[str | None, list[str], list[str]]]:
    """What each of them is answered, without what is new each time."""
    got = [provider.authenticate(name, f"{name}-password") for name in ASKED]
    return [(each.code, each.values("Mikrotik-Rate-Limit"), each.values("Reply-Message")) for each in got]


def test_answers_outlive_the_database(provider: Provider, eventually: Eventually) -> None:
    """Stopped, restarted without it, and caught up with it: without a restart for the last step."""
    before = answers(provider)
    provider.stop_database()
    assert answers(provider) == before
    time.sleep(2.5)
    assert provider.status()["age_seconds"] > 2.0
    assert provider.status()["feed"]["connected"] is False

    provider.restart_radius()
    assert answers(provider) == before
    status = provider.status()
    assert (status["source"], status["feed"]["connected"]) == ("snapshot", False)
    assert status["age_seconds"] > 2.0

    provider.start_database()

    def caught_up() -> None:
        assert provider.status()["feed"]["connected"] is True
        assert provider.status()["age_seconds"] < 2.0

    eventually(caught_up)
    with closing(provider.database.connect()) as connection, connection.cursor() as cur:
        cur.execute("UPDATE account SET blocked = true WHERE user_name = 'active'")

    def blocked() -> None:
        assert provider.authenticate("active", "active-password").code == "Access-Reject"

    eventually(blocked)


def test_changed_while_nobody_looked(provider: Provider, eventually: Eventually) -> None:
    """What was changed between two starts is in force after the second, snapshot or not."""
    provider.radius.stop()
    with closing(provider.database.connect()) as connection, connection.cursor() as cur:
        cur.execute("UPDATE account SET blocked = true WHERE user_name = 'active'")
        cur.execute("UPDATE account SET blocked = false WHERE user_name = 'blocked'")
    provider.radius.start()

    assert provider.authenticate("active", "active-password").code == "Access-Reject"
    assert provider.authenticate("blocked", "blocked-password").code == "Access-Accept"
