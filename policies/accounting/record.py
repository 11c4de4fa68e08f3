"""One accounting record: an Accounting-Request as FreeRADIUS's rest module posts it, understood (RFC 2866).

Rules:

 1 Octets are 64 bits wide where the router sends Gigawords (RFC 2869 5.1, 5.2), else 32; `has_gigawords` says which.
 2 The time of the event is Event-Timestamp (RFC 2869 5.3), else arrival less Acct-Delay-Time (RFC 2866 5.2). A time
   that cannot be (in the future, or further back than routers keep records) is clamped and flagged.
 3 A Class is ours where it begins as the hook's do; any other is somebody else's and ignored.
 4 What cannot be understood is a `Quarantined` with its reason; nothing raises.
"""

from typing import Literal, NamedTuple

Kind = Literal["start", "interim", "stop", "on", "off"]


class Record(NamedTuple):
    """One event of one session, or of a whole router (`on`, `off`: no user, no session id). Times in seconds since 1970."""

    kind: Kind
    nas_address: str  # where the packet came from
    user_name: str
    acct_session_id: str
    event_at: int
    session_class: str | None = None  # 0x544b...
    session_seconds: int | None = None  # Acct-Session-Time; None: not said
    octets_in: int = 0  # Acct-Input-Octets: what the customer sent (upload)
    octets_out: int = 0  # Acct-Output-Octets: what the customer was sent (download)
    has_gigawords: bool = False
    terminate_cause: str | None = None
    interim_seconds: int | None = None
    port: str | None = None  # NAS-Port-Id, else NAS-Port
    calling_station_id: str | None = None
    called_station_id: str | None = None
    ipv4_address: str | None = None
    ipv6_prefix: str | None = None
    delegated_ipv6_prefix: str | None = None
    flags: frozenset[str] = frozenset()


class Quarantined(NamedTuple):
    """A record that cannot be understood, and why."""

    reason: str
