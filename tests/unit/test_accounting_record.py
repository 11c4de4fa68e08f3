"""Records: what FreeRADIUS's JSON says, what cannot be understood, what nobody believes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.accounting import attributes, record
from policies.accounting.record import Quarantined, Record
from tests.unit.accounting_factory import NOON, TK1

# as FreeRADIUS 3.2.1 posted it
SEEN = (
    '{"User-Name":{"type":"string","value":["bob"]},"NAS-IP-Address":{"type":"ipaddr","value":["10.0.0.1"]},'
    '"NAS-Port":{"type":"integer","value":[17]},"Service-Type":{"type":"integer","value":["Framed-User"]},'
    '"Framed-IP-Address":{"type":"ipaddr","value":["192.0.2.9"]},"Class":{"type":"octets","value":["0x414243",'
    '"0x544b1111111111111111111111111111"]},'
    '"Calling-Station-Id":{"type":"string","value":["02-00-00-00-00-0A"]},'
    '"Called-Station-Id":{"type":"string","value":["02-00-00-00-00-0B:wifi"]},'
    '"Acct-Status-Type":{"type":"integer","value":["Stop"]},"Acct-Delay-Time":{"type":"integer","value":[5]},'
    '"Acct-Input-Octets":{"type":"integer","value":[4294967295]},"Acct-Output-Octets":{"type":"integer","value":[7]},'
    '"Acct-Input-Gigawords":{"type":"integer","value":[1]},"Acct-Session-Id":{"type":"string","value":["a1"]},'
    '"Acct-Session-Time":{"type":"integer","value":[60]},'
    '"Acct-Terminate-Cause":{"type":"integer","value":["User-Request"]},'
    '"Event-Timestamp":{"type":"date","value":["Nov 22 2026 12:00:00 UTC"]},'
    '"Connect-Info":{"type":"string","value":["caf\\u00E9 x\\u0000y"]},'
    '"Acct-Interim-Interval":{"type":"integer","value":[300]},"NAS-Port-Id":{"type":"string","value":["ether1"]},'
    '"Framed-IPv6-Prefix":{"type":"ipv6prefix","value":["2001:db8:1::/64"]},'
    '"Delegated-IPv6-Prefix":{"type":"ipv6prefix","value":["2001:db8:aa00::/56"]},'
    '"Tollkeeper-Source-Address":{"type":"string","value":["192.0.2.1"]}}'
)


def body(**attribute_values: object) -> dict[str, object]:
    """Return the JSON of a Start, with these attributes (`_` for `-`; a list for several, None for none) changed."""
    usual: dict[str, object] = {
        "User-Name": "bob",
        "Acct-Status-Type": "Start",
        "Acct-Session-Id": "a1",
        "Event-Timestamp": "Nov 22 2026 12:00:00 UTC",
        "Tollkeeper-Source-Address": "192.0.2.1",
    }
    changed = usual | {name.replace("_", "-"): value for name, value in attribute_values.items()}
    return {
        name: {"type": "string", "value": value if isinstance(value, list) else [value]}
        for name, value in changed.items()
        if value is not None
    }


def read(received_at: float = NOON, **attribute_values: object) -> Record:
    """Return the record of that JSON, which is understood."""
    found = record.parse(body(**attribute_values), received_at)
    assert isinstance(found, Record), found
    return found


def refuse(**attribute_values: object) -> str:
    """Return why that JSON is not understood."""
    found = record.parse(body(**attribute_values), NOON)
    assert isinstance(found, Quarantined), found
    return found.reason


def test_what_freeradius_posts_is_understood() -> None:
    """Every attribute of the packet that was seen is where it belongs."""
    assert record.parse(json.loads(SEEN), NOON + 5.5) == Record(
        kind="stop",
        nas_address="192.0.2.1",
        user_name="bob",
        acct_session_id="a1",
        event_at=NOON,
        session_class=TK1,
        session_seconds=60,
        octets_in=2**33 - 1,
        octets_out=7,
        has_gigawords=True,
        terminate_cause="User-Request",
        interim_seconds=300,
        port="ether1",
        calling_station_id="02:00:00:00:00:0a",
        called_station_id="02-00-00-00-00-0B:wifi",
        ipv4_address="192.0.2.9",
        ipv6_prefix="2001:db8:1::/64",
        delegated_ipv6_prefix="2001:db8:aa00::/56",
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("Start", "start"), ("Interim-Update", "interim"), ("Alive", "interim"), ("Stop", "stop")]
)
def test_events_of_sessions_are_known_by_name(name: str, kind: str) -> None:
    """Start, Interim-Update under both its names, Stop (RFC 2866 5.1)."""
    assert read(Acct_Status_Type=name).kind == kind


@pytest.mark.parametrize(("name", "kind"), [("Accounting-On", "on"), ("Accounting-Off", "off")])
def test_a_router_needs_no_user_to_say_that_it_begins_anew(name: str, kind: str) -> None:
    """Accounting-On and -Off are of the router alone, even where it names a session."""
    expected = Record(kind, "192.0.2.1", "", "", NOON)  # type: ignore[arg-type]
    assert read(Acct_Status_Type=name, User_Name=None, Acct_Session_Id=None) == expected
    assert read(Acct_Status_Type=name) == expected


@pytest.mark.parametrize("name", ["Tunnel-Start", "Failed", "77", "SG-Service-Start", 99])
def test_other_events_are_quarantined_by_name(name: object) -> None:
    """Tunnels, failures and vendors' own events are kept, with what they are."""
    assert refuse(Acct_Status_Type=name) == f"Acct-Status-Type {name} is no event of a session"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Acct_Status_Type": None}, "no Acct-Status-Type"),
        ({"User_Name": None}, "no User-Name"),
        ({"Acct_Session_Id": None}, "no Acct-Session-Id"),
        ({"Acct_Session_Id": []}, "no Acct-Session-Id"),
        ({"User_Name": ["bob", "eve"]}, "User-Name more than once"),
        ({"User_Name": "bob\0eve"}, "User-Name cannot be kept as text"),
        ({"User_Name": "\ud800"}, "User-Name cannot be kept as text"),
        ({"User_Name": "b" * 254}, "User-Name cannot be kept as text"),
        ({"User_Name": ""}, "User-Name cannot be kept as text"),
        ({"User_Name": [["bob"]]}, "User-Name cannot be kept as text"),
        ({"Tollkeeper_Source_Address": None}, "no source address"),
        ({"Tollkeeper_Source_Address": "router"}, "no source address"),
        (
            {"Acct_Output_Octets": 5, "Acct_Output_Gigawords": 2**28},
            "Acct-Output-Octets with Gigawords is 1152921504606846981, which no line carries",
        ),
    ],
)
def test_what_cannot_be_understood_is_quarantined_with_its_reason(changed: dict[str, object], reason: str) -> None:
    """The reason names the attribute."""
    assert refuse(**changed) == reason


def test_the_source_address_may_come_from_the_caller() -> None:
    """The packet's own attribute counts, where it has one."""
    without = body(Tollkeeper_Source_Address=None)
    one, other = record.parse(without, NOON, "2001:DB8::1"), record.parse(body(), NOON, "2001:DB8::1")
    assert isinstance(one, Record)
    assert isinstance(other, Record)
    assert (one.nas_address, other.nas_address) == ("2001:db8::1", "192.0.2.1")


@pytest.mark.parametrize(
    ("said", "is_understood"),
    [("caf\u00c3\u00a9", "café"), ("caf\u00e9", "café"), ("caf\u2603", "caf\u2603"), ("\u043c\u0456\u0440", "мір")],
)
def test_a_name_is_utf8_where_it_can_be(said: str, is_understood: str) -> None:
    """FreeRADIUS writes bytes as characters; those of UTF-8 are put together again, Latin-1's stay."""
    assert read(User_Name=said).user_name == is_understood


@pytest.mark.parametrize(
    ("values", "octets", "has_gigawords"),
    [
        ({}, 0, False),
        ({"Acct_Input_Octets": 5}, 5, False),
        ({"Acct_Input_Octets": "5"}, 5, False),
        ({"Acct_Input_Octets": 5, "Acct_Input_Gigawords": 0}, 5, True),
        ({"Acct_Input_Gigawords": 3}, 3 * 2**32, True),
        ({"Acct_Input_Octets": -1}, 0, False),
        ({"Acct_Input_Octets": 2**32}, 0, False),
        ({"Acct_Input_Octets": True}, 0, False),
        ({"Acct_Input_Octets": "five"}, 0, False),
    ],
)
def test_octets_are_64_bits_wide_with_gigawords(values: dict[str, object], octets: int, has_gigawords: bool) -> None:
    """RFC 2869 5.1; what is no number of 32 bits is not there."""
    found = read(**values)
    assert (found.octets_in, found.has_gigawords) == (octets, has_gigawords)


@pytest.mark.parametrize(
    ("said", "delay", "event_at", "flag"),
    [
        ("Nov 22 2026 12:00:00 UTC", 5, NOON, None),
        ("Nov  2 2026 12:00:00 GMT", None, NOON - 20 * 86400, None),
        (NOON - 7, None, NOON - 7, None),
        (str(NOON - 7), None, NOON - 7, None),
        ("Nov 22 2026 12:05:00 UTC", None, NOON + 300, None),
        ("Nov 22 2026 12:05:01 UTC", 4, NOON - 4, record.CLOCK_CLAMPED),
        ("Oct 18 2026 12:00:00 UTC", None, NOON - 35 * 86400, None),
        ("Oct 18 2026 11:59:59 UTC", 4, NOON - 4, record.CLOCK_CLAMPED),
        ("Jan  1 1970 00:00:07 UTC", None, NOON, record.CLOCK_CLAMPED),
        ("Nov 22 2026 13:00:00 CET", 4, NOON - 4, record.UNREAD_EVENT_TIME),
        ("Nov 22 2026 25:00:00 UTC", None, NOON, record.UNREAD_EVENT_TIME),
        ("Nov 22 2026 12:00 UTC", None, NOON, record.UNREAD_EVENT_TIME),
        ("22 Nov 2026 12:00:00 UTC", None, NOON, record.UNREAD_EVENT_TIME),
        ("soon", None, NOON, record.UNREAD_EVENT_TIME),
        ([], None, NOON, record.UNREAD_EVENT_TIME),
        (None, 30, NOON - 30, record.NO_EVENT_TIME),
        (None, 36 * 86400, NOON, record.NO_EVENT_TIME),
    ],
)
def test_the_time_of_the_event(said: object, delay: object, event_at: int, flag: str | None) -> None:
    """Event-Timestamp where it can be believed, else arrival less a delay that can be, flagged."""
    found = read(NOON + 0.9, Event_Timestamp=said, Acct_Delay_Time=delay)
    assert (found.event_at, found.flags) == (event_at, frozenset({flag} - {None}))


def test_a_session_time_of_a_century_is_not_believed() -> None:
    """The record counts, without it."""
    found = read(Acct_Session_Time=2**32 - 1)
    assert (found.session_seconds, found.flags) == (None, frozenset({record.ABSURD_SESSION_TIME}))


@pytest.mark.parametrize(("said", "is_understood"), [(300, 300), (0, None), (86401, None), ("x", None)])
def test_the_interim_interval(said: object, is_understood: int | None) -> None:
    """From a second to a day."""
    assert read(Acct_Interim_Interval=said).interim_seconds == is_understood


@pytest.mark.parametrize(
    ("values", "is_understood"),
    [
        ([TK1], TK1),
        (["0x414243", TK1], TK1),
        (["0x414243"], None),
        (["0x544b11"], None),
        ([5, None], None),
        ([], None),
    ],
)
def test_only_our_class_counts(values: list[object], is_understood: str | None) -> None:
    """It begins as the hook's do and is as long; a proxy may have added others (RFC 2865 5.25)."""
    assert read(Class=values).session_class == is_understood


def test_ports_and_stations() -> None:
    """NAS-Port where there is no NAS-Port-Id; a telephone number stays as it is."""
    found = read(NAS_Port=17, Calling_Station_Id="+49 30 1234")
    assert (found.port, found.calling_station_id) == ("17", "+49 30 1234")


def test_addresses_are_those_that_postgresql_takes() -> None:
    """No host bits in a prefix, no interface in an address; what is none is left out."""
    found = read(
        Tollkeeper_Source_Address="fe80::1%eth0",
        Framed_IPv6_Prefix="2001:DB8:1::1/60",
        Delegated_IPv6_Prefix="fe80::%eth0/64",
        Framed_IP_Address="2001:db8::1",
    )
    assert (found.nas_address, found.ipv4_address) == ("fe80::1", None)
    assert (found.ipv6_prefix, found.delegated_ipv6_prefix) == ("2001:db8:1::/60", None)


@pytest.mark.parametrize("nonsense", [None, [], "x", 5, {"User-Name": 5}, {"Acct-Status-Type": {"value": "Start"}}])
def test_what_is_no_packet_is_quarantined(nonsense: object) -> None:
    """Any JSON value is taken."""
    assert isinstance(record.parse(nonsense, NOON), Quarantined)  # type: ignore[arg-type]


def test_numbers_beyond_64_bits_are_no_text() -> None:
    """Not even written out."""
    assert attributes.text(body(NAS_Port=10**5000), "NAS-Port") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
VALUE = JSON | st.sampled_from(
    [
        "Start",
        "Stop",
        "Accounting-On",
        "192.0.2.1",
        "2001:db8::/56",
        TK1,
        "Nov 22 2026 12:00:00 UTC",
        "Feb 30 2026 1:1:1 UTC",
    ]
)
NAMES = st.sampled_from(
    [
        *("User-Name", "Acct-Status-Type", "Acct-Session-Id", "Event-Timestamp", "Tollkeeper-Source-Address", "Class"),
        *(
            "Acct-Session-Time",
            "Acct-Delay-Time",
            "Acct-Input-Octets",
            "Acct-Input-Gigawords",
            "NAS-Port",
            "NAS-Port-Id",
        ),
        *("Framed-IP-Address", "Framed-IPv6-Prefix", "Delegated-IPv6-Prefix", "Calling-Station-Id"),
    ]
)


@given(JSON)
def test_no_json_raises(anything: object) -> None:
    """Whatever it is, there is an answer."""
    assert isinstance(record.parse(anything, NOON), Record | Quarantined)  # type: ignore[arg-type]


@given(st.dictionaries(NAMES, st.lists(VALUE, max_size=2)))
def test_no_packet_raises(changed: dict[str, list[object]]) -> None:
    """Every attribute may have any value; what is understood can be stored."""
    packet = body() | {name: {"type": "string", "value": values} for name, values in changed.items()}
    found = record.parse(packet, NOON)
    if isinstance(found, Record):
        assert "\0" not in found.user_name + found.acct_session_id
        assert (found.user_name + (found.port or "")).encode()
        assert 0 < found.event_at <= NOON + record.FUTURE_SECONDS
        assert 0 <= found.octets_in < 2**60
