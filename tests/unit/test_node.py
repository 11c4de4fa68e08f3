"""Asking the hook over its unix socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning import node
from provisioning.errors import BadInput, Unreachable

Serve = Callable[[bytes], Path]


@pytest.fixture
def answering(short_folder: Path) -> Iterator[Serve]:
    """Return a function that serves these octets to one caller, and says where."""
    listener = socket.socket(socket.AF_UNIX)
    path = short_folder / "hook.sock"
    listener.bind(str(path))
    listener.listen()

    def serve(octets: bytes) -> Path:
        def run() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1024)
                client.sendall(octets)

        threading.Thread(target=run, daemon=True).start()
        return path

    yield serve
    listener.close()
    path.unlink()


def test_an_answer_is_an_object(answering: Serve) -> None:
    """One line of JSON comes back as a dict."""
    assert node.ask(answering(b'{"phase": "serving"}\n'), {"command": "status"}) == {"phase": "serving"}


def test_an_error_of_the_hooks_is_bad_input(answering: Serve) -> None:
    """It comes through with its hint."""
    with pytest.raises(BadInput, match=r"^no NAS x$") as caught:
        node.ask(answering(b'{"error": "no NAS x", "hint": "Name another."}\n'), {"command": "explain"})
    assert caught.value.hint == "Name another."


@pytest.mark.parametrize("octets", [b"", b"\n", b"[]\n", b"no json\n", b"\xff\n"])
def test_anything_else_is_no_answer(answering: Serve, octets: bytes) -> None:
    """A server that ends meanwhile, or is another, is told apart from an answer."""
    with pytest.raises(Unreachable):
        node.ask(answering(octets), {"command": "status"})


def test_nobody_is_no_answer(tmp_path: Path) -> None:
    """No socket, nobody home."""
    with pytest.raises(Unreachable):
        node.ask(tmp_path / "none", {"command": "status"})
