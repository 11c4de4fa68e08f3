"""What the old server answered is set beside what we would, from the database as it is."""

import json
from contextlib import closing

import pytest

NOW = 1795360846


@pytest.fixture
def provider(operator):
    """Return an operator at a provider with ann, expired later, on 50M/10M behind a MikroTik."""
    operator.do("nas", "add", "edge", "192.0.2.1", "--vendor", "mikrotik")
    operator.do("package", "add", "Home50", "--download", "50M", "--upload", "10M")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Ann")
    account = ("account", "add", "ann", "--customer", "ANN001", "--package", "Home50", "--generate")
    operator.do(*account, "--expires", "2026-12-31")
    return operator


@pytest.fixture
def recorded(tmp_path):
    """Return a function that writes a recording: (user, answer, reply) each."""

    def write(*exchanges):
        file = tmp_path / "recording"
        lines = [
            {"at": NOW, "source": "192.0.2.1", "request": {"User-Name": user}, "answer": answer, "reply": reply}
            for user, answer, reply in exchanges
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(file)

    return write


ACCEPT = ("ann", "Access-Accept", {"Mikrotik-Rate-Limit": "10M/50M", "Session-Timeout": "3314354"})


def test_agreement(provider, recorded):
    """Nothing differs: exit 0."""
    said = provider.json("shadow", recorded(ACCEPT, ("nobody", "Access-Reject", {})))
    assert (said["compared"], said["agreed"], said["kinds"]) == (2, 2, {})
    assert said["reasons"] == {"accepted": 1, "unknown_user": 1}


def test_differences(provider, recorded):
    """Each kind is counted and has examples: exit 1."""
    file = recorded(
        ACCEPT,
        ("ann", "Access-Accept", {"Mikrotik-Rate-Limit": "5M/5M"}),
        ("ann", "Access-Reject", {}),
        ("gone", "Access-Accept", {}),
        ("ann", "Access-Challenge", {}),
    )
    result = provider.run("shadow", file, "--json", "-v")
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert said["kinds"] == {
        "speed": 1,
        "session timeout": 1,
        "rejected there, accepted here": 1,
        "accepted there, rejected here": 1,
    }
    assert said["examples"]["speed"][0]["old"] == "5M/5M"
    assert (said["compared"], said["challenges"], len(said["differences"])) == (4, 1, 4)
    text = provider.run("shadow", file).stdout
    assert "4 compared, 1 agree" in text
    assert "gone" in text


def test_at_another_time(provider, recorded):
    """--at asks what would be answered then: after the expiry nobody gets in."""
    result = provider.run("shadow", recorded(ACCEPT), "--at", "2027-02-01", "--json")
    assert json.loads(result.stdout)["reasons"] == {"expired": 1}
    assert result.exit_code == 1


def test_a_changed_policy(provider, recorded):
    """The same recording against another package speed differs."""
    provider.do("package", "edit", "Home50", "--download", "60M")
    assert json.loads(provider.run("shadow", recorded(ACCEPT), "--json").stdout)["kinds"] == {"speed": 1}


def test_devices_and_bound_routers(provider, recorded, tmp_path, database):
    """A MAC that authenticates itself, and an account bound elsewhere, are decided as the hook does."""
    provider.do("device", "add", "ann", "00:00:5e:00:53:01", "--mac-auth")
    mac = "00-00-5E-00-53-01"
    request = {"User-Name": mac, "Calling-Station-Id": mac}
    line = {"at": NOW, "source": "192.0.2.1", "request": request, "answer": "Access-Accept", "reply": ACCEPT[2]}
    (tmp_path / "mac").write_text(json.dumps(line))
    assert provider.json("shadow", str(tmp_path / "mac"))["agreed"] == 1

    provider.do("nas", "add", "edge2", "192.0.2.2", "--vendor", "mikrotik")
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO account_nas SELECT account.id, nas.id FROM account, nas WHERE nas.name = 'edge2'")
    assert json.loads(provider.run("shadow", recorded(ACCEPT), "--json").stdout)["reasons"] == {"wrong_nas": 1}


def test_a_folder_is_followed(provider, tmp_path):
    """--live reads detail files, and ends after its time with the table."""
    (tmp_path / "192.0.2.1").mkdir()
    (tmp_path / "192.0.2.1" / "detail").write_text(
        f'x\n\tPacket-Type = Access-Request\n\tUser-Name = "ann"\n\tTimestamp = {NOW}\n\n'
        f"x\n\tPacket-Type = Access-Reject\n\tTimestamp = {NOW}\n\n"
    )
    result = provider.run("shadow", "--live", str(tmp_path), "--from-start", "--seconds", "0", "--json")
    assert json.loads(result.stdout)["kinds"] == {"rejected there, accepted here": 1}
    assert "ann" in result.stderr
    assert result.exit_code == 1


def test_bad_input(provider, tmp_path):
    """One line each."""
    (tmp_path / "users").write_text("ann\n")
    (tmp_path / "secret").write_text("x" * 20)
    assert provider.refused("shadow") == "there is nothing to compare"
    assert provider.refused("shadow", "--live") == "one folder is followed"
    assert provider.refused("shadow", str(tmp_path / "gone")).startswith("file ")
    assert provider.refused("shadow", "--live", str(tmp_path / "gone")).startswith("folder ")
    assert provider.refused("shadow", "--old", "x:1").startswith("asking needs users")
    both = ("--users", str(tmp_path / "users"), "--secret-file", str(tmp_path / "secret"))
    assert provider.refused("shadow", "--old", "nowhere", *both) == "'nowhere' is not a server"
    assert provider.refused("shadow", "--old", "a:1", "file", *both) == "with --old nothing is read but --users"
