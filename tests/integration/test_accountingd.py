"""accountingd by itself, over HTTP: who is heard, what is kept, what a client may take up, how it ends."""

import re
import shutil
import signal
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from demo import daemon
from demo.daemon import Daemon
from demo.settings import Settings
from radiusd.accounting import accountingd
from radiusd.accounting.spool import Spool
from tests.fix_waiting import Eventually, free_tcp_port


@pytest.fixture
def taker(short_folder: Path, tmp_path: Path) -> Iterator[Daemon]:
    """Return a running accountingd of this test's own."""
    settings = Settings(short_folder / tmp_path.name, accountingd_port=free_tcp_port())
    daemon.ensure_token(settings)
    made = daemon.accountingd(settings)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(settings.home)


def basic(taker: Daemon) -> bytes:
    """Return the header that lets in."""
    token = accountingd.read_token(taker.settings.token_file)
    return b"Authorization: Basic " + b64encode(f"freeradius:{token}".encode()) + b"\r\n"


def post(taker: Daemon, body: bytes, *, header: bytes | None = None, path: bytes = b"/accounting") -> bytes:
    """Return the octets of a request."""
    header = basic(taker) if header is None else header
    return b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b" % (path, header, len(body), body)


def connect(taker: Daemon) -> socket.socket:
    """Connect to it."""
    return socket.create_connection(("127.0.0.1", taker.settings.accountingd_port), timeout=30.0)


def statuses(sock: socket.socket, number: int) -> list[int]:
    """Read until so many answers have come, or the end; return their codes."""
    octets = b""
    while octets.count(b"HTTP/1.1 ") < number or not octets.endswith((b"\r\n\r\n", b"\n")):
        chunk = sock.recv(65536)
        if not chunk:
            break
        octets += chunk
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+)", octets)]


def answer(taker: Daemon, *pieces: bytes) -> list[int]:
    """Send these octets, piece by piece, and return the codes of what comes back at first."""
    with connect(taker) as sock:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(0.01)
        return statuses(sock, 1)


def spooled(taker: Daemon) -> list[bytes]:
    """Return the bodies in its spool."""
    with closing(Spool(taker.settings.home / "spool" / "spool.db")) as spool:
        return [record.body for record in spool.read(0, 1_000_000)]


def test_any_body_is_kept_as_it_came(taker: Daemon) -> None:
    """JSON or not, empty or with any octet: the fold decides what it means."""
    bodies = [b"{}", b"\0\xff no JSON", b"", b"x" * 65536]

    assert [answer(taker, post(taker, body)) for body in bodies] == [[204]] * 4
    assert spooled(taker) == bodies


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Authorization: Basic\r\n",
        b"Authorization: Basic ZnJlZXJhZGl1czp4\r\n",
        b"Authorization: Bearer x\r\n",
        b"Authorization: \xff\xfe\r\n",
    ],
)
def test_nobody_is_heard_without_the_token(taker: Daemon, header: bytes) -> None:
    """401 for each path, and nothing is kept; the same connection may try again."""
    for path in (b"/accounting", b"/health", b"/metrics", b"/"):
        assert answer(taker, post(taker, b"{}", header=header, path=path)) == [401]
    with connect(taker) as sock:
        sock.sendall(post(taker, b"{}", header=header) + post(taker, b"kept"))
        assert statuses(sock, 2) == [401, 204]
    assert spooled(taker) == [b"kept"]


def test_a_connection_is_kept_and_its_answers_keep_their_order(taker: Daemon) -> None:
    """Many requests on one connection, also before the first is answered."""
    asked = [post(taker, b"a"), b"GET /nothing HTTP/1.1\r\nHost: x\r\n" + basic(taker) + b"\r\n", post(taker, b"b")]
    with connect(taker) as sock:
        sock.sendall(b"".join(asked))
        assert statuses(sock, 3) == [204, 404, 204]
        sock.sendall(post(taker, b"c"))
        assert statuses(sock, 1) == [204]
    assert spooled(taker) == [b"a", b"b", b"c"]


def test_a_request_may_come_in_pieces(taker: Daemon) -> None:
    """Octet by octet it is the same request."""
    octets = post(taker, b"piecemeal")

    assert answer(taker, *(octets[at : at + 7] for at in range(0, len(octets), 7))) == [204]
    assert spooled(taker) == [b"piecemeal"]


def test_what_is_too_large_or_no_http_is_refused(taker: Daemon) -> None:
    """413, 431 and 400, and the connection ends; others are served as before."""
    assert answer(taker, post(taker, b"x" * 65537)) == [413]
    chunked = b"POST /accounting HTTP/1.1\r\nHost: x\r\n" + basic(taker) + b"Transfer-Encoding: chunked\r\n\r\n"
    assert answer(taker, chunked, b"11000\r\n", b"x" * 0x11000) == [413]
    assert answer(taker, b"POST /accounting HTTP/1.1\r\nX: " + b"x" * 9000) == [431]
    assert answer(taker, b"POST /accounting HTTP/1.1\r\nContent-Length: -1\r\n\r\n") == [400]
    assert answer(taker, b"\x16\x03\x01 is TLS\r\n\r\n") == [400]
    assert answer(taker, post(taker, b"{}")) == [204]
    assert spooled(taker) == [b"{}"]


def test_other_methods_and_paths(taker: Daemon) -> None:
    """405 where the path is known, else 404."""
    for method, path, expected in ((b"GET", b"/accounting", 405), (b"PUT", b"/metrics", 405), (b"GET", b"/x", 404)):
        request = b"%b %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (method, path, basic(taker))
        assert answer(taker, request) == [expected]


def test_it_listens_on_loopback_only(taker: Daemon) -> None:
    """The port is bound on 127.0.0.1 and nowhere else."""
    wanted = f":{taker.settings.accountingd_port:04X}"
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    listening = [fields[1] for fields in lines if fields[1].endswith(wanted) and fields[3] == "0A"]

    assert listening == [f"0100007F{wanted}"]


def test_metrics_parse_and_count(taker: Daemon) -> None:
    """Prometheus' text format: each family has help and type, each sample a number; records are counted."""
    for body in (b"1", b"2", b"3"):
        answer(taker, post(taker, body))
    answer(taker, post(taker, b"x", header=b""))

    status, text = daemon.ask(taker.settings, "/metrics")

    assert status == 200
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    families = set(re.findall(r"^# TYPE (\w+) (?:counter|gauge|histogram)$", text, re.MULTILINE))
    assert families == set(re.findall(r"^# HELP (\w+) \S.*$", text, re.MULTILINE))
    for name in samples:
        assert re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]+"\})?', name)
        assert re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", name) in families or name.partition("{")[0] in families
        float(samples[name])
    assert samples["tollkeeper_accounting_records_total"] == "3"
    assert samples["tollkeeper_spool_records"] == "3"
    assert samples["tollkeeper_accounting_batch_records_sum"] == "3.0"
    assert samples['tollkeeper_accounting_http_refused_total{status="401"}'] == "1"
    assert float(samples["tollkeeper_spool_last_id"]) - float(samples["tollkeeper_spool_folded_id"]) == 3


def test_what_is_in_flight_is_answered_before_the_end(taker: Daemon) -> None:
    """SIGTERM: each request that was taken is on disk and answered, then connections end and the process with them."""
    connections = [connect(taker) for _ in range(50)]
    for number, sock in enumerate(connections):
        sock.sendall(post(taker, b"%d" % number))
    process = taker.pid_file.read()
    assert process is not None
    assert process.stop((signal.SIGTERM, 10.0))

    answered = []
    for number, sock in enumerate(connections):
        with suppress(ConnectionResetError):
            answered += [number] * (statuses(sock, 1) == [204])
        sock.close()
    assert {b"%d" % number for number in answered} <= set(spooled(taker))
    assert '"accountingd_stopped"' in taker.log.read_text()


def test_a_log_line_is_json_and_holds_no_secret(taker: Daemon) -> None:
    """Every line parses; neither token nor body is in one."""
    answer(taker, post(taker, b"a body to look for"))
    taker.stop()

    text = taker.log.read_text()
    events = [orjson.loads(line)["event"] for line in text.splitlines()]
    assert (events[0], events[-1]) == ("accountingd_started", "accountingd_stopped")
    assert accountingd.read_token(taker.settings.token_file) not in text
    assert "a body to look for" not in text


def test_a_spool_that_cannot_be_opened_passes(taker: Daemon, eventually: Eventually) -> None:
    """503 and an unhealthy /health, not an end; when it can be opened again, records are taken."""
    taker.stop()
    folder = taker.settings.home / "spool"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    healthy = replace(taker, answers=_says_that_it_cannot)
    healthy.start()

    assert answer(healthy, post(healthy, b"refused")) == [503]
    assert daemon.ask(taker.settings, "/health")[0] == 503
    assert daemon.ask(taker.settings, "/metrics")[0] == 200
    folder.unlink()

    def taken() -> None:
        assert daemon.ask(taker.settings, "/health")[0] == 200

    eventually(taken)
    assert answer(healthy, post(healthy, b"kept")) == [204]
    assert spooled(taker) == [b"kept"]


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ('accountingd_token = "short"\n', 0o600, "holds no token"),
        ('accountingd_token = "0123456789abcdef0123456789abcdef"\n', 0o644, "can be read by others"),
    ],
)
def test_a_bad_token_file_is_named(tmp_path: Path, text: str, mode: int, complaint: str) -> None:
    """It does not start on a token that is weak or known to others."""
    path = tmp_path / "accountingd.conf"
    path.write_text(text)
    path.chmod(mode)

    with pytest.raises(accountingd.Misconfigured, match=complaint):
        accountingd.read_token(path)


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    """Without a home, or with a port that is no number, it says so."""
    with pytest.raises(accountingd.Misconfigured, match="TOLLKEEPER_HOME is not set"):
        accountingd.settings_from({})
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "secrets" / "accountingd.conf"
    path.write_text(f'accountingd_token = "{"a" * 32}"\n')
    path.chmod(0o600)
    with pytest.raises(accountingd.Misconfigured, match="TOLLKEEPER_ACCOUNTINGD_PORT"):
        accountingd.settings_from({"TOLLKEEPER_HOME": str(tmp_path), "TOLLKEEPER_ACCOUNTINGD_PORT": "x"})


def _says_that_it_cannot(settings: Settings) -> bool:
    try:
        return daemon.ask(settings, "/health")[0] == 503
    except OSError:
        return False
