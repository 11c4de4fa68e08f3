"""A request and its answer, whoever gave it."""

from dataclasses import dataclass
from typing import NamedTuple

Pairs = tuple[tuple[str, str], ...]

ACCEPT, REJECT, CHALLENGE = "Access-Accept", "Access-Reject", "Access-Challenge"


@dataclass(frozen=True)
class Answer:
    """An answer: its code, its attributes as FreeRADIUS prints them; `why` is our reason, empty for others."""

    code: str
    pairs: Pairs = ()
    why: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request as it came in, when, from which router; and what the old server answered."""

    at: float  # seconds since 1970
    source: str  # the router's address
    request: Pairs
    answer: Answer

    @property
    def user_name(self) -> str:
        """Whom it is about."""
        return next((value for name, value in self.request if name == "User-Name"), "")


class Packet(NamedTuple):
    """One packet of a recording. `header` has what the detail module adds: addresses, ports."""

    at: float
    code: str
    header: dict[str, str]
    pairs: Pairs
    folder: str = ""  # the client's address, where the recording is kept by it
