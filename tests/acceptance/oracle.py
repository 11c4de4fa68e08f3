"""An oracle: a router whose sessions begin, report and end, and that remembers what was acknowledged of each.

Afterwards the database has to know of every acknowledged record, and of no session more than once.
"""

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.acceptance import wire
from tests.acceptance.sender import ACCT_SESSION_ID, ACCT_STATUS_TYPE, Sender
from tests.acceptance.sender import _Sent as Sent

_KINDS = {"start": 1, "stop": 2, "interim": 3}
_INPUT_OCTETS, _OUTPUT_OCTETS, _SESSION_TIME, _EVENT_TIMESTAMP = 42, 43, 46, 55
_RESEND_SECONDS = 1.0
USER_NAME = "active"


class Said(NamedTuple):
    """One record."""

    session_id: str
    kind: str
    octets: int  # in; three times as much out
    began_at: int  # in seconds since 1970


@dataclass
class Oracle(Sender):
    """Sends sessions of a Start, two interims and a Stop; many at once, so that records of one overtake each other."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._records = self._tell()
        self.sent: dict[str, Said] = {}

    @property
    def said(self) -> list[Said]:
        """What was acknowledged."""
        return [self.sent[key] for key in self.acknowledged]

    def _tell(self) -> Iterator[Said]:
        number = 0
        while True:
            number += 1
            began_at = int(time.time()) - 600
            for turn, kind in enumerate(("start", "interim", "interim", "stop")):
                yield Said(f"{self.prefix}{number:08d}", kind, turn * 1_000 + number % 1_000, began_at)

    def _fill(self, sock: socket.socket) -> None:
        now = time.monotonic()
        for identifier in range(self.window):
            under_way = self._under_way.get(identifier)
            if under_way is None:
                said = next(self._records)
                key = f"{said.session_id} {said.octets}"
                self.sent[key] = said
                packet = wire.accounting_request(_attributes(said), self.secret, identifier=identifier)
                self._under_way[identifier] = under_way = Sent(key, packet, now, 0.0)
            if now - under_way.last_at > _RESEND_SECONDS:
                under_way.last_at = now
                self._send(sock, under_way.packet)


def _attributes(said: Said) -> list[tuple[int, bytes]]:
    seconds = said.octets // 1_000 * 60
    return [
        (wire.USER_NAME, USER_NAME.encode()),
        (ACCT_STATUS_TYPE, struct.pack("!I", _KINDS[said.kind])),
        (ACCT_SESSION_ID, said.session_id.encode()),
        (_EVENT_TIMESTAMP, struct.pack("!I", said.began_at + seconds)),
        (_SESSION_TIME, struct.pack("!I", seconds)),
        (_INPUT_OCTETS, struct.pack("!I", said.octets)),
        (_OUTPUT_OCTETS, struct.pack("!I", 3 * said.octets)),
    ]
