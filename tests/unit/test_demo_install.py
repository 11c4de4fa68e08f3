"""demo/install.sh: what is asked for when Debian's packages are missing, as root and as somebody else."""

import subprocess
from pathlib import Path

import pytest

from demo.settings import REPOSITORY

HAS_POSTGRESQL = "echo postgresql installed"
HAS_NOTHING = "exit 1"
HAS_REMOVED = "echo freeradius config-files; echo postgresql installed"


class Machine:
    """A machine whose commands are scripts: what is installed, who runs them, what apt-get does."""

    def __init__(self, folder: Path) -> None:
        self.commands = folder / "bin"
        self.commands.mkdir()
        self.policy = folder / "policy-rc.d"
        self.calls = folder / "calls"
        self.calls.touch()
        self.has(HAS_POSTGRESQL)
        self.run_by(0)
        self.command("apt-get", f'echo "apt-get $*" >>{self.calls}; test -x {self.policy} && echo held >>{self.calls}')
        self.command("dpkg", "exit 0")

    def command(self, name: str, script: str) -> None:
        """Have this command do that."""
        path = self.commands / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def has(self, script: str) -> None:
        """Have dpkg-query say this, whatever it is asked."""
        self.command("dpkg-query", script)

    def run_by(self, uid: int) -> None:
        """Have this user run it."""
        self.command("id", f"echo {uid}")

    def need(self, *packages: str) -> "subprocess.CompletedProcess[str]":
        """Ask for packages."""
        script = f"""
            set -eu
            repository={REPOSITORY}
            . {REPOSITORY}/demo/install.sh
            policy={self.policy}
            need_debian_packages {" ".join(packages)}
            echo went on
        """
        environ = {"PATH": f"{self.commands}:/usr/bin:/bin"}
        return subprocess.run(["/bin/sh", "-c", script], check=False, capture_output=True, text=True, env=environ)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with PostgreSQL on it, used by root."""
    return Machine(tmp_path)


def test_nothing_is_missing(machine: Machine) -> None:
    """Then apt-get is not even asked."""
    done = machine.need("postgresql")

    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")
    assert machine.calls.read_text() == ""


def test_an_ordinary_user_is_told_what_to_do(machine: Machine) -> None:
    """One line names the packages, the next the command; nothing is tried."""
    machine.run_by(1000)

    done = machine.need("postgresql", "freeradius", "freeradius-rest")

    assert done.returncode == 1
    assert done.stderr == (
        "packages are missing: freeradius freeradius-rest\n"
        "HINT: Run as root: apt-get install freeradius freeradius-rest\n"
    )
    assert machine.calls.read_text() == ""


@pytest.mark.parametrize("installed", [HAS_NOTHING, HAS_REMOVED])
def test_root_installs_what_is_missing_and_starts_nothing(machine: Machine, installed: str) -> None:
    """Only what is missing; policy-rc.d keeps Debian from starting it, and is gone afterwards."""
    machine.has(installed)

    done = machine.need("freeradius")

    assert (done.returncode, done.stderr) == (0, "")
    assert "install -y" in machine.calls.read_text()
    assert machine.calls.read_text().endswith(" freeradius\nheld\n")
    assert not machine.policy.exists()


def test_a_policy_of_the_machine_s_own_is_left_alone(machine: Machine) -> None:
    """Where there is a policy-rc.d already, it stays as it was."""
    machine.policy.write_text("#!/bin/sh\nexit 101\n")
    machine.policy.chmod(0o755)

    assert machine.need("freeradius").returncode == 0
    assert machine.policy.read_text() == "#!/bin/sh\nexit 101\n"


def test_lists_of_packages_that_are_old_are_refreshed(machine: Machine) -> None:
    """The first try fails, the lists are fetched, the second try succeeds."""
    machine.command(
        "apt-get",
        f'echo "$*" >>{machine.calls}; case "$1" in update) ;; *) test "$(wc -l <{machine.calls})" -gt 1 ;; esac',
    )

    assert machine.need("freeradius").returncode == 0
    first, second, third = (line.split()[0] for line in machine.calls.read_text().splitlines())
    assert (first, second, third) == ("install", "update", "install")


def test_what_cannot_be_installed_is_named(machine: Machine) -> None:
    """No policy-rc.d is left behind."""
    machine.command("apt-get", "exit 100")

    done = machine.need("freeradius")

    assert done.returncode == 1
    assert done.stderr.startswith("apt-get cannot install: freeradius\nHINT: ")
    assert not machine.policy.exists()


def test_an_interrupted_installation_leaves_no_policy(machine: Machine) -> None:
    """Otherwise no server of this machine would ever start again."""
    machine.command("apt-get", "kill -TERM $PPID; exit 1")

    assert machine.need("freeradius").returncode != 0
    assert not machine.policy.exists()
