"""Which answer belongs to which request: rlm_detail writes RADIUS's own identifier into no record by itself.

A reply is of the request with its Timestamp (both records have that of the request), from the router and port to which
it went, where `log_packet_header = yes` tells them, with the identifier that `header = "%t id=%I"` tells, and with its
User-Name, where the reply has one. Where several requests wait for their answers then, none of them is compared: a
wrong pair would look like a difference.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from provisioning.shadow.exchange import Answer, Exchange, Packet

_REPLIES = frozenset({"Access-Accept", "Access-Reject", "Access-Challenge"})
_PATIENCE_SECONDS = 60

Key = tuple[float, str, str, str]  # time, router, port, identifier


@dataclass
class Pairing:
    """Requests that wait for their answers, and answers that were read before their requests."""

    unsure: int = 0
    unanswered: int = 0
    _requests: dict[Key, list[Packet]] = field(default_factory=dict)
    _replies: dict[Key, list[Packet]] = field(default_factory=dict)
    _doubtful: dict[Key, int] = field(default_factory=dict)  # answers still to come that are anybody's

    def take(self, packets: Iterable[Packet]) -> Iterator[Exchange]:
        """Return the exchanges that these packets complete."""
        for packet in packets:
            if packet.code == "Access-Request":
                self._requests.setdefault(_key(packet, "Src"), []).append(packet)
            elif packet.code in _REPLIES and (found := self._exchange(_key(packet, "Dst"), packet)):
                yield found
        for key in self._replies.keys() & self._requests.keys():
            for reply in self._replies.pop(key):
                if found := self._exchange(key, reply):
                    yield found

    def give_up(self, now: float) -> None:
        """Forget what has waited too long."""
        old = [key for key in self._requests if now - key[0] > _PATIENCE_SECONDS]
        self.unanswered += sum(len(self._requests.pop(key)) for key in old)
        for waiting in (self._replies, self._doubtful):
            for key in [key for key in waiting if now - key[0] > _PATIENCE_SECONDS]:
                waiting.pop(key)

    def _exchange(self, key: Key, reply: Packet) -> Exchange | None:
        candidates = self._requests.get(key, [])
        if self._doubtful.get(key, 0):
            self._doubtful[key] -= 1
            return None
        if not candidates:
            self._replies.setdefault(key, []).append(reply)
            return None
        name = _user_name(reply)
        asked = [one for one in candidates if name is None or _user_name(one) == name]
        if len(asked) != 1:
            self.unsure += len(candidates)
            self._doubtful[key] = len(candidates) - 1
            candidates.clear()
            return None
        candidates.remove(asked[0])
        return Exchange(asked[0].at, _source(asked[0]), asked[0].pairs, Answer(reply.code, reply.pairs))


def _user_name(packet: Packet) -> str | None:
    return next((value for name, value in packet.pairs if name == "User-Name"), None)


def _key(packet: Packet, end: str) -> Key:
    """Return what request and reply have in common; `end`: which end of the packet is the router."""
    header = packet.header
    return packet.at, _router(packet, end), header.get(f"Packet-{end}-Port", ""), header.get("id", "")


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
