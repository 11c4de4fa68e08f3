"""Accounting under load while things break: nothing that was acknowledged is lost, and nobody's login waits for it."""

import os
import random
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from demo import processes
from radiusd.accounting.spool import Spool
from tests.acceptance.conftest import AccountingProvider, Provider, running_accounting
from tests.acceptance.sender import Sender
from tests.fix_cluster import missing_server
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

KILLS = int(os.environ.get("TOLLKEEPER_TEST_KILLS", "10"))  # the long form has 200
MIB = 1 << 20


def sender(provider: AccountingProvider, prefix: str = "s", window: int = 32) -> Sender:
    """Return a router that sends accounting to this provider."""
    return Sender(provider.radius.settings.acct_port, provider.secret.encode(), prefix, window)


def process_of(component: object) -> processes.Process:
    """Return the process of a running component."""
    process = component.pid_file.read()  # type: ignore[attr-defined]
    assert process is not None
    return process


def kept(provider: AccountingProvider) -> set[str]:
    """Return the session ids that are in the spool."""
    return {record["Acct-Session-Id"]["value"][0] for record in provider.spooled()}


def empty(provider: AccountingProvider) -> None:
    """Remove what is there, as the fold does."""
    with closing(Spool(provider.spool_file)) as spool:
        spool.remove(spool.depth().last_id)


def lost(provider: AccountingProvider, sent: Sender) -> set[str]:
    """Return what was acknowledged and is not in the spool."""
    return set(sent.acknowledged) - kept(provider)


def test_nothing_acknowledged_is_lost_by_kills(accounting_provider: AccountingProvider) -> None:
    """accountingd is killed (SIGKILL) again and again at random moments under load, and started again."""
    dice = random.Random()
    with sender(accounting_provider) as sent:
        for _ in range(KILLS):
            before = len(sent.acknowledged)
            deadline = time.monotonic() + 60.0
            while len(sent.acknowledged) < before + 100 and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(dice.random() * 0.05)
            os.kill(process_of(accounting_provider.accountingd).pid, signal.SIGKILL)
            accounting_provider.accountingd.stop()
            accounting_provider.accountingd.start()

    assert len(sent.acknowledged) > 100 * KILLS
    assert lost(accounting_provider, sent) == set()


def test_nothing_acknowledged_is_lost_by_a_restart(accounting_provider: AccountingProvider) -> None:
    """SIGTERM under load ends accountingd in time, and what it has taken is answered or not acknowledged."""
    with sender(accounting_provider) as sent:
        took = []
        for _ in range(3):
            time.sleep(0.3)
            began = time.monotonic()
            accounting_provider.accountingd.stop()
            took.append(time.monotonic() - began)
            accounting_provider.accountingd.start()
        accounting_provider.accounting.stop()
        accounting_provider.accounting.start()
        time.sleep(0.3)

    assert statistics.median(took) < 5.0
    assert lost(accounting_provider, sent) == set()


def test_received_is_what_was_spooled(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """The day's counter, which the balance begins with, is the number of records, kills included."""
    with sender(accounting_provider) as sent:
        eventually(lambda: check(len(sent.acknowledged) > 100))
        os.kill(process_of(accounting_provider.accountingd).pid, signal.SIGKILL)
    accounting_provider.accountingd.stop()
    accounting_provider.accountingd.start()

    spool = Spool(accounting_provider.spool_file)
    assert sum(spool.received_by_day().values()) == spool.depth().records > 0
    spool.close()


def test_a_full_disk_acknowledges_nothing_and_passes(provider: Provider, eventually: Eventually) -> None:
    """A spool on 1 MiB: full means silence, logins go on, and when it is emptied responses come by themselves."""
    folder = provider.radius.settings.home / "spool"
    folder.mkdir(mode=0o700)
    with small_file_system(folder, octets=MIB), running_accounting(provider) as running, sender(running) as sent:
        eventually(lambda: check(running.metrics()["tollkeeper_spool_writable"] == 0), within_seconds=60.0)
        time.sleep(0.5)
        acknowledged = len(sent.acknowledged)
        logins = [provider.authenticate("active", "active-password").code for _ in range(5)]
        time.sleep(1.5)
        assert len(sent.acknowledged) - acknowledged <= 32  # the last few that were on their way
        assert logins == ["Access-Accept"] * 5
        assert lost(running, sent) == set()
        seen = kept(running)

        empty(running)
        stalled = len(sent.acknowledged)
        eventually(lambda: check(len(sent.acknowledged) > stalled + 100), within_seconds=60.0)
        sent.stop()
        assert set(sent.acknowledged) - seen - kept(running) == set()
        log = running.accountingd.log.read_text()
        assert 1 <= log.count('"spool_unwritable"') <= 2


def test_a_disk_that_others_fill_passes(provider: Provider, eventually: Eventually) -> None:
    """The space comes back without the spool being touched: no response meanwhile, all of it there afterwards."""
    folder = provider.radius.settings.home / "spool"
    folder.mkdir(mode=0o700)
    with (
        small_file_system(folder, octets=8 * MIB),
        running_accounting(provider) as running,
        sender(running, window=4) as sent,
    ):
        eventually(lambda: check(len(sent.acknowledged) > 100), within_seconds=60.0)
        with (folder / "somebody-elses").open("wb", buffering=0) as other, suppress(OSError):
            while True:
                other.write(bytes(4096))
        eventually(lambda: check(running.metrics()["tollkeeper_spool_writable"] == 0), within_seconds=60.0)
        (folder / "somebody-elses").unlink()
        stalled = len(sent.acknowledged)
        eventually(lambda: check(len(sent.acknowledged) > stalled + 10), within_seconds=60.0)
        sent.stop()
        assert lost(running, sent) == set()


def test_logins_do_not_wait_for_a_stalled_disk(accounting_provider: AccountingProvider) -> None:
    """accountingd stopped in its tracks under load: every thread of accounting waits, authentication is as before."""
    before = statistics.median(login_seconds(accounting_provider))
    with sender(accounting_provider, window=128):
        time.sleep(0.3)
        process = process_of(accounting_provider.accountingd)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            time.sleep(1.0)
            stalled = login_seconds(accounting_provider)
        finally:
            os.kill(process.pid, signal.SIGCONT)

    after = statistics.median(login_seconds(accounting_provider))  # the machine's mood may have changed meanwhile
    assert statistics.median(stalled) < 3 * max(before, after) + 0.02
    assert max(stalled) < 3.0


def login_seconds(provider: Provider) -> list[float]:
    """Return how long each of some logins took, radclient's own start included."""
    taken = []
    for _ in range(20):
        began = time.monotonic()
        assert provider.authenticate("active", "active-password").code == "Access-Accept"
        taken.append(time.monotonic() - began)
    return taken


@contextmanager
def small_file_system(folder: Path, *, octets: int) -> Iterator[None]:
    """Have a file system of that size at `folder`."""
    options = f"size={octets},mode=0700,uid={os.getuid()},gid={os.getgid()}"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        missing_server(f"no file system of our own: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def check(true: bool) -> None:
    """Assert, where a lambda cannot."""
    assert true
