"""Waiting for what happens elsewhere, and ports that nobody uses."""

import itertools
import os
import random
import socket
import time
from collections.abc import Callable

import pytest

Eventually = Callable[..., None]

# below what the kernel gives to clients (32768 and up, ip(7)): one of those may have a port again before its server
# listens. Each of pytest's processes has ports of its own, beginning anywhere, as others may test on this machine too.
_PORTS_A_WORKER = 4000
_FIRST_PORT = 10_000 + _PORTS_A_WORKER * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5)
_PORTS = itertools.cycle(range(_FIRST_PORT, _FIRST_PORT + _PORTS_A_WORKER))
for _ in range(random.SystemRandom().randrange(_PORTS_A_WORKER)):
    next(_PORTS)


def _eventually(assertion: Callable[[], object], within_seconds: float = 30.0) -> None:
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
    return list(itertools.islice((port for port in _PORTS if _is_free(port, kind)), count))


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Return a function that calls an assertion until it holds, or time is up."""
    return _eventually


@pytest.fixture(scope="session")
def udp_ports() -> Callable[[int], list[int]]:
    """Return a function that finds free UDP ports on 127.0.0.1, all different."""
    return free_udp_ports
