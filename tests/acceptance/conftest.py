"""A provider as its customers' routers see it: FreeRADIUS with the hook, a database, the demo subscribers.

provider            a fresh one for this test: do with it what you like
standing_provider   one for the whole test run: ask, and change nothing

.authenticate("active", "active-password")                  -> demo.radclient.Answer: .code, answer["Session-Timeout"]
.authenticate("active", ..., method="chap", NAS_Port_Id="1")   attributes: `_` stands for `-`; methods pap, chap, mschap
.authenticate("active", ..., method="peap")                 by eapol_test: md5, peap, ttls-pap, ttls-chap,
                                                            ttls-mschapv2, tls (client.pem, of `certificate`)
.client             the router 127.0.0.1 (`demo.radclient.Client`): .send(kind, pairs) for odd packets
.secret, .port      its secret, and where the server listens, for packets that radclient cannot make
.session()          provisioning.database.transaction on its database; .seal, .database (as the fixture), .environ
.explain(user_name, nas=..., mac=..., at=...), .status()    the hook's own words
.stop_database(), .start_database(), .restart_radius()

accounting_provider   a fresh one with accounting: accountingd and the FreeRADIUS for accounting run too,
                      the fold when it is started
standing_accounting   one for the whole test run: send, and change nothing else

.account("Start", Acct_Session_Id="1", ...)                 -> Answer, code Accounting-Response or None for silence
.accountingd, .fold, .accounting                            demo.daemon.Daemon (twice), demo.server.AccountingServer
.spooled()                                                  the bodies in its spool, as JSON
.metrics()                                                  name (with labels, as printed) -> number
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from demo import certificates, daemon, probe, schema, subscribers
from demo import provider as demo_provider
from demo.cluster import Cluster
from demo.daemon import Daemon
from demo.errors import Refusal
from demo.radclient import METHODS, Answer, Client
from demo.server import AccountingServer, RadiusServer
from provisioning import database as operations_database
from provisioning import node
from radiusd.accounting.spool import Spool
from tests.acceptance import eapol
from tests.fix_cluster import missing_server
from tests.fix_database import Database, fresh_database
from tests.fix_waiting import free_tcp_port, free_udp_ports
from vault import sealed


@dataclass(frozen=True)
class Provider:
    """A running provider; see the head of this file."""

    database: Database
    radius: RadiusServer
    seal: sealed.Seal

    @property
    def port(self) -> int:
        """Where it is asked, on 127.0.0.1."""
        return self.radius.settings.auth_port

    @property
    def secret(self) -> str:
        """The secret of the NAS 127.0.0.1."""
        return probe.secret_file(self.radius.settings).read_text().strip()

    @property
    def client(self) -> Client:
        """The NAS 127.0.0.1."""
        return Client("127.0.0.1", self.port, probe.secret_file(self.radius.settings), timeout_seconds=3.0)

    @property
    def environ(self) -> dict[str, str]:
        """What the command line finds this provider by."""
        return {**os.environ, **self.database.environ, **self.radius.settings.environ()}

    def authenticate(
        self, user_name: str, password: str | None = None, *, method: str = "pap", **attributes: str | int
    ) -> Answer:
        """Ask as a router would."""
        if method in METHODS:
            pairs = [(name.replace("_", "-"), value) for name, value in attributes.items()]
            return self.client.authenticate(user_name, password, method=method, pairs=pairs)
        return eapol.authenticate(
            eapol.Login(user_name, password, method),
            eapol.Server(self.port, self.secret, self.radius.settings.certs),
            **attributes,
        )

    def explain(self, user_name: str, **question: Any) -> dict[str, Any]:
        """Ask the hook why it would answer as it does."""
        asked = {"command": "explain", "user_name": user_name, **question}
        return node.ask(self.radius.settings.control_socket, asked)

    def status(self) -> dict[str, Any]:
        """Ask the hook how it is."""
        return self.radius.status()

    def session(self) -> AbstractContextManager[Session]:
        """Give a session for provisioning's operations; what it did is committed at its end."""
        return operations_database.transaction(self.database.dsn)

    def stop_database(self) -> None:
        """Stop PostgreSQL."""
        self.database.cluster.stop()

    def start_database(self) -> None:
        """Start PostgreSQL again."""
        self.database.cluster.start()

    def restart_radius(self) -> None:
        """Stop FreeRADIUS and start it again."""
        self.radius.stop()
        self.radius.start()


@dataclass(frozen=True)
class AccountingProvider(Provider):
    """A running provider with accounting; see the head of this file."""

    accountingd: Daemon
    fold: Daemon
    accounting: AccountingServer

    @property
    def spool_file(self) -> Path:
        """Where its records wait."""
        return self.radius.settings.home / "spool" / "spool.db"

    def account(self, status: str, *, timeout_seconds: float = 3.0, **attributes: str | int) -> Answer:
        """Send one Accounting-Request as the router 127.0.0.1 would."""
        settings = self.radius.settings
        router = Client("127.0.0.1", settings.acct_port, probe.secret_file(settings), timeout_seconds=timeout_seconds)
        pairs = [(name.replace("_", "-"), value) for name, value in attributes.items()]
        return router.send("acct", [("Acct-Status-Type", status), *pairs])

    def spooled(self) -> list[dict[str, Any]]:
        """Return what waits in the spool, in order."""
        spool = Spool(self.spool_file)
        try:
            return [json.loads(record.body) for record in spool.read(0, 10_000_000)]
        finally:
            spool.close()

    def metrics(self) -> dict[str, float]:
        """Return every sample of /metrics."""
        status, text = daemon.ask(self.radius.settings, "/metrics")
        assert status == 200
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        }


@pytest.fixture(scope="session")
def certificate_folder(short_folder: Path) -> Path:
    """Return the test certificates, made once."""
    folder = short_folder / "certs"
    certificates.ensure(folder, client_name=subscribers.CERTIFICATE_USER)
    return folder


@pytest.fixture
def provider(cluster: Cluster, certificate_folder: Path) -> Iterator[Provider]:
    """Return a running provider of this test's own."""
    with running_provider(cluster, certificate_folder) as running:
        yield running


@pytest.fixture(scope="session")
def standing_provider(cluster: Cluster, certificate_folder: Path) -> Iterator[Provider]:
    """Return a running provider that every test may ask, and none may change."""
    with running_provider(cluster, certificate_folder) as running:
        yield running


@pytest.fixture
def accounting_provider(provider: Provider) -> Iterator[AccountingProvider]:
    """Return a running provider of this test's own, with accounting."""
    with running_accounting(provider) as running:
        yield running


@pytest.fixture(scope="session")
def standing_accounting(cluster: Cluster, certificate_folder: Path) -> Iterator[AccountingProvider]:
    """Return a running provider with accounting, for the whole test run."""
    with running_provider(cluster, certificate_folder) as provider, running_accounting(provider) as running:
        yield running


@contextmanager
def running_accounting(provider: Provider) -> Iterator[AccountingProvider]:
    """Add accounting to a running provider."""
    settings = provider.radius.settings
    daemon.ensure_token(settings)
    accountingd, accounting = daemon.accountingd(settings), AccountingServer(settings, provider.radius.database)
    try:
        accountingd.start()
        accounting.start()
    except Refusal as exc:
        accountingd.stop()
        missing_server(str(exc))
    database = provider.database
    fold = daemon.fold(settings, database.cluster.environ(role=schema.FOLD, database=database.name))
    try:
        yield AccountingProvider(database, provider.radius, provider.seal, accountingd, fold, accounting)
    finally:
        accounting.stop()
        fold.stop()
        accountingd.stop()


@contextmanager
def running_provider(cluster: Cluster, certificate_folder: Path) -> Iterator[Provider]:
    """Give a provider on a fresh database, with the demo subscribers in it."""
    with fresh_database(cluster) as made:
        seal = sealed.read_seal(made.key_file)
        demo_provider.ensure(made.dsn, seal)
        auth_port, acct_port = free_udp_ports(2)
        settings = replace(made.settings, auth_port=auth_port, acct_port=acct_port, accountingd_port=free_tcp_port())
        shutil.copytree(certificate_folder, settings.certs)
        probe.write_secret(settings, made.dsn, seal)
        radius = RadiusServer(settings, cluster.environ(role=schema.HOOK, database=made.name))
        try:
            radius.start()
        except Refusal as exc:
            missing_server(str(exc))
        try:
            yield Provider(made, radius, seal)
        finally:
            radius.stop()
