"""Requests to routers over UDP: any number under way, each router at its own rate, each sent up to three times.

Rules:

 1 A request that is not answered goes out again as it is, same identifier and authenticator (RFC 5176 2.3), two and
   then four seconds later; eight seconds after that it has failed.
 2 A router gets no more packets a second than its row says, what is sent again included.
 3 An identifier is one octet, so a socket has 256 requests under way at most; a line opens as many sockets as it needs.
 4 An answer is believed when it comes from the address and port that were asked, and is signed with the secret.
   Anything else is counted against the request that it pretends to answer, and changes nothing.

The clock here is the machine's own, monotonic: how long a router takes is nothing that can be simulated.
"""

import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from secrets import randbelow
from time import monotonic
from typing import Literal, NamedTuple

from provisioning.enforcement import packet

Result = Literal["ack", "nak", "timeout", "unreachable"]
Address = tuple[str, int]

WAITS_SECONDS = (2.0, 4.0, 8.0)
_IDENTIFIERS = 256
_BURST_SECONDS = 0.1
_OCTETS = 4096  # the longest RADIUS packet, RFC 2865 3


class Order(NamedTuple):
    """A request to be sent: `key` is the caller's own, attributes are encoded."""

    key: int
    router: Address
    secret: bytes
    packets_a_second: int
    code: int
    attributes: Sequence[tuple[int | tuple[int, int], bytes]]


class Outcome(NamedTuple):
    """What became of an order; moments are monotonic seconds."""

    key: int
    result: Result
    sent_at: float
    answered_at: float | None = None
    error_cause: int | None = None
    discarded: int = 0


@dataclass(eq=False)
class _Flight:
    order: Order
    request: packet.Request
    socket: socket.socket
    sent_at: float
    tries: int = 0
    discarded: int = 0
    ended: bool = False


@dataclass(eq=False)
class _Line:
    """One router: what waits to be sent there, and what is under way."""

    router: Address
    packets_a_second: int
    filled_at: float
    tokens: float = 1.0
    waiting: deque[Order] = field(default_factory=deque)
    again: deque[_Flight] = field(default_factory=deque)
    under_way: dict[tuple[socket.socket, int], _Flight] = field(default_factory=dict)
    free: deque[tuple[socket.socket, int]] = field(default_factory=deque)

    @property
    def wants(self) -> bool:
        while self.again and self.again[0].ended:
            self.again.popleft()
        return bool(self.waiting or self.again)

    def fill(self, now: float) -> None:
        most = max(1.0, self.packets_a_second * _BURST_SECONDS)
        self.tokens = min(most, self.tokens + (now - self.filled_at) * self.packets_a_second)
        self.filled_at = now


class Sender:
    """Sends orders; `pump` does the work and returns what became of them. Close it when done."""

    def __init__(
        self, clock: Callable[[], float] = monotonic, *, waits_seconds: Sequence[float] = WAITS_SECONDS
    ) -> None:
        self._clock = clock
        self._waits_seconds = waits_seconds
        self._selector = selectors.DefaultSelector()
        self._lines: dict[Address, _Line] = {}
        self._timers: list[tuple[float, int, _Flight, _Line]] = []
        self._numbers = count()

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    @property
    def keys(self) -> list[int]:
        """The orders that wait, or are under way."""
        return [
            order.key
            for line in self._lines.values()
            for order in (*line.waiting, *(flight.order for flight in line.under_way.values()))
        ]

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or is under way."""
        return not any(line.waiting or line.under_way for line in self._lines.values())

    def waiting_for(self, router: Address) -> int:
        """How many orders for a router have not been sent for the first time yet."""
        line = self._lines.get(router)
        return 0 if line is None else len(line.waiting)

    def send(self, order: Order) -> None:
        """Take an order; it goes out when it is its turn."""
        line = self._lines.get(order.router)
        if line is None:
            line = self._lines[order.router] = _Line(order.router, order.packets_a_second, self._clock())
        line.packets_a_second = order.packets_a_second
        line.waiting.append(order)

    def pump(self, seconds: float) -> list[Outcome]:
        """Send, listen and wait, for so long at most, or until nothing is left; return what has ended."""
        ended: list[Outcome] = []
        until = self._clock() + seconds
        while not self.is_idle:
            ended += self._send_due()
            now = self._clock()
            if now >= until or self.is_idle:
                break
            for key, _ in self._selector.select(max(0.0, min(until, self._next_at(now)) - now)):
                ended += self._receive(key.fileobj, key.data)  # type: ignore[arg-type]
        return ended

    def abandon(self) -> list[Outcome]:
        """Wait no longer: what is under way has had no answer, what still waited is forgotten."""
        ended = []
        for line in self._lines.values():
            line.waiting.clear()
            for flight in list(line.under_way.values()):
                ended.append(self._end(line, flight, Outcome(flight.order.key, "timeout", flight.sent_at)))
        return ended

    def _send_due(self) -> Iterator[Outcome]:
        now = self._clock()
        yield from self._give_up(now)
        for line in self._lines.values():
            line.fill(now)
            while line.wants and line.tokens >= 1:
                line.tokens -= 1
                try:
                    flight = line.again.popleft() if line.again else self._begin(line, now)
                except OSError:  # no socket of this kind, or no more of them
                    yield Outcome(line.waiting.popleft().key, "unreachable", now)
                    continue
                yield from self._transmit(flight, line, now)

    def _give_up(self, now: float) -> Iterator[Outcome]:
        """Put what has waited long enough in line to be sent again, or end it."""
        while self._timers and self._timers[0][0] <= now:
            _, _, flight, line = heappop(self._timers)
            if flight.ended:
                continue
            if flight.tries < len(self._waits_seconds):
                line.again.append(flight)
            else:
                yield self._end(line, flight, Outcome(flight.order.key, "timeout", flight.sent_at))

    def _transmit(self, flight: _Flight, line: _Line, now: float) -> Iterator[Outcome]:
        """Send a request, or end it where this machine knows no way to the router."""
        try:
            flight.socket.sendto(flight.request.octets, line.router)
        except BlockingIOError:
            pass  # as good as lost on the way
        except OSError:
            yield self._end(line, flight, Outcome(flight.order.key, "unreachable", flight.sent_at))
            return
        heappush(self._timers, (now + self._waits_seconds[flight.tries], next(self._numbers), flight, line))
        flight.tries += 1

    def _begin(self, line: _Line, now: float) -> _Flight:
        if not line.free:
            opened = socket.socket(socket.AF_INET6 if ":" in line.router[0] else socket.AF_INET, socket.SOCK_DGRAM)
            opened.setblocking(False)
            self._selector.register(opened, selectors.EVENT_READ, line)
            first = randbelow(_IDENTIFIERS)  # another process may have had this port a moment ago
            line.free.extend((opened, (first + number) % _IDENTIFIERS) for number in range(_IDENTIFIERS))
        order, (through, identifier) = line.waiting.popleft(), line.free.popleft()
        request = packet.request(order.code, order.attributes, identifier=identifier, secret=order.secret)
        flight = line.under_way[through, identifier] = _Flight(order, request, through, now)
        return flight

    def _end(self, line: _Line, flight: _Flight, outcome: Outcome) -> Outcome:
        flight.ended = True
        key = flight.socket, flight.request.identifier
        del line.under_way[key]
        line.free.append(key)
        return outcome._replace(discarded=flight.discarded)

    def _receive(self, through: socket.socket, line: _Line) -> Iterator[Outcome]:
        while True:
            try:
                octets, source = through.recvfrom(_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier packet; time will tell
            flight = line.under_way.get((through, octets[1])) if len(octets) > 1 else None
            if flight is None:
                continue  # it came too late, or answers nothing
            answer = packet.read(octets, flight.request) if source[:2] == line.router else None
            if answer is None:
                flight.discarded += 1
                continue
            result: Result = "ack" if answer.acknowledged else "nak"
            ended = Outcome(flight.order.key, result, flight.sent_at, self._clock(), answer.error_cause)
            yield self._end(line, flight, ended)

    def _next_at(self, now: float) -> float:
        """Return when something is to be done though nobody answers."""
        moments = [now + (1 - line.tokens) / line.packets_a_second for line in self._lines.values() if line.wants]
        return min(moments + [timer[0] for timer in self._timers[:1]], default=now)
