"""One accounting record: an Accounting-Request as FreeRADIUS's rest module posts it, understood (RFC 2866).

Rules:

 1 Octets are 64 bits wide where the router sends Gigawords (RFC 2869 5.1, 5.2), else 32; `has_gigawords` says which.
 2 The time of the event is Event-Timestamp (RFC 2869 5.3), else arrival less Acct-Delay-Time (RFC 2866 5.2). A time
   that cannot be (in the future, or further back than routers keep records) is a router's wrong clock: it is not
   believed, arrival less delay takes its place, and the record is flagged.
 3 A Class is ours where it begins as the hook's do, and is as long; any other is somebody else's and ignored.
 4 What cannot be understood is a `Quarantined` with its reason; nothing raises.
 5 What identifies a session may be there once (RFC 2866 5.13); of anything else the first counts.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from policies import mac
from policies.accounting import attributes

Kind = Literal["start", "interim", "stop", "on", "off"]

_KINDS: dict[str, Kind] = {
    "Start": "start",
    "Interim-Update": "interim",
    "Alive": "interim",  # the same number, as other versions of the dictionary call it
    "Stop": "stop",
    "Accounting-On": "on",
    "Accounting-Off": "off",
}

_COUNTERS = {
    direction: (f"Acct-{direction}-Octets", f"Acct-{direction}-Gigawords") for direction in ("Input", "Output")
}

# NTP keeps routers' clocks within a second; without it they are wrong by any amount, so little is forgiven
FUTURE_SECONDS = 300
# a router that was cut off keeps its records for days; what is older than the longest month and its corrections would
# change bills that were paid
PAST_SECONDS = 35 * 86400
# lines stay up for a year and more; a garbled Acct-Session-Time can say 136 years
LONGEST_SESSION_SECONDS = 5 * 366 * 86400
# 2**60 octets take a line of 100 Gbit/s three years: no counter, but a garbled one
_IMPOSSIBLE_OCTETS = 2**60
# RFC 2869 5.16 wants 60 and more; a day is as long as anybody waits
_LONGEST_INTERIM_SECONDS = 86400

NO_EVENT_TIME = "no_event_time"
UNREAD_EVENT_TIME = "unread_event_time"  # FreeRADIUS does not run in UTC
CLOCK_CLAMPED = "clock_clamped"
ABSURD_SESSION_TIME = "absurd_session_time"
# of these records the time is that of their arrival
ARRIVAL_FLAGS = frozenset({NO_EVENT_TIME, UNREAD_EVENT_TIME, CLOCK_CLAMPED})


class Record(NamedTuple):
    """One event of a session, or of a whole router (`on`, `off`: no user, no session id); in seconds since 1970."""

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
    calling_station_id: str | None = None  # a MAC address as aa:bb:cc:dd:ee:ff, anything else as it came
    called_station_id: str | None = None
    ipv4_address: str | None = None
    ipv6_prefix: str | None = None
    delegated_ipv6_prefix: str | None = None
    flags: frozenset[str] = frozenset()


class Quarantined(NamedTuple):
    """A record that cannot be understood, and why."""

    reason: str


class _Unreadable(Exception):
    """the record lacks what it cannot be understood without"""


def parse(body: Mapping[str, object], received_at: float, source_address: str | None = None) -> Record | Quarantined:
    """Read the decoded JSON of one Accounting-Request; never raises, whatever the JSON.

    `received_at` is in seconds since 1970. `source_address` is where the packet came from, where the body has no
    Tollkeeper-Source-Address.
    """
    if not isinstance(body, Mapping):
        return Quarantined("not a JSON object")
    try:
        return _read(body, received_at, source_address)
    except _Unreadable as exc:
        return Quarantined(str(exc))


def _read(body: Mapping[str, object], received_at: float, source_address: str | None) -> Record:
    kind = _read_kind(body)
    nas_address = attributes.address(attributes.text(body, "Tollkeeper-Source-Address") or source_address)
    if nas_address is None:
        raise _Unreadable("no source address")
    event_at, flags = _read_event_time(body, received_at)
    if kind in ("on", "off"):
        return Record(kind, nas_address, "", "", event_at, flags=flags)
    session_seconds, absurd = _read_session_seconds(body)
    octets_in, has_gigawords_in = _read_octets(body, "Input")
    octets_out, has_gigawords_out = _read_octets(body, "Output")
    return Record(
        kind=kind,
        nas_address=nas_address,
        user_name=_read_identity(body, "User-Name"),
        acct_session_id=_read_identity(body, "Acct-Session-Id"),
        event_at=event_at,
        session_class=attributes.find_class(body),
        session_seconds=session_seconds,
        octets_in=octets_in,
        octets_out=octets_out,
        has_gigawords=has_gigawords_in or has_gigawords_out,
        terminate_cause=attributes.text(body, "Acct-Terminate-Cause"),
        interim_seconds=_read_interim_seconds(body),
        port=attributes.text(body, "NAS-Port-Id") or attributes.text(body, "NAS-Port"),
        calling_station_id=_read_calling_station(body),
        called_station_id=attributes.text(body, "Called-Station-Id"),
        ipv4_address=attributes.ipv4_address(attributes.text(body, "Framed-IP-Address")),
        ipv6_prefix=attributes.ipv6_prefix(attributes.text(body, "Framed-IPv6-Prefix")),
        delegated_ipv6_prefix=attributes.ipv6_prefix(attributes.text(body, "Delegated-IPv6-Prefix")),
        flags=flags | absurd,
    )


def _read_kind(body: Mapping[str, object]) -> Kind:
    name = _read_identity(body, "Acct-Status-Type")
    kind = _KINDS.get(name)
    if kind is None:
        raise _Unreadable(f"Acct-Status-Type {name} is no event of a session")
    return kind


def _read_identity(body: Mapping[str, object], name: str) -> str:
    values = attributes.values(body, name)
    if len(values) > 1:
        raise _Unreadable(f"{name} more than once")
    value = attributes.as_text(values[0]) if values else None
    if value is None:
        raise _Unreadable(f"{name} cannot be kept as text" if values else f"no {name}")
    return value


def _read_event_time(body: Mapping[str, object], received_at: float) -> tuple[int, frozenset[str]]:
    arrival = int(received_at)
    delay_seconds = attributes.number(body, "Acct-Delay-Time") or 0
    without_clock = arrival - delay_seconds if delay_seconds <= PAST_SECONDS else arrival
    said = attributes.moment(body, "Event-Timestamp")
    if said is None:
        return without_clock, frozenset({UNREAD_EVENT_TIME if "Event-Timestamp" in body else NO_EVENT_TIME})
    if not arrival - PAST_SECONDS <= said <= arrival + FUTURE_SECONDS:
        return without_clock, frozenset({CLOCK_CLAMPED})
    return said, frozenset()


def _read_session_seconds(body: Mapping[str, object]) -> tuple[int | None, frozenset[str]]:
    seconds = attributes.number(body, "Acct-Session-Time")
    if seconds is not None and seconds > LONGEST_SESSION_SECONDS:
        return None, frozenset({ABSURD_SESSION_TIME})
    return seconds, frozenset()


def _read_octets(body: Mapping[str, object], direction: str) -> tuple[int, bool]:
    octets_name, gigawords_name = _COUNTERS[direction]
    low = attributes.number(body, octets_name) or 0
    high = attributes.number(body, gigawords_name)
    octets = low + ((high or 0) << 32)
    if octets >= _IMPOSSIBLE_OCTETS:
        raise _Unreadable(f"Acct-{direction}-Octets with Gigawords is {octets}, which no line carries")
    return octets, high is not None


def _read_interim_seconds(body: Mapping[str, object]) -> int | None:
    seconds = attributes.number(body, "Acct-Interim-Interval")
    return seconds if seconds is not None and 0 < seconds <= _LONGEST_INTERIM_SECONDS else None


def _read_calling_station(body: Mapping[str, object]) -> str | None:
    said = attributes.text(body, "Calling-Station-Id")
    return mac.normalise(said) or said
