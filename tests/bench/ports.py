"""Ports of 127.0.0.1 that nobody listens on, below those that the kernel gives to clients (32768 and up, ip(7)).

Where the search begins is random, as others may measure or test on this machine too.
"""

import itertools
import random
import socket
from collections.abc import Iterator

_PORTS = range(20_000, 32_000)
_FOUND: Iterator[int] = itertools.islice(itertools.cycle(_PORTS), random.randrange(len(_PORTS)), None)


def udp() -> int:
    """Return a UDP port, another each time."""
    return _free(socket.SOCK_DGRAM)


def tcp() -> int:
    """Return a TCP port, another each time."""
    return _free(socket.SOCK_STREAM)


def _free(kind: socket.SocketKind) -> int:
    return next(port for port in itertools.islice(_FOUND, len(_PORTS)) if _is_free(port, kind))


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
