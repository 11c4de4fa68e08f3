"""Waiting for what happens elsewhere, and ports that nobody uses."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

Eventually = Callable[..., None]


def _eventually(assertion: Callable[[], object], within_seconds: float = 5.0) -> None:
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            assertion()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def free_udp_ports(count: int = 1) -> list[int]:
    """Return that many UDP ports on 127.0.0.1 that nobody listens on, all different."""
    return _free_ports(count, socket.SOCK_DGRAM)


def free_tcp_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody listens on."""
    return _free_ports(1, socket.SOCK_STREAM)[0]


def _free_ports(count: int, kind: socket.SocketKind) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(type=kind)) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Return a function that calls an assertion until it holds, or time is up."""
    return _eventually


@pytest.fixture(scope="session")
def udp_ports() -> Callable[[int], list[int]]:
    """Return a function that finds free UDP ports on 127.0.0.1, all different."""
    return free_udp_ports
