"""A session as its records tell it, in whatever order they come (RFC 2866; DESIGN.md, 6)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

State = Literal["open", "stopped", "rebooted", "stale"]
Effect = Literal["applied", "duplicate", "superseded"]


class Point(NamedTuple):
    """The counters as one record had them."""

    event_at: int
    octets_in: int
    octets_out: int
    has_gigawords: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One session. The columns of schema.sql's tables session and session_history; times in seconds since 1970."""

    user_name: str
    nas_address: str
    acct_session_id: str
    session_class: str | None
    started_at: int
    last_heard_at: int
    time_zone: str
    billing_day: int
    interim_seconds: int | None = None
    port: str | None = None
    calling_station_id: str | None = None
    called_station_id: str | None = None
    ipv4_address: str | None = None
    ipv6_prefix: str | None = None
    delegated_ipv6_prefix: str | None = None
    session_seconds: int = 0
    octets_in: int = 0
    octets_out: int = 0
    flags: frozenset[str] = frozenset()
    points: tuple[Point, ...] = ()
    state: State = "open"
    stopped_at: int | None = None
    terminate_cause: str | None = None
