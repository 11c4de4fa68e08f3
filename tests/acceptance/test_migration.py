"""Two hundred subscribers of a real FreeRADIUS with rlm_sql move: both servers say the same of every one of them."""

import hashlib
import json

import pytest
from click.testing import CliRunner

from provisioning.cli.root import tollkeeper
from tests.acceptance.old_server import OldServer
from tests.old_radius import OldRadius

pytestmark = pytest.mark.acceptance

SORTS = 20
HOME = (("Mikrotik-Rate-Limit", ":=", "10M/50M"), ("Framed-Pool", "=", "main"), ("Idle-Timeout", "=", "900"))
MD5 = hashlib.md5(b"secret").hexdigest()
NT = "878d8014606cda29677a44efa1353fc7"  # of "secret"

# check items, reply items, groups of each sort; a password of its own is added where no other one is there
USERS = (
    ((), (), ["Home50"]),
    ((), (), []),
    ((), (("Mikrotik-Rate-Limit", "=", "5M/5M"),), ["Home50"]),
    ((), (("Mikrotik-Rate-Limit", "=", "5M/5M 8M/8M 4M/4M 8/8 5"),), []),
    ((), (("WISPr-Bandwidth-Max-Up", "=", "1000000"), ("WISPr-Bandwidth-Max-Down", "=", "2000000")), []),
    ((), (), ["Falls", "Home50"]),
    ((), (), ["Home50", "Never"]),
    ((), (), ["daloRADIUS-Disabled-Users", "Home50"]),
    ((("Auth-Type", ":=", "Reject"),), (), ["Home50"]),
    ((("Expiration", ":=", "31 Dec 2020"),), (), ["Home50"]),
    ((("Expiration", ":=", "December 31 2035 10:00:00"),), (("Session-Timeout", "=", "86400"),), ["Home50"]),
    ((), (("Framed-IP-Address", "=", "198.51.100.{}"), ("Framed-IP-Netmask", "=", "255.255.255.255")), ["Home50"]),
    ((), (("Framed-Route", "+=", "10.{}.0.0/24 192.0.2.1 1"), ("Framed-Route", "+=", "10.{}.1.0/24")), ["Home50"]),
    (
        (),
        (("Tunnel-Type", "=", "VLAN"), ("Tunnel-Medium-Type", "=", "IEEE-802"), ("Tunnel-Private-Group-Id", "=", "{}")),
        ["Home50"],
    ),
    ((), (("Filter-Id", "=", "a"), ("Filter-Id", "=", "b"), ("Reply-Message", "=", "hello")), ["Home50"]),
    ((("MD5-Password", ":=", MD5),), (), ["Home50"]),
    ((("NT-Password", ":=", f"0x{NT}"),), (), ["Home50"]),
    ((("Calling-Station-Id", "==", "00-00-5E-00-53-{:02x}"),), (), ["Home50"]),
    ((("Simultaneous-Use", ":=", "2"),), (("Framed-Pool", ":=", "other"),), ["Home50"]),
    ((("Auth-Type", ":=", "PAP"),), (("Session-Timeout", ":=", "3600"),), ["Conditional", "Home50"]),
)


def fill(old):
    """Make 200 users of 20 sorts; return their names."""
    old.group("Home50", reply=HOME)
    old.group("Falls", reply=(("Session-Timeout", "=", "7200"), ("Fall-Through", "=", "Yes")))
    old.group("Never", reply=(("Mikrotik-Rate-Limit", ":=", "1M/1M"),))
    old.group("Conditional", check=(("Simultaneous-Use", ":=", "1"),), reply=(("Port-Limit", "=", "1"),))
    old.group("daloRADIUS-Disabled-Users", check=(("Auth-Type", ":=", "Reject"),))
    names = []
    for number in range(200):
        check, reply, groups = USERS[number % SORTS]
        names.append(f"user{number:03}@example")
        if not any("Password" in name for name, _, _ in check):
            check = (("Cleartext-Password", ":=", "secret"), *check)
        for put, items in ((old.check, check), (old.reply, reply)):
            put(names[-1], *((name, op, value.format(number + 1)) for name, op, value in items))
        old.join(names[-1], *groups)
    return names


@pytest.fixture
def old(cluster):
    """Return the old server's database."""
    with OldRadius.fresh(cluster) as made:
        yield made


@pytest.fixture
def old_server(old, short_folder, udp_ports, eventually):
    """Return the old server, running."""
    folder = short_folder / "old-server"
    folder.mkdir()
    server = OldServer(folder, old, udp_ports(1)[0])
    try:
        server.start(eventually)
        yield server
    finally:
        server.stop()


def test_two_hundred_subscribers_move(provider, old, old_server, tmp_path, eventually):
    """No disagreement, asked and recorded; a changed package and a blocked account are found, and nothing else."""
    names = fill(old)
    users, secret = tmp_path / "users", tmp_path / "secret"
    users.write_text("".join(f"{name},secret\n" for name in names))
    secret.write_text(old_server.secret)

    def run(*arguments, status=0):
        result = CliRunner(env=provider.environ).invoke(tollkeeper, [*arguments, "--json"])
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def ask_both(status):
        asked = ("--old", f"127.0.0.1:{old_server.port}", "--users", str(users), "--secret-file", str(secret))
        return run("shadow", "--live", *asked, status=status)

    nas = next(one["name"] for one in run("nas", "list") if one["address"] == "127.0.0.1")
    run("nas", "edit", nas, "--vendor", "mikrotik")
    said = run("import", "radius", old.dsn, "--group", "home", "--time-zone", "UTC", "--apply", "--yes")
    assert said["counts"]["customers added"] == 200
    assert [one["attribute"] for one in said["remarks"] if one["kind"] == "lost"] == []

    def all_agree():
        asked = ask_both(0)
        assert (asked["compared"], asked["agreed"], asked["kinds"]) == (200, 200, {})

    eventually(all_agree)  # once the hook has heard of them all

    recorded = run("shadow", str(old_server.folder / "detail" / "127.0.0.1" / "auth-detail"))
    assert recorded["compared"] >= 200
    assert (recorded["agreed"], recorded["unsure"]) == (recorded["compared"], 0)

    run("package", "edit", "Home50", "--download", "60M", "--yes")
    run("account", "block", names[1], "--yes")
    eventually(lambda: changed(ask_both))


def changed(ask_both):
    """Assert that both changes are found."""
    said = ask_both(1)
    assert said["kinds"].pop("accepted there, rejected here") == 1
    assert set(said["kinds"]) == {"speed"}
    assert {one["old"] for one in said["examples"]["speed"]} == {"50M/10M"}
