"""What was acknowledged is in the sessions and in the ledger, once, whatever was killed and whenever."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from demo import daemon, schema
from demo.components import Component
from demo.daemon import Daemon
from demo.settings import REPOSITORY
from radiusd.accounting.spool import Spool
from tests.acceptance.conftest import AccountingProvider
from tests.acceptance.oracle import USER_NAME, Oracle
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

KILLS = int(os.environ.get("TOLLKEEPER_TEST_KILLS", "10"))  # the long form has 200: python -m tests.bench.oracle 200
NODE = "oracle"


@pytest.fixture
def fold(accounting_provider: AccountingProvider) -> Iterator[Daemon]:
    """Return the running fold of this provider."""
    database = accounting_provider.database
    environ = database.cluster.environ(role=schema.FOLD, database=database.name)
    fold = daemon.fold(replace(accounting_provider.radius.settings, node=NODE), environ)
    fold.start()
    yield fold
    fold.stop()


def oracle_of(provider: AccountingProvider, window: int = 32) -> Oracle:
    """Return an oracle that sends to this provider."""
    return Oracle(provider.radius.settings.acct_port, provider.secret.encode(), "o", window)


def kill(component: Component) -> None:
    """Kill a server as the kernel does when memory is short, and start it again."""
    process = component.pid_file.read()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    component.stop()
    component.start()


def query(provider: AccountingProvider, statement: str) -> list[tuple]:
    """Return the rows of a query."""
    with closing(provider.database.connect()) as connection, connection.cursor() as cur:
        cur.execute(statement)
        return cur.fetchall()


def assert_all_folded(provider: AccountingProvider) -> None:
    """What was received is all in the books."""
    with closing(Spool(provider.spool_file)) as spool:
        received = sum(spool.received_by_day().values())
    fates = query(provider, "SELECT sum(applied + duplicate + superseded + quarantined)::bigint FROM accounting_day")
    assert fates == [(received,)]


def assert_every_acknowledged_is_applied(provider: AccountingProvider, oracle: Oracle) -> None:
    """Each session is there once, with the most that was acknowledged of it at least, and no more than was sent."""
    rows = query(
        provider,
        "SELECT acct_session_id, state, octets_in, octets_out FROM session UNION ALL"
        " SELECT acct_session_id, state, octets_in, octets_out FROM session_history",
    )
    found = {row[0]: row[1:] for row in rows}
    assert len(found) == len(rows)
    sent_most: dict[str, int] = {}
    for said in oracle.sent.values():
        sent_most[said.session_id] = max(said.octets, sent_most.get(said.session_id, 0))
    for said in oracle.said:
        state, octets_in, octets_out = found[said.session_id]
        assert said.octets <= octets_in <= sent_most[said.session_id]
        assert octets_out == 3 * octets_in
        assert said.kind != "stop" or state == "stopped"
    ledger = query(
        provider,
        "SELECT coalesce(sum(octets_in), 0)::bigint, coalesce(sum(octets_out), 0)::bigint"
        f" FROM usage_day JOIN account ON account.id = account_id WHERE user_name = '{USER_NAME}'",
    )
    assert ledger == [(sum(row[2] for row in rows), sum(row[3] for row in rows))]


def assert_balance(provider: AccountingProvider) -> None:
    """The operators' own command says that the books balance."""
    result = subprocess.run(
        [sys.executable, "-P", "-m", "provisioning.cli", "accounting", "balance"],
        cwd=REPOSITORY,
        env={**provider.environ, "TOLLKEEPER_NODE": NODE, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def assert_taken(oracle: Oracle, number: int) -> None:
    """More records than that have been acknowledged."""
    assert len(oracle.acknowledged) > number


def test_kills(accounting_provider: AccountingProvider, fold: Daemon, eventually: Eventually) -> None:
    """accountingd, fold, FreeRADIUS and PostgreSQL are killed (SIGKILL) at random moments under load."""
    provider = accounting_provider
    victims: list[Component] = [provider.accountingd, fold, provider.accounting, provider.database.cluster]
    chance = random.Random()
    with oracle_of(provider) as oracle:
        for number in range(KILLS):
            before = len(oracle.acknowledged)
            deadline = time.monotonic() + 60.0
            while len(oracle.acknowledged) < before + 100 and time.monotonic() < deadline:
                time.sleep(0.005)
            assert len(oracle.acknowledged) >= before + 100, f"nobody answers after kill {number}"
            time.sleep(chance.random() * 0.3)
            kill(victims[number % 4] if number < 4 else chance.choice(victims))
    eventually(lambda: assert_all_folded(provider), within_seconds=120)
    assert len(oracle.acknowledged) > 100 * KILLS
    assert_every_acknowledged_is_applied(provider, oracle)
    assert_balance(provider)


def test_postgresql_away(accounting_provider: AccountingProvider, fold: Daemon, eventually: Eventually) -> None:
    """Without PostgreSQL records are taken as before; when it is back, the fold drains what has gathered by itself."""
    provider = accounting_provider
    with oracle_of(provider) as oracle:
        provider.stop_database()
        before = len(oracle.acknowledged)
        time.sleep(float(os.environ.get("TOLLKEEPER_TEST_OUTAGE_SECONDS", "4")))
        eventually(lambda: assert_taken(oracle, before + 100))
        provider.start_database()
    eventually(lambda: assert_all_folded(provider), within_seconds=120)
    assert_every_acknowledged_is_applied(provider, oracle)
    assert_balance(provider)
    assert fold.running
