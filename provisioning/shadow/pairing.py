"""Which answer belongs to which request: RADIUS's own identifier is in no detail file.

A reply is of the request with its Timestamp (both records have that of the request), from the port to which it went,
where `log_packet_header = yes` tells ports, and with its User-Name, where the reply has one. Of several that it may
belong to it is given to the first; that this was done is counted, as such a pair may be a wrong one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from provisioning.shadow.exchange import Answer, Exchange, Packet

_REPLIES = frozenset({"Access-Accept", "Access-Reject", "Access-Challenge"})
_PATIENCE_SECONDS = 60


@dataclass
class Pairing:
    """Requests that wait for their answers, and answers that came into their file before the request did."""

    unsure: int = 0
    unanswered: int = 0
    _requests: list[Packet] = field(default_factory=list)
    _replies: list[Packet] = field(default_factory=list)

    def take(self, packets: Iterable[Packet]) -> Iterator[Exchange]:
        """Return the exchanges that these packets complete."""
        for packet in packets:
            if packet.code == "Access-Request":
                self._requests.append(packet)
            elif packet.code in _REPLIES:
                self._replies.append(packet)
        yield from self._match()

    def give_up(self, now: float) -> None:
        """Forget what has waited too long."""
        kept = [packet for packet in self._requests if now - packet.at < _PATIENCE_SECONDS]
        self.unanswered += len(self._requests) - len(kept)
        self._requests = kept
        self._replies = [packet for packet in self._replies if now - packet.at < _PATIENCE_SECONDS]

    def _match(self) -> Iterator[Exchange]:
        waiting: dict[tuple[float, str, str], list[Packet]] = {}
        for request in self._requests:
            waiting.setdefault(_key(request, "Src"), []).append(request)
        left: list[Packet] = []
        for reply in self._replies:
            candidates = waiting.get(_key(reply, "Dst"), [])
            asked = self._choose(reply, candidates)
            if asked is None:
                left.append(reply)
                continue
            candidates.remove(asked)
            yield Exchange(asked.at, _source(asked), asked.pairs, Answer(reply.code, reply.pairs))
        self._requests = [request for requests in waiting.values() for request in requests]
        self._replies = left

    def _choose(self, reply: Packet, candidates: list[Packet]) -> Packet | None:
        name = dict(reply.pairs).get("User-Name")
        named = [one for one in candidates if name is not None and dict(one.pairs).get("User-Name") == name]
        some = named or candidates
        self.unsure += len(some) > 1
        return some[0] if some else None


def _key(packet: Packet, end: str) -> tuple[float, str, str]:
    """Return what request and reply have in common; `end`: which end of the packet is the router."""
    return packet.at, _router(packet, end), packet.header.get(f"Packet-{end}-Port", "")


def _router(packet: Packet, end: str) -> str:
    header = packet.header
    return header.get(f"Packet-{end}-IP-Address") or header.get(f"Packet-{end}-IPv6-Address") or packet.folder


def _source(request: Packet) -> str:
    pairs = dict(request.pairs)
    return (
        _router(request, "Src")
        or request.header.get("Client-IP-Address")
        or pairs.get("NAS-IP-Address")
        or pairs.get("NAS-IPv6-Address", "")
    )
