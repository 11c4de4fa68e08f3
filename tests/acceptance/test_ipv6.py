"""A router that speaks IPv6, by the site that an operator links for it."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from demo.radclient import Client
from demo.settings import REPOSITORY
from provisioning import nas
from tests.acceptance.conftest import AccountingProvider, Provider
from tests.fix_waiting import Eventually, free_udp_ports

pytestmark = pytest.mark.acceptance

SECRET = "a-secret-for-ipv6-only"


def has_ipv6() -> bool:
    """Whether this machine has a loopback address of IPv6."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("::1", 0))
        except OSError:
            return False
        return True


@pytest.mark.skipif(not has_ipv6() and "CI" not in os.environ, reason="this machine has no IPv6")
def test_a_router_with_ipv6(provider: Provider, tmp_path: Path, eventually: Eventually) -> None:
    """It is found by its address, and its user is let in; another address is no router of ours."""
    with provider.session() as session:
        nas.add(session, "six", address="::1", secret=SECRET, vendor="mikrotik", seal=provider.seal)
    conf, home = tmp_path / "conf", tmp_path / "home"
    shutil.copytree(REPOSITORY / "freeradius-conf", conf)
    (conf / "sites-enabled/tollkeeper-ipv6").symlink_to("../sites-available/tollkeeper-ipv6")
    for folder in ("log", "run", "snapshot"):
        (home / folder).mkdir(parents=True)
    ports = dict(zip(("TOLLKEEPER_AUTH_PORT", "TOLLKEEPER_ACCT_PORT"), map(str, free_udp_ports(2)), strict=True))
    places = {"TOLLKEEPER_CONF": str(conf), "TOLLKEEPER_HOME": str(home), "TOLLKEEPER_LISTEN6": "::1"}
    (tmp_path / "secret").write_text(SECRET)
    router = Client("::1", int(ports["TOLLKEEPER_AUTH_PORT"]), tmp_path / "secret", timeout_seconds=0.5)

    command = ["/usr/sbin/freeradius", "-f", "-d", str(conf), "-n", "radiusd"]
    server = subprocess.Popen(command, env={**provider.radius.environ(), **ports, **places}, stdout=subprocess.DEVNULL)
    try:

        def let_in() -> None:
            answer = router.authenticate("active", "active-password")
            assert (answer.code, answer.values("Mikrotik-Rate-Limit")) == ("Access-Accept", ["2M/10M"])

        eventually(let_in)
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0


@pytest.mark.skipif(not has_ipv6() and "CI" not in os.environ, reason="this machine has no IPv6")
def test_its_accounting(accounting_provider: AccountingProvider, tmp_path: Path, eventually: Eventually) -> None:
    """By the other site it is acknowledged, and known by the address that it sent from."""
    provider = accounting_provider
    with provider.session() as session:
        nas.add(session, "six", address="::1", secret=SECRET, vendor="mikrotik", seal=provider.seal)
    conf = tmp_path / "conf"
    shutil.copytree(REPOSITORY / "freeradius-conf", conf)
    site = "tollkeeper-accounting-ipv6"
    (conf / "sites-enabled-accounting" / site).symlink_to(f"../sites-available/{site}")
    provider.accounting.stop()
    (tmp_path / "secret").write_text(SECRET)
    router = Client("::1", provider.radius.settings.acct_port, tmp_path / "secret", timeout_seconds=0.5)

    command = ["/usr/sbin/freeradius", "-f", "-d", str(conf), "-n", "accounting"]
    environ = {**provider.accounting.environ(), "TOLLKEEPER_CONF": str(conf), "TOLLKEEPER_LISTEN6": "::1"}
    server = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:

        def acknowledged() -> None:
            assert router.send("acct", [("Acct-Status-Type", "Start")]).code == "Accounting-Response"

        eventually(acknowledged)
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0
    assert provider.spooled()[-1]["Tollkeeper-Source-Address"]["value"] == ["::1"]
