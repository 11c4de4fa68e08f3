"""No acknowledgement before durability: what is answered is on disk, whatever else comes back is not answered."""

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from demo import daemon
from demo.cluster import Cluster
from tests.acceptance import wire
from tests.acceptance.conftest import AccountingProvider, running_accounting, running_provider
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance


def test_what_is_acknowledged_is_in_the_spool(standing_accounting: AccountingProvider) -> None:
    """With its attributes and the address that it came from; nothing of it is in the authentication process."""
    answer = standing_accounting.account("Start", User_Name="active", Acct_Session_Id="s1", Acct_Input_Octets=12)

    record = standing_accounting.spooled()[-1]
    assert answer.code == "Accounting-Response"
    assert record["User-Name"] == {"type": "string", "value": ["active"]}
    assert record["Acct-Session-Id"]["value"] == ["s1"]
    assert record["Acct-Input-Octets"]["value"] == [12]
    assert record["Tollkeeper-Source-Address"]["value"] == ["127.0.0.1"]
    assert standing_accounting.authenticate("active", "active-password").code == "Access-Accept"


def test_the_response_is_signed(standing_accounting: AccountingProvider) -> None:
    """Its authenticator is the MD5 of itself, the request's authenticator and the secret (RFC 2866 3)."""
    secret = standing_accounting.secret.encode()
    packet = wire.accounting_request([(wire.USER_NAME, b"active"), (40, b"\0\0\0\1"), (44, b"s1")], secret)

    reply = wire.exchange(packet, standing_accounting.radius.settings.acct_port)

    assert reply is not None
    assert reply.code == wire.ACCOUNTING_RESPONSE
    assert wire.has_authenticator(reply, packet, secret)


def test_a_request_that_is_signed_with_another_secret_is_silence(
    standing_accounting: AccountingProvider,
) -> None:
    """Nor is it kept."""
    packet = wire.accounting_request([(wire.USER_NAME, b"active"), (40, b"\0\0\0\1")], b"another secret")
    before = standing_accounting.spooled()

    assert wire.exchange(packet, standing_accounting.radius.settings.acct_port, timeout_seconds=0.5) is None
    assert standing_accounting.spooled() == before


def test_odd_octets_are_kept(standing_accounting: AccountingProvider) -> None:
    """NUL, Latin-1, quotes and a record without a status are not refused: the fold decides about them."""
    secret = standing_accounting.secret.encode()
    names = [b"vic\0tim", b"w\xe4re", b'"\\', b"x" * 253]
    for name in names:
        packet = wire.accounting_request([(wire.USER_NAME, name)], secret)
        reply = wire.exchange(packet, standing_accounting.radius.settings.acct_port)
        assert reply is not None
        assert reply.code == wire.ACCOUNTING_RESPONSE

    kept = [record["User-Name"]["value"][0] for record in standing_accounting.spooled()[-4:]]
    assert kept == [name.decode("latin-1") for name in names]


def test_nobody_there_is_silence(accounting_provider: AccountingProvider) -> None:
    """accountingd down: no response; up again: responses, without a restart of FreeRADIUS."""
    assert accounting_provider.account("Start", User_Name="active").code == "Accounting-Response"
    accounting_provider.accountingd.stop()

    assert accounting_provider.account("Start", User_Name="active", timeout_seconds=1.5).code is None
    assert accounting_provider.authenticate("active", "active-password").code == "Access-Accept"

    accounting_provider.accountingd.start()
    assert accounting_provider.account("Start", User_Name="active").code == "Accounting-Response"


@pytest.mark.parametrize("status", [200, 201, 301, 400, 401, 403, 404, 405, 410, 413, 500, 503])
def test_any_other_word_is_silence(without_accountingd: AccountingProvider, status: int) -> None:
    """Only 204 acknowledges."""
    with impostor(without_accountingd, status):
        assert without_accountingd.account("Start", User_Name="active", timeout_seconds=0.7).code is None


def test_an_impostor_can_acknowledge(without_accountingd: AccountingProvider) -> None:
    """The test above is about the status: with 204 there is a response."""
    with impostor(without_accountingd, 204):
        assert without_accountingd.account("Start", User_Name="active").code == "Accounting-Response"


@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 204", b"nonsense\r\n\r\n"])
def test_half_a_word_is_silence(without_accountingd: AccountingProvider, octets: bytes) -> None:
    """A connection that ends in the middle of an answer acknowledges nothing."""
    with mumbler(without_accountingd, octets):
        assert without_accountingd.account("Start", User_Name="active", timeout_seconds=0.7).code is None


def test_no_answer_in_time_is_silence(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """accountingd stopped in its tracks: no response; going on, it serves again."""
    process = accounting_provider.accountingd.pid_file.read()
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert accounting_provider.account("Start", User_Name="active", timeout_seconds=5.0).code is None
    finally:
        os.kill(process.pid, signal.SIGCONT)

    def answered() -> None:
        assert accounting_provider.account("Start", User_Name="active").code == "Accounting-Response"

    eventually(answered)


def test_another_token_is_refused(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """FreeRADIUS with a token that accountingd does not know gets 401, the router nothing."""
    settings = accounting_provider.radius.settings
    old = settings.token_file.read_text()
    settings.token_file.write_text(re.sub(r'"\w', '"x', old))
    accounting_provider.accounting.stop()
    accounting_provider.accounting.start()

    assert accounting_provider.account("Start", User_Name="active", timeout_seconds=1.0).code is None
    assert daemon.ask(settings, "/metrics")[0] == 401

    settings.token_file.write_text(old)
    assert accounting_provider.metrics()['tollkeeper_accounting_http_refused_total{status="401"}'] >= 2
    assert accounting_provider.spooled() == []


def test_status_server_says_whether_records_are_taken(accounting_provider: AccountingProvider) -> None:
    """A router that asks (RFC 5997) is told of a dead accountingd by silence, and can go elsewhere."""
    secret = accounting_provider.secret.encode()
    port = accounting_provider.radius.settings.acct_port

    reply = wire.exchange(wire.status_server(secret), port)
    assert reply is not None
    assert reply.code == wire.ACCOUNTING_RESPONSE

    accounting_provider.accountingd.stop()
    assert wire.exchange(wire.status_server(secret), port, timeout_seconds=1.5) is None


def test_the_hook_for_accounting_knows_routers_only(standing_accounting: AccountingProvider) -> None:
    """No password is in that process, nor in its snapshot; a new router is known there too."""
    counts = standing_accounting.accounting.status()

    assert counts["nas"] != 0
    assert counts["accounts"] == counts["customers"] == 0


@pytest.fixture(scope="module")
def without_accountingd(cluster: Cluster, certificate_folder: Path) -> Iterator[AccountingProvider]:
    """Return a provider whose accountingd is not there: somebody else answers in its place."""
    with running_provider(cluster, certificate_folder) as provider, running_accounting(provider) as running:
        running.accountingd.stop()
        yield running


@contextmanager
def impostor(provider: AccountingProvider, status: int) -> Iterator[None]:
    """Answer every request with this status, in accountingd's place."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b"" if status == 204 else json.dumps({"control:Response-Packet-Type": "Access-Accept"}).encode()
            self.send_response(status)
            self.send_header("Connection", "close")
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", provider.radius.settings.accountingd_port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def mumbler(provider: AccountingProvider, octets: bytes) -> Iterator[None]:
    """Say these octets to whoever comes and hang up, in accountingd's place."""
    listener = socket.create_server(("127.0.0.1", provider.radius.settings.accountingd_port))
    listener.settimeout(0.05)
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client, suppress(OSError):  # FreeRADIUS may connect and ask nothing, or be gone
                client.settimeout(1.0)
                client.recv(65536)
                client.sendall(octets)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
        listener.close()


def test_the_hooks_numbers_are_among_the_metrics(standing_accounting: AccountingProvider) -> None:
    """Answers by outcome and reason, rows, the age of the state: one scrape a node."""
    standing_accounting.authenticate("active", "active-password")
    standing_accounting.authenticate("blocked", "blocked-password")

    told = standing_accounting.metrics()

    assert told["tollkeeper_hook_up"] == told["tollkeeper_hook_serving"] == told["tollkeeper_hook_feed_connected"] == 1
    assert told['tollkeeper_hook_accepted_total{outcome="accept"}'] >= 1
    assert told['tollkeeper_hook_rejected_total{reason="account_blocked"}'] >= 1
    assert told['tollkeeper_hook_rows{kind="accounts"}'] > 10
    assert told["tollkeeper_hook_state_age_seconds"] < 10
