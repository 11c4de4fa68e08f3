"""explain and status before a hook that does not behave, and before none."""

import json
import socket
import threading
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from provisioning.cli.root import tollkeeper


@contextmanager
def hook(path, answer):
    """Serve one question on a unix socket with these octets; None hangs up without a word, ... says nothing at all."""
    questions = []
    released = threading.Event()

    def serve():
        connection, _ = server.accept()
        with connection:
            questions.append(connection.makefile("rb").readline())
            if answer is ...:
                released.wait(10)
            elif answer is not None:
                connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield questions
        released.set()
        thread.join(timeout=5)


@pytest.fixture
def socket_path(short_folder, request):
    """Return a path for the hook's socket, short enough for one."""
    path = short_folder / "hook.sock"
    yield path
    path.unlink(missing_ok=True)


def run(path, *arguments, **environ):
    """Run a command with the hook's socket at a path."""
    environ = {"TOLLKEEPER_HOOK_SOCKET": str(path), **environ}
    return CliRunner(env=environ).invoke(tollkeeper, arguments)


def test_no_hook(socket_path):
    """Without a hook explain ends with 3 and names the socket."""
    result = run(socket_path, "explain", "frikkie")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"hook does not answer at {socket_path}: No such file or directory\nHINT: Start it")


@pytest.mark.parametrize("answer", [None, b"", b"\n", b"{", b"[]\n", b"\xff\xfe\n", b'"up"\n'])
def test_no_answer_that_can_be_used(socket_path, answer):
    """A hook that hangs up, or says what is no JSON object, is as good as none."""
    with hook(socket_path, answer):
        result = run(socket_path, "explain", "frikkie")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"hook does not answer at {socket_path}: ")


def test_a_silent_hook_is_waited_for_two_seconds(socket_path):
    """A hook that takes the question and says nothing is given up."""
    with hook(socket_path, ...):
        result = run(socket_path, "explain", "frikkie")
    assert result.exit_code == 3
    assert "timed out" in result.stderr


def test_what_the_hook_refuses_is_bad_input(socket_path):
    """An error of the hook comes through with its hint."""
    with hook(socket_path, b'{"error": "no NAS x", "hint": "Name another."}\n') as questions:
        result = run(
            socket_path, "explain", "frikkie", "--nas", "x", "--mac", "00-00-5E-00-53-01", "--at", "1970-01-03T00:00Z"
        )
    assert (result.exit_code, result.stderr) == (2, "no NAS x\nHINT: Name another.\n")
    assert json.loads(questions[0]) == {
        "command": "explain",
        "user_name": "frikkie",
        "nas": "x",
        "mac": "00:00:5e:00:53:01",
        "at": 172800.0,
    }


def test_status_says_which_part_is_down(socket_path, database):
    """With PostgreSQL alone, status ends with 1, says what is down, and what could not be asked."""
    result = run(socket_path, "status", "--json", **database.environ)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["up"] is False
    assert {part["part"]: part["up"] for part in told["parts"]} == {
        "postgresql": True,
        "hook": False,
        "freeradius": None,
        "freeradius accounting": None,
        "accountingd": False,
        "fold": False,
    }


def test_status_without_anything(socket_path):
    """With nothing running, status still answers, a line a part."""
    result = run(socket_path, "status", PGHOST="/nonexistent")
    assert result.exit_code == 1
    assert [line.split("\t")[:2] for line in result.stdout.splitlines()] == [
        ["postgresql", "down"],
        ["hook", "down"],
        ["freeradius", "unknown"],
    ]
