"""Which attributes can be sent in a reply, asked of the dictionaries that are installed and of some made for it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import attribute, dictionary
from policies.attribute import InvalidAttribute
from policies.dictionary import Dictionary
from tests.fix_cluster import missing_server

INSTALLED = Path("/usr/share/freeradius/dictionary")


@pytest.fixture(scope="module")
def installed() -> Dictionary:
    """All dictionaries of the FreeRADIUS on this machine."""
    if not INSTALLED.exists():
        missing_server(f"no {INSTALLED}: install freeradius-common")
    return dictionary.parse(str(INSTALLED), lambda path: Path(path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made() -> Dictionary:
    """One attribute of every type, named after it, and some special ones."""
    kinds = "byte short integer signed integer64 date ipaddr ipv4prefix ipv6addr ipv6prefix combo-ip ifid ether string"
    kinds += " octets abinary tlv vsa extended long-extended evs future-type"
    lines = ["VENDOR Acme 32473", "VENDOR DHCP 54 format=2,1", "BEGIN-VENDOR Acme"]
    lines += [f"ATTRIBUTE {kind} {number} {kind}" for number, kind in enumerate(kinds.split(), start=1)]
    lines += ["ATTRIBUTE tagged-string 100 string has_tag", "ATTRIBUTE tagged-integer 101 integer has_tag"]
    lines += ["ATTRIBUTE key 102 octets[4]", "ATTRIBUTE hidden 103 string encrypt=2", "END-VENDOR Acme"]
    lines += ["ATTRIBUTE hidden-tag 69 string has_tag,encrypt=2", "ATTRIBUTE ascend 214 string encrypt=3"]
    lines += ["BEGIN-VENDOR DHCP", "ATTRIBUTE DHCP-Router 3 ipaddr", "END-VENDOR DHCP"]
    lines += ["VALUE byte On 1", "VALUE short Two 2", "VALUE integer Framed-User 2", "VALUE integer 802.1q 5"]
    return dictionary.parse("made", lambda _: "\n".join(lines))


GOOD = [
    ("byte", ["0", "255", "On", "oN"]),
    ("short", ["65535", "two"]),
    ("integer", ["4294967295", "007", "Framed-User", "802.1Q"]),
    ("signed", ["-2147483648", "2147483647"]),
    ("integer64", ["18446744073709551615"]),
    ("date", ["1767225600"]),
    ("ipaddr", ["192.0.2.1", "0.0.0.0", "255.255.255.255"]),
    ("ipv4prefix", ["192.0.2.0/24", "0.0.0.0/0", "192.0.2.1/32"]),
    ("ipv6addr", ["2001:db8::1", "::", "::ffff:192.0.2.1"]),
    ("ipv6prefix", ["2001:db8::/56", "::/0"]),
    ("combo-ip", ["192.0.2.1", "2001:db8::1"]),
    ("ifid", ["1:2:3:4", "dead:BEEF:0:1"]),
    ("ether", ["aa:BB:cc:00:11:22"]),
    ("string", ["a", "10M/50M", "ip:addr-pool=x", "%{User-Name}", '"quoted"', "é" * 123, "x" * 247]),
    ("octets", ["0x00", "0xDEADbeef", "0x" + "ff" * 247]),
    ("key", ["0x01020304"]),
    ("tagged-string", ["x" * 246]),
    ("tagged-string:0", ["svc(50m,10m)"]),
    ("tagged-string:31", ["svc"]),
    ("tagged-integer:1", ["16777215"]),
    ("hidden", ["x" * 127]),
    ("hidden-tag:1", ["x" * 127]),
    ("ascend", ["x" * 16]),
]

BAD = [
    ("byte", ["", "256", "-1", "Off", "1 ", " 1", "1\n", "0x10", "+1", "1.0", "١"]),
    ("short", ["65536", "On"]),
    ("integer", ["4294967296", "-1", "5 apples", "9" * 21, "10.0.0.1", "\N{LATIN SMALL LETTER LONG S}ramed-User"]),
    ("signed", ["-2147483649", "2147483648", "--1"]),
    ("integer64", ["18446744073709551616", "-1", "x"]),
    ("date", ["Jan  1 2027 00:00:00 UTC", "4294967296", "tomorrow", "-1"]),
    ("ipaddr", ["", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1/32", "3221225985", "0xc0000201", "*", "::1"]),
    ("ipv4prefix", ["192.0.2.0", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/255.255.255.0", "192.0.2.0/24\n"]),
    ("ipv6addr", ["", "2001:db8::1/128", "fe80::1%eth0", "192.0.2.1", "*", "2001:db8:::1"]),
    ("ipv6prefix", ["2001:db8::", "2001:db8::1/56", "2001:db8::/129", "fe80::%1/64", "2001:db8::/x"]),
    ("combo-ip", ["localhost", "fe80::1%eth0", ""]),
    ("ifid", ["1:2:3", "1:2:3:4:5", "1:2:3:12345", "g:1:2:3", "1:2:3:4\n"]),
    ("ether", ["aa:bb:cc:dd:ee", "aabbccddeeff", "aa-bb-cc-dd-ee-ff", "1", "aa:bb:cc:dd:ee:ff\n"]),
    ("string", ["", "x" * 248, "é" * 124, "a\x00b", "a\nb", "\x7f", "\x85", "a\\nb", "trailing\\", "\ud800"]),
    ("octets", ["", "0x", "0x1", "0xzz", "plain", "0x" + "ff" * 248, "0x00\n"]),
    ("key", ["0x010203", "0x0102030405"]),
    ("tagged-string", ["x" * 247]),
    ("tagged-integer", ["16777216"]),
    ("hidden", ["x" * 128]),
    ("hidden-tag", ["x" * 128]),
    ("ascend", ["x" * 17]),
    ("abinary", ["ip in forward"]),
    ("tlv", ["0x0103ff"]),
    ("vsa", ["0x00"]),
    ("extended", ["0x00"]),
    ("long-extended", ["0x00"]),
    ("evs", ["0x00"]),
    ("future-type", ["1"]),
    ("DHCP-Router", ["192.0.2.1"]),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD for value in values])
def test_good_values(made: Dictionary, name: str, value: str) -> None:
    """A value that FreeRADIUS parses as it is meant passes."""
    attribute.check(made, name, ":=", value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD for value in values])
def test_bad_values(made: Dictionary, name: str, value: str) -> None:
    """A value that FreeRADIUS would refuse, cut, resolve, mask or read in another way is refused, with a hint."""
    with pytest.raises(InvalidAttribute) as caught:
        attribute.check(made, name, ":=", value)
    assert str(caught.value)
    assert caught.value.hint.endswith(".")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Framed-IP-Address", "192.0.2.1"),
        ("Framed-Route", "198.51.100.0/24 192.0.2.1 1"),
        ("Idle-Timeout", "600"),
        ("Service-Type", "Framed-User"),
        ("Tunnel-Type:1", "VLAN"),
        ("Tunnel-Private-Group-Id:1", "100"),
        ("mikrotik-rate-limit", "10M/50M"),
        ("Cisco-AVPair", "ip:addr-pool=homes"),
        ("Framed-IPv6-Prefix", "2001:db8::/64"),
        ("Framed-Interface-Id", "0:0:0:1"),
        ("User-Name", "bob"),
        ("Cambium-Authorize-Bytes-Left", "1"),
    ],
)
def test_attributes_of_replies(installed: Dictionary, name: str, value: str) -> None:
    """What operators send to routers passes against the installed dictionaries, names in any case."""
    attribute.check(installed, name, "+=", value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("No-Such-Thing", "unknown attribute 'No-Such-Thing'"),
        ("", "unknown attribute ''"),
        ("&reply:Filter-Id", "unknown attribute '&reply'"),
        ("Filter-Id[0]", "unknown attribute 'Filter-Id[0]'"),
        ("Attr-26", "unknown attribute 'Attr-26'"),
        ("Filter-Id:1", "attribute Filter-Id has no tags"),
        ("Filter-Id:", "attribute Filter-Id has no tags"),
        ("Tunnel-Type:", "tag '' of Tunnel-Type is not 0 to 31"),
        ("Tunnel-Type:32", "tag '32' of Tunnel-Type is not 0 to 31"),
        ("Tunnel-Type:*", "tag '*' of Tunnel-Type is not 0 to 31"),
        ("Tunnel-Type:1:2", "tag '1:2' of Tunnel-Type is not 0 to 31"),
        ("Tunnel-Type:+1", "tag '+1' of Tunnel-Type is not 0 to 31"),
        ("Tmp-String-0", "attribute Tmp-String-0 never leaves FreeRADIUS"),
        ("Auth-Type", "attribute Auth-Type never leaves FreeRADIUS"),
        ("Cleartext-Password", "attribute Cleartext-Password never leaves FreeRADIUS"),
        ("NT-Password", "attribute NT-Password never leaves FreeRADIUS"),
        ("Packet-Type", "attribute Packet-Type never leaves FreeRADIUS"),
        ("Response-Packet-Type", "attribute Response-Packet-Type never leaves FreeRADIUS"),
        ("Fall-Through", "attribute Fall-Through never leaves FreeRADIUS"),
        ("Class", "attribute Class is set by the server"),
        ("Session-Timeout", "attribute Session-Timeout is set by the server"),
        ("State", "attribute State is set by the server"),
        ("Challenge-State", "attribute Challenge-State is set by the server"),
        ("Proxy-State", "attribute Proxy-State is set by the server"),
        ("EAP-Message", "attribute EAP-Message is set by the server"),
        ("message-authenticator", "attribute Message-Authenticator is set by the server"),
        ("User-Password", "attribute User-Password belongs in requests"),
        ("CHAP-Password", "attribute CHAP-Password belongs in requests"),
        ("NAS-IP-Address", "attribute NAS-IP-Address belongs in requests"),
        ("Acct-Status-Type", "attribute Acct-Status-Type belongs in requests"),
        ("MS-CHAP-MPPE-Keys", "attribute MS-CHAP-MPPE-Keys belongs in requests"),
        ("Vendor-Specific", "attribute Vendor-Specific of type vsa cannot be set by value"),
        ("Ascend-Data-Filter", "attribute Ascend-Data-Filter of type abinary cannot be set by value"),
    ],
)
def test_attributes_not_of_replies(installed: Dictionary, name: str, message: str) -> None:
    """What is unknown, internal, a request's or the server's own is refused, whatever the value."""
    with pytest.raises(InvalidAttribute) as caught:
        attribute.check(installed, name, ":=", "1")
    assert message == str(caught.value)
    assert caught.value.hint.endswith(".")


@pytest.mark.parametrize("operator", ["", "==", "!=", "-=", "+=+", "=~", "!*", ":"])
def test_operators(made: Dictionary, operator: str) -> None:
    """Only the operators that set or add an attribute are taken."""
    with pytest.raises(InvalidAttribute, match="unknown operator") as caught:
        attribute.check(made, "string", operator, "x")
    assert caught.value.hint == "Use one of =, :=, +=."


def test_hint_with_names(made: Dictionary) -> None:
    """The hint for a wrong number tells the limits and some of the names there are."""
    with pytest.raises(InvalidAttribute) as caught:
        attribute.check(made, "integer", "=", "x")
    assert caught.value.hint == "It takes a number from 0 to 4294967295, or a name such as framed-user, 802.1q."
    with pytest.raises(InvalidAttribute) as caught:
        attribute.check(made, "signed", "=", "x")
    assert caught.value.hint == "It takes a number from -2147483648 to 2147483647."


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=20) | st.sampled_from([name for name, _ in GOOD]), value=st.text(max_size=260))
def test_anything_passes_or_is_refused(made: Dictionary, name: str, value: str) -> None:
    """Whatever is typed, the answer is yes or InvalidAttribute."""
    try:
        attribute.check(made, name, "=", value)
    except InvalidAttribute as refusal:
        assert refusal.hint  # noqa: PT017 - both outcomes are fine here
