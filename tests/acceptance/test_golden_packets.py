"""What a real FreeRADIUS puts on the wire for each vendor, compared octet by octet with golden_packets.py."""

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from policies import attribute, dictionary
from policies.facts import Pair
from policies.speed import Garden, Speed
from policies.vendors import VENDORS
from policies.vendors.vendor import Vendor
from tests.acceptance.golden_packets import DICTIONARY, GOLDEN, TYPES
from tests.fix_cluster import missing_server
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance

MBPS = 1_000_000
SECRET = b"a secret of this test alone"

CASES: dict[str, Callable[[Vendor], tuple[Pair, ...]]] = {
    "plain": lambda vendor: vendor.speed(Speed(50 * MBPS, 10 * MBPS)),
    "burst": lambda vendor: vendor.speed(
        Speed(50 * MBPS, 10 * MBPS, 100 * MBPS, 20 * MBPS, 40 * MBPS, 8 * MBPS, burst_seconds=16, priority=5)
    ),
    "fast": lambda vendor: vendor.speed(Speed(10_000 * MBPS, 5_000 * MBPS)),  # both above 2³² bit/s
    "fastest": lambda vendor: vendor.speed(Speed(2**32 - 1, 1)),
    "profile": lambda vendor: vendor.speed(
        Speed(10_000 * MBPS, MBPS, download_profile="gold-down", upload_profile="gold-up")
    ),
    "number": lambda vendor: vendor.speed(Speed(MBPS, MBPS, download_profile="12", upload_profile="3")),
    "garden": lambda vendor: vendor.garden(Garden("walled", "unpaid", "https://portal.example.net/")),
    "pools": lambda vendor: (
        *vendor.ipv4_pool("homes4"),
        *vendor.ipv6_pool("homes6"),
        *vendor.delegated_ipv6_pool("homespd"),
    ),
}

RADIUSD_CONF = """\
name = radiusd
prefix = {home}
localstatedir = {home}
confdir = {home}
logdir = {home}
run_dir = {home}
max_request_time = 5
cleanup_delay = 0
max_requests = 1024
log {{
    destination = files
    file = {home}/radius.log
}}
security {{
    allow_core_dumps = no
    max_attributes = 200
    reject_delay = 0
    status_server = no
}}
proxy_requests = no
thread pool {{
    start_servers = 1
    max_servers = 1
    min_spare_servers = 1
    max_spare_servers = 1
}}
client loopback {{
    ipaddr = 127.0.0.1
    secret = "{secret}"
}}
modules {{
    files {{
        filename = {home}/users
    }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        files
    }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running FreeRADIUS, and its client."""

    port: int

    def ask(self, user: str) -> list[bytes]:
        """Send an Access-Request for this user; give the attributes of the Access-Accept, whole, in their order."""
        request_authenticator = secrets.token_bytes(16)
        name = user.encode()
        length = 20 + 2 + len(name)
        request = bytes([1, 7]) + length.to_bytes(2, "big") + request_authenticator + bytes([1, len(name) + 2]) + name
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(("127.0.0.1", self.port))
            client.send(request)
            reply = client.recv(4096)
        signed = reply[:4] + request_authenticator + reply[20:] + SECRET
        assert hashlib.md5(signed, usedforsecurity=False).digest() == reply[4:20]  # RFC 2865 3
        assert reply[0] == 2
        return list(_split(reply[20:]))


def _split(attributes: bytes) -> Iterator[bytes]:
    while attributes:
        yield attributes[: attributes[1]]
        attributes = attributes[attributes[1] :]


def _write_user(name: str, pairs: tuple[Pair, ...]) -> str:
    """One entry of the users file; the values in single quotes, where nothing is expanded."""
    reply = ",\n".join(f"\t{pair.name} {pair.operator} '{pair.value}'" for pair in pairs)
    return f"{name} Auth-Type := Accept\n{reply}\n\n"


def _write_users() -> str:
    replies = {f"{vendor}-{case}": CASES[case](VENDORS[vendor]) for vendor, case in GOLDEN}
    replies |= {f"type-{number}": (Pair(name, ":=", value),) for number, (name, value, _) in enumerate(TYPES)}
    return "".join(_write_user(name, pairs) for name, pairs in replies.items())


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, udp_ports: Callable[[int], list[int]], eventually: Eventually
) -> Iterator[Server]:
    """A FreeRADIUS of this file's own: a users file with what the vendors' functions say, and no Tollkeeper."""
    program = shutil.which("freeradius", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing_server("no freeradius: install freeradius")
    home, port = tmp_path_factory.mktemp("raddb"), udp_ports(1)[0]
    (home / "radiusd.conf").write_text(RADIUSD_CONF.format(home=home, port=port, secret=SECRET.decode()))
    (home / "dictionary").write_text(DICTIONARY)
    (home / "users").write_text(_write_users())
    log = home / "radius.log"  # also of what goes wrong before the server has read its configuration
    with log.open("wb") as output:
        command = [program, "-f", "-d", str(home), "-n", "radiusd"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        eventually(lambda: _check_ready(process, log))
        yield Server(port)
    finally:
        process.terminate()
        process.wait(60)


def _check_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    text = log.read_text()
    if process.poll() is not None:
        raise RuntimeError(f"FreeRADIUS did not start: {text}")
    assert "Ready to process requests" in text


@pytest.mark.parametrize(("vendor", "case"), GOLDEN)
def test_vendor_on_the_wire(server: Server, vendor: str, case: str) -> None:
    """The router hears exactly the octets that its vendor's manual asks for."""
    expected = [bytes.fromhex(attribute) for attribute in GOLDEN[vendor, case]]
    assert expected == server.ask(f"{vendor}-{case}")


@pytest.mark.parametrize("number", range(len(TYPES)), ids=lambda number: f"{TYPES[number][0]}-{number}")
def test_checked_value_on_the_wire(server: Server, tmp_path: Path, number: int) -> None:
    """A value that `policies.attribute` lets pass arrives as it was meant, whatever its type."""
    name, value, expected = TYPES[number]
    root = tmp_path / "dictionary"
    root.write_text(DICTIONARY)
    known = dictionary.parse(str(root), lambda path: Path(path).read_text(encoding="utf-8"))
    attribute.check(known, name, ":=", value)
    assert [bytes.fromhex(expected)] == server.ask(f"type-{number}")
