"""A real NAS, hostapd: it authenticates, accounts, and ends sessions when it is told to; what it says is kept."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demo import daemon, schema
from provisioning import database as operations
from provisioning.allowances import job as allowances
from provisioning.cli.root import tollkeeper
from provisioning.enforcement import job
from tests.acceptance.conftest import AccountingProvider
from tests.acceptance.real_nas import RealNas
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

PASSWORD = "a-password-for-hostapd"


@dataclass
class Scene:
    """A provider, its NAS, and a customer of its own who is online there."""

    provider: AccountingProvider
    nas: RealNas
    eventually: Eventually

    def type(self, *arguments: str, stdin: str | None = None) -> str:
        """Type a command."""
        result = CliRunner(env=self.provider.environ).invoke(tollkeeper, arguments, input=stdin)
        assert result.exit_code == 0, result.output
        return result.output

    def sql(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows."""
        with closing(self.provider.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def online(self) -> int:
        """Log in, and return the session when accounting has told of it."""
        self.eventually(self.is_accepted)  # a supplicant that was refused once waits for a minute
        self.nas.log_in("wired", PASSWORD)

        def there() -> None:
            assert self.sql("SELECT id FROM session WHERE user_name = 'wired'"), self.nas.log("hostapd")[-3000:]

        self.eventually(there, within_seconds=120)
        return int(self.sql("SELECT id FROM session WHERE user_name = 'wired'")[0][0])

    def is_accepted(self) -> None:
        """See that the hook would let it in."""
        assert self.provider.explain("wired")["outcome"] == "accept"

    @contextmanager
    def scheduler(self) -> Iterator[None]:
        """Have the scheduler run, as on every node."""
        database = self.provider.database
        environ = database.cluster.environ(role=schema.OWNER, database=database.name)
        scheduler = daemon.scheduler(self.provider.radius.settings, environ)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.stop()

    def work(self, later: timedelta = timedelta(0)) -> None:
        """Run the job."""
        job.work(self.provider.database.dsn, datetime.now(UTC) + later)

    def use(self, octets: int) -> None:
        """Write usage into the ledger as the fold does, as hostapd counts none on a wire, and settle it."""
        self.sql(
            "WITH used AS (INSERT INTO usage_day SELECT id, current_date, date_trunc('month', current_date), 0, %s"
            "              FROM account WHERE user_name = 'wired' RETURNING account_id)"
            "INSERT INTO allowance_due (account_id) SELECT account_id FROM used",
            octets,
        )
        with operations.transaction(self.provider.database.dsn) as session:
            assert allowances.run(session, datetime.now(UTC))["caps_reached"] == 1

    def is_ended(self, session_id: int) -> None:
        """See that the router said yes, and that accounting has told the end."""

        def over() -> None:
            assert self.sql("SELECT state FROM session_history WHERE id = %s", session_id) == [("stopped",)]
            assert self.attempts(session_id) == [("disconnect", "ack", None)]

        self.eventually(over, within_seconds=60)
        self.nas.log_off()

    def attempts(self, session_id: int) -> list[tuple[Any, ...]]:
        """Return what the router was told of a session, and what it said."""
        return self.sql(
            "SELECT action, outcome, error_cause FROM enforcement_attempt WHERE session_id = %s ORDER BY id", session_id
        )


@pytest.fixture
def scene(
    accounting_provider: AccountingProvider, tmp_path: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """Return a provider with hostapd as its NAS 127.0.0.1, and account wired of a package without a limit."""
    provider = accounting_provider
    monkeypatch.setenv("TOLLKEEPER_KEY_FILE", str(provider.database.key_file))
    provider.fold.start()
    settings = provider.radius.settings
    with RealNas(settings.auth_port, settings.acct_port, provider.secret, settings.certs, tmp_path) as nas:
        scene = Scene(provider, nas, eventually)
        scene.sql("UPDATE nas SET coa_port = %s, vendor = 'generic' WHERE address = '127.0.0.1'", nas.das_port)
        scene.type("group", "add", "Wired")
        scene.type("package", "add", "Wired", "--interim", "60s")
        scene.type("customer", "add", "--group", "Wired", "--code", "WIR001", "--company-name", "Wired")
        add = ("account", "add", "wired", "--customer", "WIR001", "--package", "Wired", "--password-stdin")
        scene.type(*add, stdin=f"{PASSWORD}\n")
        yield scene


def test_a_real_nas_ends_sessions_when_it_is_told_to(scene: Scene) -> None:
    """By block, by expiry, by the cap: Disconnect-ACK, then the Stop; a session it does not know: NAK, 503."""
    session = scene.online()
    scene.work()
    assert scene.attempts(session) == []
    with scene.scheduler():
        scene.type("account", "block", "wired")
        scene.is_ended(session)

    scene.type("account", "unblock", "wired")
    session = scene.online()
    scene.work()
    scene.sql("UPDATE account SET expires_at = now() + interval '1 second' WHERE user_name = 'wired'")
    scene.work()
    assert scene.attempts(session) == []
    scene.work(timedelta(seconds=10))
    scene.is_ended(session)

    scene.sql("UPDATE account SET expires_at = NULL WHERE user_name = 'wired'")
    session = scene.online()
    scene.type("package", "edit", "Wired", "--cap", "1GB")
    scene.use(2 * 10**9)
    scene.work()
    scene.is_ended(session)

    scene.type("topup", "add", "wired", "5GB")
    session = scene.online()
    scene.sql("UPDATE session SET acct_session_id = '0123456789ABCDEF' WHERE id = %s", session)
    scene.type("account", "block", "wired")
    scene.work()
    assert scene.attempts(session) == [("disconnect", "nak", 503)]
