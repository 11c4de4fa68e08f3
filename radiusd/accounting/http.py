"""HTTP/1.1 for accountingd: requests with a small body, answered in their order, keep-alive, nothing else (RFC 9112).

Rules:

 1 Nobody is heard without the token (HTTP Basic, RFC 7617): 401, the body thrown away.
 2 A body, a header and the time for both have limits; who exceeds one is told so and cut off.
 3 A connection may send its next request before the last one is answered; the answers keep the order.
 4 Nothing here waits: a handler answers at once, or later through the `Reply` that it was given.
 5 FreeRADIUS sends the same header again and again. One that was parsed and let in once is known by its octets, all of
   them; a request that comes whole and begins with it is taken without parsing.
"""

import asyncio
import hmac
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

import httptools

USER = "freeradius"

_REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_READ_OCTETS = 64 << 10
_KNOWN_HEADERS = 4_096  # they differ in Content-Length
_END = b"\r\n\r\n"


class Limits(NamedTuple):
    """What a client may take up."""

    body_octets: int = 64 << 10  # a RADIUS packet has 4,096, as JSON ten times that
    header_octets: int = 8 << 10
    request_seconds: float = 10.0  # from its first octet to its last
    idle_seconds: float = 300.0
    connections: int = 512
    unanswered: int = 64  # requests of one connection


class Request(NamedTuple):
    """One whole request."""

    method: bytes
    path: bytes
    body: bytes


Reply = Callable[[bytes], None]
Handler = Callable[[Request, Reply], None]


def response(status: int, body: bytes = b"", content_type: str = "text/plain; charset=utf-8") -> bytes:
    """Return the octets of a response."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
    if status == 401:
        lines.append('WWW-Authenticate: Basic realm="accountingd"')
    if status != 204:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def credentials(token: str) -> bytes:
    """Return what the Authorization header has to be."""
    return b"Basic " + b64encode(f"{USER}:{token}".encode())


class Known(NamedTuple):
    """What a header says that was let in before: all of its request but the body, and how long that is."""

    method: bytes
    path: bytes
    body_octets: int


class Server:
    """What all connections share."""

    def __init__(self, handler: Handler, authorization: bytes, limits: Limits) -> None:
        self.handler = handler
        self.authorization = authorization
        self.limits = limits
        self.connections: set[Connection] = set()
        self.refused: Counter[int] = Counter()
        self.known: dict[bytes, Known] = {}
        # One for all, since what is received is taken out at once. Without it asyncio maps 256 KiB for every read,
        # shrinks and unmaps them: three system calls a record.
        self.buffer = memoryview(bytearray(_READ_OCTETS))

    def sweep(self) -> None:
        """Cut off who is too slow, and who has been silent for long."""
        now = monotonic()
        for connection in list(self.connections):
            connection.check_time(now)

    async def close(self, within_seconds: float) -> None:
        """Read nothing more, let every answer go out, hang up."""
        for connection in list(self.connections):
            connection.finish()
        deadline = monotonic() + within_seconds
        while self.connections and monotonic() < deadline:
            await asyncio.sleep(0.01)


class Connection(asyncio.BufferedProtocol):
    """One client."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._unanswered: deque[list[bytes]] = deque()  # an empty list, until it holds the answer
        self._closing = False
        self._whole: tuple[bytes, int] | None = None  # of what came at once: the first header, and how much after it
        self._since = monotonic()  # when it last began or ended to be busy
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._body = b""
        self._octets = 0
        self._is_amid = False  # the parser has a part of a request
        self._in_header = True
        self._authorized = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)
        if len(self._server.connections) > self._server.limits.connections:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; what it sent is kept all the same, it is only not answered."""
        self._transport = None
        self._server.connections.discard(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where octets go."""
        return self._server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take octets in; a whole request with a known header past the parser (rule 5)."""
        if self._closing:
            return
        data = bytes(self._server.buffer[:nbytes])
        if self._is_amid:
            self._parse(data)
            return
        end = data.find(_END) + len(_END)
        known = self._server.known.get(data[:end])
        self._since = monotonic()
        if known is not None and known.body_octets == nbytes - end:
            self._take(Request(known.method, known.path, data[end:]))
        else:
            self._whole = data[:end], nbytes - end
            self._parse(data)
            self._whole = None

    def _parse(self, data: bytes) -> None:
        self._octets += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(400)
            return
        if self._in_header and self._octets > self._server.limits.header_octets:
            self._refuse(431)

    def eof_received(self) -> bool:
        """Answer what was asked, then hang up."""
        self.finish()
        return True

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._is_amid = True

    def on_url(self, url: bytes) -> None:
        """Called by the parser, perhaps in pieces."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser for each header."""
        name = name.lower()
        if name == b"authorization":
            self._authorized = hmac.compare_digest(value, self._server.authorization)
        elif name == b"content-length" and len(value) < 20 and int(value) > self._server.limits.body_octets:
            self._refuse(413)
        elif name == b"expect" and not self._closing and self._transport and not self._unanswered:
            self._transport.write(_CONTINUE)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._in_header = False

    def on_body(self, body: bytes) -> None:
        """Called by the parser, perhaps in pieces."""
        self._body = self._body + body if self._body else body
        if len(self._body) > self._server.limits.body_octets:
            self._refuse(413)

    def on_message_complete(self) -> None:
        """Called by the parser: hand the request over, begin with the next."""
        if self._closing:
            return
        request, authorized = Request(self._parser.get_method(), self._url, self._body), self._authorized
        keep_alive = self._parser.should_keep_alive()
        self._begin()
        self._since = monotonic()
        if authorized:
            if keep_alive:
                self._remember(request)
            self._take(request)
        else:
            self._server.refused[401] += 1
            place: list[bytes] = []
            self._unanswered.append(place)
            self._answer(place, response(401))
        if not keep_alive:
            self.finish()

    def _remember(self, request: Request) -> None:
        """Know its header from now on, where it came whole and alone, its body as Content-Length said."""
        if self._whole is not None and self._whole[1] == len(request.body):
            if len(self._server.known) >= _KNOWN_HEADERS:
                self._server.known.clear()
            self._server.known[self._whole[0]] = Known(request.method, request.path, len(request.body))

    def _take(self, request: Request) -> None:
        place: list[bytes] = []
        self._unanswered.append(place)
        self._server.handler(request, lambda octets: self._answer(place, octets))
        if len(self._unanswered) >= self._server.limits.unanswered:
            self.finish()

    def check_time(self, now: float) -> None:
        """Cut it off where its time is over."""
        waited = now - self._since
        if self._octets and waited > self._server.limits.request_seconds:
            self._refuse(408)
        elif not self._octets and not self._unanswered and waited > self._server.limits.idle_seconds:
            self.finish()

    def finish(self) -> None:
        """Read no more; hang up when everything is answered."""
        self._closing = True
        if self._transport and not self._unanswered:
            self._transport.close()

    def _answer(self, place: list[bytes], octets: bytes) -> None:
        """Send this answer when all before it have been sent."""
        place.append(octets)
        while self._unanswered and self._unanswered[0]:
            (ready,) = self._unanswered.popleft()
            if self._transport:
                self._transport.write(ready)
        if self._closing:
            self.finish()

    def _refuse(self, status: int) -> None:
        """Say why, and hang up."""
        if not self._closing:
            self._server.refused[status] += 1
            place: list[bytes] = []
            self._unanswered.append(place)
            self._closing = True
            self._answer(place, response(status))
